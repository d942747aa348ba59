package tfx.generated;

import static tfx.generated.TornadoNatives.INT;
import static tfx.generated.TornadoNatives.LONG;
import static tfx.generated.TornadoNatives.POINTER;
import static tfx.generated.TornadoNatives.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
            Object[] arrays = Arrays.copyOfRange(arguments, 1, arguments.length);
            Access[] access = new Access[arrays.length];
            Arrays.fill(access, Access.READ_ONLY);
            for (int k = 0; k < written.size(); k++) {
                access[arrays.length - written.size() + k] = written.get(k) ? Access.READ_WRITE : Access.READ_ONLY;
            }
            Launch launch = new Launch(this, (int) arguments[0], ((Run) run).groups(), ((Run) run).group());
            ((TaskGraph) graph)
                    .libraryTask(
                            id,
                            (Object array) -> new LibraryTaskDescriptor()
                                    .withLibrary(NAME)
                                    .withFunction(name)
                                    .withParameters(arrays)
                                    .withAccess(access)
                                    .withTuning(launch),
                            arrays[0]);
        }
    }

    private record Launch(Kernel kernel, int at, int groups, int group) {}

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
        Kernel kernel = ((Launch) descriptor.getTuning()).kernel();
        if (context.functions.containsKey(kernel)) {
            return;
        }
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
        Launch launch = (Launch) invocation.getTuning();
        int count = invocation.getNumArgs();
        ValueLayout p = POINTER;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(LONG, count);
            MemorySegment parameters = arena.allocate(POINTER, count + 1);
            parameters.setAtIndex(ValueLayout.ADDRESS, 0, arena.allocateFrom(INT, launch.at()));
            for (int k = 0; k < count; k++) {
                values.setAtIndex(LONG, k, invocation.getDevicePointer(k));
                parameters.setAtIndex(ValueLayout.ADDRESS, k + 1, values.asSlice(k * LONG.byteSize()));
            }
            call(
                    name,
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
