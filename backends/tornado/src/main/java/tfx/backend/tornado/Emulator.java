package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.TypeName;
import java.util.List;
import java.util.Map;
import tfx.backend.common.Javac;
import tfx.backend.tornado.emulator.EmulatedDriver;
import tfx.backend.tornado.emulator.KernelContext;
import tfx.backend.tornado.emulator.KernelRules;
import tfx.backend.tornado.emulator.Launches;
import tfx.backend.tornado.emulator.Watch;

/**
 * Runs generated kernels in this process: the same text, with the classes of {@link tfx.backend.tornado.emulator} in the place
 * of TornadoVM's. It holds indexing, barriers, reductions and what travels when to their meaning, not speed.
 */
final class Emulator implements Platform {
    /** Small, so that a model's tensors lie in several slabs, uploads take several executions and caches grow. */
    private static final Sizes SIZES = new Sizes(1 << 15, 1 << 15, 1 << 14, 8);

    /** Few, since each is a thread: enough that groups have halves, remainders and several rounds. */
    private static final int ITEMS = 8;

    /** Short sequences have both kinds of products. */
    private static final int FEW = 2;

    /** Room for any small fold, of warps that share rows and of ones that do not. */
    private static final Fragments FRAGMENTS = new Fragments(2, 16 << 10);

    /** Not a power of two, and more than short sequences have rounds for. */
    private static final int STRETCHES = 3;

    private final EmulatedDriver driver = new EmulatedDriver();
    private int count;

    @Override
    public ClassName type(String simpleName) {
        return ClassName.get(KernelContext.class.getPackageName(), simpleName);
    }

    @Override
    public CodeBlock task(String name, List<TypeName> parameters) {
        CodeBlock.Builder arguments = CodeBlock.builder();
        for (int k = 0; k < parameters.size(); k++) {
            boolean words = parameters.get(k).equals(type("LongArray"));
            arguments.add(words ? ", $T.over(arguments[$L])" : ", ($T) arguments[$L]", parameters.get(k), k);
        }
        return CodeBlock.of("(($T) graph).add(id, item -> $L.run(item$L))", Launches.class, name, arguments.build());
    }

    @Override
    public int items() {
        return ITEMS;
    }

    @Override
    public int warp() {
        return EmulatedDriver.WARP;
    }

    @Override
    public boolean overlaps() {
        return true;
    }

    @Override
    public Fragments fragments() {
        return FRAGMENTS;
    }

    @Override
    public Sizes sizes() {
        return SIZES;
    }

    @Override
    public long stretches(long rows) {
        return STRETCHES;
    }

    @Override
    public int few() {
        return FEW;
    }

    @Override
    public Driver driver() {
        return driver;
    }

    @Override
    public synchronized String unique(String readable) {
        return "Kernel" + count++ + "_" + readable;
    }

    @Override
    public Map<String, Task> load(List<KernelText> kernels) {
        Map<String, String> sources = Tasks.sources(kernels, this);
        if (sources.isEmpty()) {
            return Map.of();
        }
        sources.forEach(KernelRules::check);
        Map<String, byte[]> classes = Tasks.compile(sources, Javac.home(Task.class), "-XDuseUnsharedTable=true");
        ClassLoader loader = new ClassLoader(Task.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                byte[] bytes = classes.get(name);
                if (bytes == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] watched = Watch.over(bytes);
                return defineClass(name, watched, 0, watched.length);
            }
        };
        return Tasks.of(loader, sources.keySet());
    }
}
