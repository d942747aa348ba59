package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import tfx.backend.tornado.Driver;
import tfx.compiler.schedule.ElementType;

/** The emulated device: a few work groups at a time. */
public final class EmulatedDriver implements Driver {
    private static final int UNITS = 1;
    /** Fewer groups than most kernels have work for, so that each takes several pieces; odd, so that shares are uneven. */
    private static final int GROUPS = 3;

    private static final long MEMORY = 4L << 30;

    /** Whole factors of small attention fit, those of two maps do not. */
    private static final int LOCAL = 1800;

    /** Work items that exchange numbers without barriers. */
    public static final int WARP = WorkGroup.WARP;

    private final long memory;

    public EmulatedDriver() {
        this(MEMORY);
    }

    /** A device with so many bytes. */
    public EmulatedDriver(long memory) {
        this.memory = memory;
    }

    @Override
    public String device() {
        return "emulator";
    }

    @Override
    public long memory() {
        return memory;
    }

    @Override
    public long largest() {
        return memory;
    }

    @Override
    public int local() {
        return LOCAL;
    }

    @Override
    public boolean holds(ElementType type) {
        return true;
    }

    @Override
    public boolean warps() {
        return true;
    }

    @Override
    public boolean fragments() {
        return true;
    }

    @Override
    public int units() {
        return UNITS;
    }

    @Override
    public Object array(ElementType type, int elements) {
        return switch (type) {
            case F32 -> new FloatArray(elements);
            case I32 -> new IntArray(elements);
            case F64 -> new DoubleArray(elements);
            case BF16 -> new BFloat16Array(elements);
            case F16 -> new HalfFloatArray(elements);
            case I64 -> throw new IllegalArgumentException("no kernel has elements of 64 bits");
        };
    }

    @Override
    public MemorySegment data(Object array) {
        return ((DeviceArray) array).host();
    }

    @Override
    public boolean multiplies() {
        return true;
    }

    private static Runnable runnable(Launch launch) {
        if (launch instanceof Multiply multiply) {
            return new EmulatedProduct(multiply);
        }
        Run run = (Run) launch;
        List<Runnable> kernels = new ArrayList<>();
        Launches into = (id, code) -> kernels.add(new EmulatedKernel(run, code, GROUPS));
        run.task().addTo(into, run.id(), run, run.arguments());
        return kernels.getFirst();
    }

    @Override
    public Graph graph(List<List<Launch>> forms, List<Object> once, List<Object> always, List<Object> back) {
        List<List<Runnable>> tasks = forms.stream()
                .map(form -> form.stream().map(EmulatedDriver::runnable).toList())
                .toList();
        List<Set<Object>> used = forms.stream().map(EmulatedDriver::arrays).toList();
        once.forEach(array -> ((DeviceArray) array).toDevice());
        return new Graph() {
            @Override
            public void execute(int form) {
                always.stream().filter(used.get(form)::contains).forEach(array -> ((DeviceArray) array).toDevice());
                for (Runnable task : tasks.get(form)) {
                    if (task instanceof EmulatedKernel kernel) {
                        kernel.begin();
                    }
                }
                tasks.get(form).forEach(Runnable::run);
            }

            @Override
            public void read(Object array, long first, long count) {
                if (!back.contains(array)) {
                    throw new IllegalArgumentException("an array that is not to be read");
                }
                ((DeviceArray) array).toHost(first, count);
            }

            @Override
            public void close() {}
        };
    }

    private static Set<Object> arrays(List<Launch> launches) {
        Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
        launches.forEach(launch -> all.addAll(List.of(launch.arrays())));
        return all;
    }
}
