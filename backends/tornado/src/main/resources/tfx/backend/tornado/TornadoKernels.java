package tfx.generated;

import static tfx.generated.TornadoNatives.INT;
import static tfx.generated.TornadoNatives.LONG;
import static tfx.generated.TornadoNatives.POINTER;
import static tfx.generated.TornadoNatives.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tfx.backend.tornado.Driver.Run;
import tfx.backend.tornado.Task;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * Kernels in CUDA C++, compiled by NVRTC and launched as a library of TornadoVM's. Its own tasks of source text would do, were it
 * not that one graph runs the first of them in the place of all: it looks their code up by an equality that no such task has.
 * Compiled where TornadoVM is installed.
 */
public final class TornadoKernels implements TornadoLibraryProvider {
    private static final String NAME = "tfx/kernels";
    /** {@code CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION}. */
    private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;
    /** From this capability on kernels wait for others by themselves. */
    private static final int OVERLAPPING = 90;
    /** From this version of CUDA on a graph keeps that they may overlap. */
    private static final int CAPTURED = 12_030;

    private static final Optional<TornadoNatives> NVRTC =
            TornadoNatives.find(List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"));
    private static final Optional<TornadoNatives> CUDA = TornadoNatives.driver();

    /** Whether there is the compiler. */
    static boolean available() {
        return NVRTC.isPresent() && CUDA.isPresent();
    }

    /**
     * A kernel that is compiled.
     *
     * @param image the device's code
     * @param written which of the slabs it writes
     * @param overlaps whether it may start while the kernel before it still runs
     */
    record Kernel(String name, byte[] image, List<Boolean> written, boolean overlaps) implements Task {
        @Override
        public void addTo(Object graph, String id, Object run, Object[] arguments) {
            TornadoKernels.addTo((TaskGraph) graph, id, List.of((Run) run));
        }
    }

    /**
     * A launch of a kernel.
     *
     * @param at its place
     * @param arrays numbers of its arrays among those of the task
     */
    private record Launch(Kernel kernel, int at, int groups, int group, int[] arrays) {}

    private record Launches(List<Launch> all) {}

    /** Adds kernels as one task: what TornadoVM does for each task of a graph, at every execution, it does once. */
    static void addTo(TaskGraph graph, String id, List<Run> runs) {
        List<Object> arrays = new ArrayList<>();
        Set<Object> written = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Launch> launches = new ArrayList<>();
        for (Run run : runs) {
            Kernel kernel = (Kernel) run.task();
            Object[] own = run.arrays();
            int[] numbers = new int[own.length];
            for (int k = 0; k < own.length; k++) {
                if (!arrays.contains(own[k])) {
                    arrays.add(own[k]);
                }
                numbers[k] = arrays.indexOf(own[k]);
            }
            for (int k = 0; k < kernel.written.size(); k++) {
                if (kernel.written.get(k)) {
                    written.add(own[own.length - kernel.written.size() + k]);
                }
            }
            launches.add(new Launch(kernel, (int) run.arguments()[0], run.groups(), run.group(), numbers));
        }
        Access[] access = arrays.stream()
                .map(array -> written.contains(array) ? Access.READ_WRITE : Access.READ_ONLY)
                .toArray(Access[]::new);
        graph.libraryTask(
                id,
                (Object array) -> new LibraryTaskDescriptor()
                        .withLibrary(NAME)
                        .withFunction("kernels")
                        .withParameters(arrays.toArray())
                        .withAccess(access)
                        .withTuning(new Launches(List.copyOf(launches))),
                arrays.getFirst());
    }

    /**
     * Compiles a kernel.
     *
     * @param capability of the device, 90 for 9.0
     */
    static Kernel compiled(String name, String text, List<Boolean> written, int capability) {
        TornadoNatives nvrtc = NVRTC.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(LONG);
            call(
                    "nvrtcCreateProgram",
                    nvrtc.function("nvrtcCreateProgram", POINTER, POINTER, POINTER, INT, POINTER, POINTER),
                    out,
                    arena.allocateFrom(text),
                    arena.allocateFrom(name + ".cu"),
                    0,
                    MemorySegment.NULL,
                    MemorySegment.NULL);
            long program = out.get(LONG, 0);
            int known = newest(nvrtc, arena, capability);
            // A device that the compiler does not know takes code of an older one, which its driver compiles further.
            String kind = known == capability ? "sm_" : "compute_";
            // Quotients within two units of the last place: exact ones branch, and what is read later waits for them.
            String[] wanted = {"--gpu-architecture=" + kind + known, "--prec-div=false"};
            MemorySegment options = arena.allocate(ValueLayout.ADDRESS, wanted.length);
            for (int k = 0; k < wanted.length; k++) {
                options.setAtIndex(ValueLayout.ADDRESS, k, arena.allocateFrom(wanted[k]));
            }
            int status = TornadoNatives.status(
                    "nvrtcCompileProgram",
                    nvrtc.function("nvrtcCompileProgram", LONG, INT, POINTER),
                    program,
                    wanted.length,
                    options);
            if (status != 0) {
                String log = new String(got(nvrtc, arena, program, "ProgramLog"));
                throw new IllegalStateException("Unable to compile " + name + "\n" + log);
            }
            byte[] image = got(nvrtc, arena, program, known == capability ? "CUBIN" : "PTX");
            call("nvrtcDestroyProgram", nvrtc.function("nvrtcDestroyProgram", POINTER), out);
            return new Kernel(name, image, written, capability >= OVERLAPPING && version(arena) >= CAPTURED);
        }
    }

    /** What the driver supports, 13010 for CUDA 13.1. */
    private static int version(Arena arena) {
        MemorySegment version = arena.allocate(INT);
        call("cuDriverGetVersion", CUDA.get().function("cuDriverGetVersion", POINTER), version);
        return version.get(INT, 0);
    }

    /** The newest architecture that the compiler knows and the device runs. */
    private static int newest(TornadoNatives nvrtc, Arena arena, int capability) {
        MemorySegment count = arena.allocate(INT);
        call("nvrtcGetNumSupportedArchs", nvrtc.function("nvrtcGetNumSupportedArchs", POINTER), count);
        MemorySegment all = arena.allocate(INT, count.get(INT, 0));
        call("nvrtcGetSupportedArchs", nvrtc.function("nvrtcGetSupportedArchs", POINTER), all);
        return Arrays.stream(all.toArray(INT))
                .filter(known -> known <= capability)
                .max()
                .orElse(capability);
    }

    /** What the compiler has made. */
    private static byte[] got(TornadoNatives nvrtc, Arena arena, long program, String what) {
        MemorySegment size = arena.allocate(LONG);
        call(what, nvrtc.function("nvrtcGet" + what + "Size", LONG, POINTER), program, size);
        MemorySegment bytes = arena.allocate(size.get(LONG, 0));
        call(what, nvrtc.function("nvrtcGet" + what, LONG, POINTER), program, bytes);
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public String libraryName() {
        return NAME;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport && available();
    }

    private static final class Context implements LibraryContext {
        private final long stream;
        private final Map<Kernel, Long> functions = new HashMap<>();
        private final Map<Kernel, Long> modules = new HashMap<>();

        Context(long stream) {
            this.stream = stream;
        }
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long plan) {
        return new Context(((TornadoNativeStreamSupport) device).getNativeStream(plan));
    }

    /** Brings the kernel to the device, which must not be done while a graph is captured. */
    @Override
    public void prepare(LibraryTaskDescriptor descriptor, LibraryContext given) {
        Context context = (Context) given;
        for (Launch launch : ((Launches) descriptor.getTuning()).all()) {
            if (!context.functions.containsKey(launch.kernel())) {
                load(launch.kernel(), context);
            }
        }
    }

    private static void load(Kernel kernel, Context context) {
        TornadoNatives cuda = CUDA.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(LONG);
            MemorySegment image = arena.allocateFrom(ValueLayout.JAVA_BYTE, kernel.image());
            call(kernel.name(), cuda.function("cuModuleLoadData", POINTER, POINTER), out, image);
            long module = out.get(LONG, 0);
            context.modules.put(kernel, module);
            call(
                    kernel.name(),
                    cuda.function("cuModuleGetFunction", POINTER, LONG, POINTER),
                    out,
                    module,
                    arena.allocateFrom(kernel.name()));
            context.functions.put(kernel, out.get(LONG, 0));
        }
    }

    @Override
    public void dispatch(String name, LibraryInvocation invocation) {
        Context context = (Context) invocation.getContext();
        for (Launch launch : ((Launches) invocation.getTuning()).all()) {
            launch(launch, invocation, context);
        }
    }

    private static void launch(Launch launch, LibraryInvocation invocation, Context context) {
        int count = launch.arrays().length;
        ValueLayout p = POINTER;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(LONG, count);
            MemorySegment parameters = arena.allocate(POINTER, count + 1);
            parameters.setAtIndex(ValueLayout.ADDRESS, 0, arena.allocateFrom(INT, launch.at()));
            for (int k = 0; k < count; k++) {
                values.setAtIndex(LONG, k, invocation.getDevicePointer(launch.arrays()[k]));
                parameters.setAtIndex(ValueLayout.ADDRESS, k + 1, values.asSlice(k * LONG.byteSize()));
            }
            call(
                    launch.kernel().name(),
                    CUDA.get().function("cuLaunchKernelEx", p, LONG, p, p),
                    configuration(arena, launch, context.stream),
                    context.functions.get(launch.kernel()),
                    parameters,
                    MemorySegment.NULL);
        }
    }

    /** A {@code CUlaunchConfig}: groups, their items, no memory beyond the kernel's own, the stream, attributes. */
    private static MemorySegment configuration(Arena arena, Launch launch, long stream) {
        MemorySegment configuration = arena.allocate(56, 8);
        int[] numbers = {launch.groups(), 1, 1, launch.group(), 1, 1, 0};
        MemorySegment.copy(numbers, 0, configuration, INT, 0, numbers.length);
        configuration.set(LONG, 32, stream);
        if (launch.kernel().overlaps()) {
            MemorySegment attribute = arena.allocate(72, 8);
            attribute.set(INT, 0, PROGRAMMATIC_STREAM_SERIALIZATION);
            attribute.set(INT, 8, 1);
            configuration.set(ValueLayout.ADDRESS, 40, attribute);
            configuration.set(INT, 48, 1);
        }
        return configuration;
    }

    @Override
    public void destroyContext(LibraryContext given) {
        for (long module : ((Context) given).modules.values()) {
            call("cuModuleUnload", CUDA.get().function("cuModuleUnload", LONG), module);
        }
    }
}
