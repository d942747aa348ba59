package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.TypeName;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Javac;
import tfx.compiler.schedule.Backend;

/**
 * The installed TornadoVM. Classes are compiled against its own API and lie in a folder on the class path, where TornadoVM finds
 * their bytes; the folder goes when the process ends, unless a kernel did not compile for the device.
 */
final class TornadoVm implements Platform {
    /** Weights: a model of any size needs few slabs. Work: a gibibyte. */
    private static final Sizes SIZES = new Sizes(1 << 22, 1 << 28, 1 << 20, 4096);

    /** Sixteen warps: a multiprocessor has room for four such groups, and a row of attention for many points at a time. */
    private static final int ITEMS = 512;

    /** Up to here the weights are read again for each row from the cache, and a library gains nothing. */
    private static final int FEW = 32;

    private static final int WARP = 32;

    /** Most warps of a group that computes with fragments: one such group has a multiprocessor's registers. */
    private static final int FRAGMENT_WARPS = 8;

    /** Groups that a multiprocessor has room for, of those that divide rows. */
    private static final int GROUPS = 8;

    private static final String JAVA = ".java";
    private static final String DRIVER = "TornadoDriver";
    /** What stands beside it. */
    private static final List<String> OTHERS = List.of("TornadoGraphs", "TornadoNatives");

    /** Libraries of ours that TornadoVM calls. */
    private static final List<String> LIBRARIES = List.of("TornadoProducts", "TornadoKernels");

    /** What TornadoVM looks up to find libraries. */
    private static final String PROVIDER = "uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider";

    /** Two backends of one process share the folder, so names count on. */
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Installation installation;
    private final KernelFolder folder;
    private final Driver driver;

    /** @param wanted which of TornadoVM's backends; empty for the first that has a device */
    TornadoVm(String wanted) {
        this.installation = Installation.find();
        installation.require(wanted);
        installation.requireStarted();
        this.folder = KernelFolder.ofProcess();
        Driver found = (Driver) call("open", String.class, wanted);
        if (found == null) {
            throw Faults.noDevice(installation.home(), wanted);
        }
        this.driver = found;
    }

    /** The devices that the installation finds, each as {@code backend: device}. */
    static List<String> devices() {
        Installation.find().requireStarted();
        return ((List<?>) call("devices", null, null))
                .stream().map(String::valueOf).toList();
    }

    /** Calls a static method of the driver's class, compiled on first use. */
    private static synchronized Object call(String method, Class<?> parameter, Object argument) {
        Installation installation = Installation.find();
        KernelFolder folder = KernelFolder.ofProcess();
        try {
            if (!folder.holds(DRIVER)) {
                Map<String, String> texts = new HashMap<>();
                for (List<String> names : List.of(List.of(DRIVER), OTHERS, LIBRARIES)) {
                    for (String name : names) {
                        try (InputStream in = TornadoVm.class.getResourceAsStream(name + ".java")) {
                            texts.put(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
                        }
                    }
                }
                folder.serve(PROVIDER, LIBRARIES);
                compile(installation, folder, texts);
            }
            Class<?> type = Class.forName(Template.PACKAGE + "." + DRIVER, true, ClassLoader.getSystemClassLoader());
            return parameter == null
                    ? type.getMethod(method).invoke(null)
                    : type.getMethod(method, parameter).invoke(null, argument);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InvocationTargetException | LinkageError e) {
            throw Faults.start(installation.home(), e.getCause() == null ? e : e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the generated driver cannot be loaded", e);
        }
    }

    @Override
    public ClassName type(String simpleName) {
        return TornadoApi.type(simpleName);
    }

    @Override
    public CodeBlock task(String name, List<TypeName> parameters) {
        return TornadoApi.task(name, parameters);
    }

    @Override
    public int items() {
        return ITEMS;
    }

    @Override
    public int warp() {
        return driver.warps() ? WARP : 0;
    }

    @Override
    public @Nullable Fragments fragments() {
        return driver.fragments() ? new Fragments(FRAGMENT_WARPS, localMemory()) : null;
    }

    @Override
    public Sizes sizes() {
        return SIZES;
    }

    @Override
    public long stretches(long rows) {
        return (driver.units() * GROUPS + rows - 1) / rows;
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
    public String unique(String readable) {
        return "Kernel" + COUNT.getAndIncrement() + "_" + readable;
    }

    @Override
    public String text(KernelText kernel) {
        return driver.cuda() ? CudaText.of(kernel) : JavaText.of(kernel, this);
    }

    /** The end of a kernel's file. */
    private String ending() {
        return driver.cuda() ? ".cu" : JAVA;
    }

    @Override
    public Map<String, Task> load(List<KernelText> kernels) {
        Map<String, String> sources = Tasks.sources(kernels, this);
        if (driver.cuda()) {
            return compiled(kernels, sources);
        }
        if (!sources.isEmpty()) {
            compile(installation, folder, sources);
        }
        return Tasks.of(ClassLoader.getSystemClassLoader(), sources.keySet());
    }

    private Map<String, Task> compiled(List<KernelText> kernels, Map<String, String> sources) {
        write(folder, sources, ending());
        Map<String, Task> tasks = new HashMap<>();
        for (KernelText kernel : kernels) {
            List<Boolean> written =
                    kernel.slabs().stream().map(KernelText.Parameter::written).toList();
            try {
                tasks.put(kernel.name(), driver.task(kernel.name(), sources.get(kernel.name()), written));
            } catch (IllegalStateException e) {
                throw fault(e, List.of(kernel.name()), 0);
            }
        }
        return tasks;
    }

    private static void write(KernelFolder folder, Map<String, String> sources, String ending) {
        try {
            folder.write(sources, ending);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Installation installation, KernelFolder folder, Map<String, String> sources) {
        try {
            List<String> path = new ArrayList<>(
                    installation.jars().stream().map(Path::toString).toList());
            path.add(Javac.home(Task.class));
            path.add(Javac.home(Backend.class));
            folder.write(sources, JAVA);
            folder.write(Tasks.compile(sources, String.join(File.pathSeparator, path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public RuntimeException fault(RuntimeException fault, List<String> kernels, long held) {
        return Faults.of(fault, new Faults.Room(driver.device(), held, driver.memory()), kernels, kernel -> {
            folder.keep();
            return folder.file(kernel, ending());
        });
    }
}
