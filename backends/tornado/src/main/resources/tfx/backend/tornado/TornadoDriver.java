package tfx.generated;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tfx.backend.tornado.Driver;
import tfx.backend.tornado.Task;
import tfx.compiler.schedule.ElementType;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A device of TornadoVM. Compiled where TornadoVM is installed, against its own API. */
public final class TornadoDriver implements Driver {
    /** Bytes of local memory: what kernels make use of, what any device of OpenCL has, and what drivers keep. */
    private static final int MOST_LOCAL = 48 << 10;

    private static final int LEAST_LOCAL = 32 << 10;
    private static final int RESERVED_LOCAL = 1 << 10;

    /** The compute capability since which warps multiply matrices of bfloat16. */
    private static final int BFLOAT16 = 80;

    private final TornadoDevice device;
    private final TornadoVMBackendType backend;

    public TornadoDriver(TornadoDevice device, TornadoVMBackendType backend) {
        this.device = device;
        this.backend = backend;
    }

    /** Every device of every backend, as {@code backend: device}. */
    public static List<String> devices() {
        List<String> all = new ArrayList<>();
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                all.add(name(runtime.getBackendType(b)) + ": "
                        + backend.getDevice(d).getPhysicalDevice().getDeviceName().trim() + lacking(runtime.getBackendType(b)));
            }
        }
        return all;
    }

    /** The first device of a backend, of any where {@code wanted} is empty; null where there is none. */
    public static Driver open(String wanted) {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            TornadoVMBackendType type = runtime.getBackendType(b);
            if ((wanted.isEmpty() || name(type).equals(wanted)) && backend.getNumDevices() > 0) {
                return new TornadoDriver(backend.getDevice(0), type);
            }
        }
        return null;
    }

    private static String name(TornadoVMBackendType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String device() {
        return name(backend) + ": " + device.getPhysicalDevice().getDeviceName().trim() + lacking(backend);
    }

    /** What a device does without, which no one should have to guess from its speed. */
    private static String lacking(TornadoVMBackendType type) {
        List<String> without = new ArrayList<>();
        if (type == TornadoVMBackendType.CUDA) {
            if (!TornadoKernels.available()) {
                without.add("libnvrtc");
            }
            if (!TornadoProducts.available()) {
                without.add("libcublas");
            }
        }
        return without.isEmpty() ? "" : " (slower, without " + String.join(" and ", without) + ")";
    }

    @Override
    public long memory() {
        return device.getMaxGlobalMemory();
    }

    @Override
    public long largest() {
        // CUDA reports no bound of its own.
        long most = device.getMaxAllocMemory();
        return most > 0 ? most : device.getMaxGlobalMemory();
    }

    @Override
    public int local() {
        // A kernel's own arrays are static: those of CUDA end at 48 KiB, OpenCL promises 32. Drivers keep some for themselves.
        long given = device.getPhysicalDevice().getDeviceLocalMemorySize();
        return (int) Math.min(MOST_LOCAL, (given > 0 ? given : LEAST_LOCAL)) - RESERVED_LOCAL;
    }

    @Override
    public boolean warps() {
        return backend == TornadoVMBackendType.CUDA;
    }

    @Override
    public boolean fragments() {
        return cuda() && capability() >= BFLOAT16;
    }

    @Override
    public boolean cuda() {
        return backend == TornadoVMBackendType.CUDA && TornadoKernels.available();
    }

    @Override
    public Task task(String name, String text, List<Boolean> written) {
        return TornadoKernels.compiled(name, text, written, capability());
    }

    /** A CUDA device's compute capability, 90 for 9.0, which only its own class tells; 0 where it does not. */
    private int capability() {
        Object physical = device.getPhysicalDevice();
        try {
            Class<?> type = physical.getClass();
            return 10 * (int) type.getMethod("getComputeCapabilityMajor").invoke(physical)
                    + (int) type.getMethod("getComputeCapabilityMinor").invoke(physical);
        } catch (ReflectiveOperationException e) {
            return 0;
        }
    }

    @Override
    public int units() {
        return Math.max(1, device.getPhysicalDevice().getDeviceMaxComputeUnits());
    }

    @Override
    public boolean holds(ElementType type) {
        return switch (type) {
            case F16, BF16 -> backend == TornadoVMBackendType.CUDA;
            default -> true;
        };
    }

    @Override
    public Object array(ElementType type, int elements) {
        return switch (type) {
            case F32 -> new FloatArray(elements);
            case I32 -> new IntArray(elements);
            case F64 -> new DoubleArray(elements);
            case BF16 -> new BFloat16Array(elements);
            case F16 -> new HalfFloatArray(elements);
            case I64 -> throw new IllegalArgumentException("no kernel has integers of 64 bits");
        };
    }

    @Override
    public MemorySegment data(Object array) {
        return ((TornadoNativeArray) array).getSegment();
    }

    @Override
    public boolean multiplies() {
        // What reads sums in BF16 is written for C++.
        return cuda() && TornadoProducts.available();
    }

    @Override
    public Graph graph(List<List<Launch>> forms, List<Object> once, List<Object> always, List<Object> back) {
        try {
            return new TornadoGraphs(device, backend == TornadoVMBackendType.CUDA, once, always, back).of(forms);
        } catch (TornadoInternalError e) {
            throw TornadoGraphs.fault(e);
        }
    }
}
