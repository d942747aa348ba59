package tfx.generated;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tfx.backend.tornado.Driver;
import tfx.compiler.schedule.ElementType;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A device of TornadoVM. Compiled where TornadoVM is installed, against its own API. */
public final class TornadoDriver implements Driver {
    /** TornadoVM takes no more in one graph. */
    private static final int MOST_TASKS = 250;

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
                        + backend.getDevice(d).getPhysicalDevice().getDeviceName().trim());
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
        return name(backend) + ": " + device.getPhysicalDevice().getDeviceName().trim();
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
    public Graph graph(List<Launch> launches, List<Object> once, List<Object> always, List<Object> back) {
        GridScheduler grids = new GridScheduler();
        List<ImmutableTaskGraph> graphs = new ArrayList<>();
        // The graph that had each array last hands it to the next that uses it.
        Map<Object, String> holders = new IdentityHashMap<>();
        for (int first = 0; first < launches.size(); first += MOST_TASKS) {
            int next = Math.min(launches.size(), first + MOST_TASKS);
            Set<Object> here = used(launches.subList(first, next));
            Set<Object> later = used(launches.subList(next, launches.size()));
            String name = "step" + graphs.size();
            TaskGraph graph = new TaskGraph(name);
            for (Object array : here) {
                String holder = holders.put(array, name);
                if (holder != null) {
                    graph.consumeFromDevice(holder, array);
                } else if (once.contains(array)) {
                    graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, array);
                } else {
                    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
                }
            }
            for (Launch launch : launches.subList(first, next)) {
                launch.task().addTo(graph, launch.id(), launch.arrays());
                WorkerGrid1D grid = new WorkerGrid1D(launch.groups() * launch.group());
                grid.setLocalWork(launch.group(), 1, 1);
                grids.addWorkerGrid(name + "." + launch.id(), grid);
            }
            for (Object array : here) {
                if (later.contains(array)) {
                    graph.persistOnDevice(array);
                } else if (back.contains(array)) {
                    graph.transferToHost(DataTransferMode.UNDER_DEMAND, array);
                }
            }
            graphs.add(graph.snapshot());
        }
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]));
        plan = plan.withDevice(device).withGridScheduler(grids);
        // One launch for the whole step instead of one a kernel: ten times less to do for the host.
        return new Steps(backend == TornadoVMBackendType.CUDA ? plan.withCUDAGraph() : plan);
    }

    private static Set<Object> used(List<Launch> launches) {
        Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
        launches.forEach(launch -> all.addAll(List.of(launch.arrays())));
        return all;
    }

    private static final class Steps implements Graph {
        private final TornadoExecutionPlan plan;
        private TornadoExecutionResult result;

        Steps(TornadoExecutionPlan plan) {
            this.plan = plan;
        }

        @Override
        public void execute() {
            result = plan.execute();
        }

        @Override
        public void read(Object array, long first, long count) {
            if (result != null) {
                result.transferToHost(
                        new DataRange((TornadoNativeArray) array).withOffset(first).withSize(count));
            }
        }

        @Override
        public void close() {
            try {
                plan.freeDeviceMemory();
                plan.close();
            } catch (TornadoExecutionPlanException e) {
                throw new IllegalStateException("the device's memory cannot be given back", e);
            }
        }
    }
}
