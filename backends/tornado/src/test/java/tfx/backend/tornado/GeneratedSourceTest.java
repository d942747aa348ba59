package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.TypeName;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tfx.backend.common.Javac;
import tfx.backend.tornado.emulator.KernelRules;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Expr;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.testing.Models;
import tfx.testing.Programs;

/** What is generated for a device compiles against TornadoVM's own classes. */
class GeneratedSourceTest {
    private static final Platform NAMES = new Platform() {
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
            return 128;
        }

        @Override
        public Sizes sizes() {
            throw new AssertionError("text is compiled here, never run");
        }

        @Override
        public int localMemory() {
            return 31 << 10;
        }

        @Override
        public long stretches(long rows) {
            return 4;
        }

        @Override
        public int few() {
            return 32;
        }

        @Override
        public Driver driver() {
            throw new AssertionError("text is compiled here, never run");
        }

        @Override
        public String unique(String readable) {
            return readable;
        }

        @Override
        public Map<String, Task> load(List<KernelText> kernels) {
            throw new AssertionError("text is compiled here, never run");
        }
    };

    @TempDir
    Path api;

    /** The interface's classes were compiled with previews of an older Java, which javac refuses to read: their mark is taken off. */
    private void unpack() throws Exception {
        try (JarFile jar =
                new JarFile(Javac.home(Class.forName("uk.ac.manchester.tornado.api.TaskGraph", false, loader())))) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                if (entry.getName().startsWith("uk/ac/manchester/tornado/api/")
                        && entry.getName().endsWith(".class")) {
                    byte[] bytes = jar.getInputStream(entry).readAllBytes();
                    bytes[4] = 0;
                    bytes[5] = 0;
                    Path file = api.resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    Files.write(file, bytes);
                }
            }
        }
    }

    private static ClassLoader loader() {
        return GeneratedSourceTest.class.getClassLoader();
    }

    @Test
    void kernelsCompileAgainstTheRealInterface() throws Exception {
        unpack();
        List<KernelText> kernels = kernels();
        for (String piece : List.of("rows", "Many", "stretches", "joined")) {
            assertTrue(kernels.stream().anyMatch(kernel -> kernel.name().contains(piece)), piece);
        }
        Map<String, String> sources = Tasks.sources(kernels, NAMES);
        sources.forEach(KernelRules::check);
        // The interface that an artifact carries is of a release without these elements.
        sources.values().removeIf(text -> text.contains("BFloat16"));
        Map<String, byte[]> classes = Javac.compile(
                sources,
                List.of("-classpath", api + File.pathSeparator + Javac.home(Task.class), "-proc:none", "-nowarn"));
        assertEquals(sources.size(), classes.size());
    }

    /** Kernels of many structures, with weights of two types. */
    static List<KernelText> kernels() {
        List<KernelText> kernels =
                new ArrayList<>(List.of(Uploads.source(NAMES, ElementType.F32).kernel()));
        List<Program> programs = new ArrayList<>(List.of(Models.decoder(new Models.Shape(97, 64, 2, 4, 2, 160))));
        for (int seed = 0; seed < 20; seed++) {
            programs.add(Programs.random(seed, 3));
        }
        for (Program program : programs) {
            for (ElementType weights : List.of(ElementType.F32, ElementType.BF16)) {
                templates(Scheduler.schedule(Passes.run(program)), weights)
                        .forEach(template -> write(template, kernels));
            }
        }
        return kernels;
    }

    /** The kernels of a program, and every piece that they are taken apart into. */
    private static List<Template> templates(Schedule schedule, ElementType weights) {
        List<Kernel> kernels = new ArrayList<>(schedule.loadTime());
        kernels.addAll(schedule.kernels());
        List<Request> requests = kernels.stream()
                .map(kernel -> new Request(
                        kernel,
                        kernel.operands().stream()
                                .map(value -> new Layout(type(value, weights), strides(value)))
                                .toList(),
                        ElementType.F32,
                        schedule.length(),
                        schedule.kept(kernel.output())))
                .toList();
        List<@Nullable Expr> bodies = RowNumbers.bodies(requests);
        List<Template> all = new ArrayList<>();
        for (int k = 0; k < requests.size(); k++) {
            if (bodies.get(k) == null) {
                continue;
            }
            Template whole = new Template(requests.get(k), bodies.get(k));
            all.add(whole);
            all.add(whole.as(ElementType.BF16));
            Cut cut = Cut.of(whole);
            if (cut != null) {
                cut.factors().forEach(factor -> all.add(factor.rows().template()));
                all.add(cut.rest().template());
                all.add(cut.rest().template().as(ElementType.BF16));
            }
            Split split = Split.of(whole, NAMES);
            if (split != null) {
                all.add(split.parts());
                all.add(split.join());
            }
        }
        return all;
    }

    private static ElementType type(Value value, ElementType weights) {
        return value instanceof Value.Parameter
                ? weights
                : value instanceof Value.Input input && input.kind() == Value.Kind.INTEGER
                        ? ElementType.I32
                        : ElementType.F32;
    }

    private static void write(Template template, List<KernelText> kernels) {
        List<ElementType> types = template.types().stream().distinct().toList();
        int[] slabs = template.types().stream().mapToInt(types::indexOf).toArray();
        String piece = template.key().startsWith("stretches")
                ? "stretches"
                : template.key().startsWith("joined")
                        ? "joined"
                        : Template.readable(template.request().kernel().name());
        String name = "Kernel" + kernels.size() + "_" + piece;
        kernels.add(text(name, template.write(NAMES, slabs, false, true, 0), types));
        if (template.differs(NAMES)) {
            kernels.add(text(name + "Many", template.write(NAMES, slabs, true, true, 0), types));
        }
    }

    private static KernelText text(String name, Template.Text text, List<ElementType> types) {
        return KernelText.of(name, types, text.wide(), text.body(), text.written());
    }

    private static long[] strides(Value value) {
        long[] strides = new long[value.shape().size()];
        long stride = 1;
        for (int d = strides.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride = value.shape().get(d).isConstant() && stride > 0
                    ? stride * value.shape().get(d).constant()
                    : -1;
        }
        return strides;
    }
}
