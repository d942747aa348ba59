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
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
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
    /** A graph of TornadoVM has room for 1024 nodes: a task, its slot and what it writes take six. */
    private static final int MOST_TASKS = 160;

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
        KernelContext context = new KernelContext();
        Map<Object, Integer> last = new IdentityHashMap<>();
        List<ImmutableTaskGraph> graphs = new ArrayList<>();
        // A graph takes over what it has from the one before it alone: what a later graph needs goes through all between.
        Set<Object> seen = used(List.of());
        for (int first = 0; first < launches.size(); first += MOST_TASKS) {
            int next = Math.min(launches.size(), first + MOST_TASKS);
            Set<Object> here = used(launches.subList(first, next));
            Set<Object> later = used(launches.subList(next, launches.size()));
            String name = "step" + graphs.size();
            TaskGraph graph = new TaskGraph(name);
            for (Object array : all(once, always)) {
                if (seen.contains(array) && (here.contains(array) || later.contains(array))) {
                    graph.consumeFromDevice("step" + (graphs.size() - 1), array);
                } else if (here.contains(array)) {
                    boolean kept = once.contains(array);
                    graph.transferToDevice(
                            kept ? DataTransferMode.FIRST_EXECUTION : DataTransferMode.EVERY_EXECUTION, array);
                }
            }
            for (Launch launch : launches.subList(first, next)) {
                launch.task().addTo(graph, launch.id(), context, launch.arrays());
                WorkerGrid1D grid = new WorkerGrid1D(launch.groups() * launch.group());
                grid.setLocalWork(launch.group(), 1, 1);
                grids.addWorkerGrid(name + "." + launch.id(), grid);
            }
            seen.addAll(here);
            for (Object array : seen) {
                if (later.contains(array)) {
                    graph.persistOnDevice(array);
                } else if (here.contains(array) && back.contains(array)) {
                    graph.transferToHost(DataTransferMode.UNDER_DEMAND, array);
                    last.put(array, graphs.size());
                }
            }
            graphs.add(graph.snapshot());
        }
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]));
        plan = plan.withDevice(device).withGridScheduler(grids);
        // One launch for the whole step instead of one a kernel: ten times less to do for the host.
        return new Steps(
                backend == TornadoVMBackendType.CUDA ? plan.withCUDAGraph() : plan, graphs.size(), last);
    }

    private static List<Object> all(List<Object> once, List<Object> always) {
        List<Object> all = new ArrayList<>(once);
        all.addAll(always);
        return all;
    }

    private static Set<Object> used(List<Launch> launches) {
        Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
        launches.forEach(launch -> all.addAll(List.of(launch.arrays())));
        return all;
    }

    private static final class Steps implements Graph {
        private final TornadoExecutionPlan plan;
        private final TornadoExecutionResult[] results;
        private final Map<Object, Integer> last;

        /** @param last the number of the graph that hands each array to the process */
        Steps(TornadoExecutionPlan plan, int graphs, Map<Object, Integer> last) {
            this.plan = plan;
            this.results = new TornadoExecutionResult[graphs];
            this.last = last;
        }

        @Override
        public void execute() {
            // A graph finds what it takes over only where the one before it was executed by itself.
            for (int g = 0; g < results.length; g++) {
                results[g] = (results.length == 1 ? plan : plan.withGraph(g)).execute();
            }
        }

        @Override
        public void read(Object array, long first, long count) {
            int g = last.get(array);
            if (results[g] != null) {
                if (results.length > 1) {
                    plan.withGraph(g);
                }
                results[g].transferToHost(
                        new DataRange((TornadoNativeArray) array).withOffset(first).withSize(count));
            }
        }

        @Override
        public void close() {
            for (int g = 0; g < results.length; g++) {
                try {
                    (results.length == 1 ? plan : plan.withGraph(g)).freeDeviceMemory();
                } catch (TornadoInternalError e) {
                    // A graph frees what it brought to the device, then finds what it took over freed by the one before.
                    if (g == 0) {
                        throw e;
                    }
                }
            }
        }
    }
}
