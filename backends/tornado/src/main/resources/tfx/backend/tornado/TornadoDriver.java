package tfx.generated;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
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
    /** A graph of TornadoVM holds 256 tasks ... */
    private static final int MOST_TASKS = 250;
    /** ... in 1,024 nodes, some for arrays of many: a task has one, its number one, and what it writes one each ... */
    private static final int MOST_NODES = 960;
    /** ... and 8,192 bytes of its own code: five for each argument of a task, two of them no arrays, and 15 for the task. */
    private static final int MOST_CODE = 8100;

    private static int nodes(Launch launch, List<Object> back) {
        int written = 0;
        for (Object array : launch.arrays()) {
            written += back.contains(array) ? 1 : 0;
        }
        return 2 + written;
    }

    /** Bytes of local memory: what kernels make use of, what any device of OpenCL has, and what drivers keep. */
    private static final int MOST_LOCAL = 48 << 10;

    private static final int LEAST_LOCAL = 32 << 10;
    private static final int RESERVED_LOCAL = 1 << 10;

    private static int code(Launch launch) {
        return 5 * (launch.arrays().length + 2) + 15;
    }

    /** The compute capability since which warps multiply matrices of bfloat16. */
    private static final int BFLOAT16 = 8;

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
        return backend == TornadoVMBackendType.CUDA && capability() >= BFLOAT16;
    }

    /** The first number of a CUDA device's compute capability, which only its own class tells; 0 where it does not. */
    private int capability() {
        Object physical = device.getPhysicalDevice();
        try {
            return (int)
                    physical.getClass().getMethod("getComputeCapabilityMajor").invoke(physical);
        } catch (ReflectiveOperationException e) {
            return 0;
        }
    }

    @Override
    public int header() {
        return (int) (TornadoNativeArray.ARRAY_HEADER / Float.BYTES);
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
        return backend == TornadoVMBackendType.CUDA && TornadoProducts.available();
    }

    /** The tasks of a form, or of a part of one that a graph has room for. */
    private record Part(int form, String name, List<Launch> launches) {
        Set<Object> used() {
            Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
            launches.forEach(launch -> all.addAll(List.of(launch.arrays())));
            return all;
        }
    }

    @Override
    public Graph graph(List<List<Launch>> forms, List<Object> once, List<Object> always, List<Object> back) {
        List<Part> parts = new ArrayList<>();
        for (int f = 0; f < forms.size(); f++) {
            List<Launch> some = new ArrayList<>();
            int code = 0;
            int nodes = 0;
            for (Launch launch : forms.get(f)) {
                if (some.size() == MOST_TASKS
                        || code + code(launch) > MOST_CODE
                        || nodes + nodes(launch, back) > MOST_NODES) {
                    parts.add(new Part(f, "part" + parts.size(), List.copyOf(some)));
                    some.clear();
                    code = 0;
                    nodes = 0;
                }
                some.add(launch);
                code += code(launch);
                nodes += nodes(launch, back);
            }
            if (!some.isEmpty()) {
                parts.add(new Part(f, "part" + parts.size(), List.copyOf(some)));
            }
        }
        Map<Object, Integer> users = new IdentityHashMap<>();
        for (Part part : parts) {
            part.used().forEach(array -> users.merge(array, 1, Integer::sum));
        }
        // What several graphs use comes to the device with the first; the others take it over from whichever ran before them.
        List<Object> shared = once.stream()
                .filter(array -> back.contains(array) || users.getOrDefault(array, 0) > 1)
                .toList();
        Grids grids = new Grids();
        List<ImmutableTaskGraph> graphs = new ArrayList<>();
        for (Part part : parts) {
            graphs.add(graph(part, parts, shared, once, always, back, grids));
        }
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]));
        plan = plan.withDevice(device).withGridScheduler(grids);
        // One launch for the whole step instead of one a kernel: ten times less to do for the host.
        Steps steps = new Steps(
                backend == TornadoVMBackendType.CUDA ? plan.withCUDAGraph() : plan,
                grids,
                parts.stream().mapToInt(Part::form).toArray());
        steps.execute(0);
        return steps;
    }

    /** The parts that may run just before one: of its form the one before it, and for the first of a form the last of each. */
    private static List<Part> before(Part part, List<Part> parts) {
        int at = parts.indexOf(part);
        if (at > 0 && parts.get(at - 1).form() == part.form()) {
            return List.of(parts.get(at - 1));
        }
        List<Part> lasts = new ArrayList<>();
        for (int k = 0; k < parts.size(); k++) {
            boolean last = k + 1 == parts.size() || parts.get(k + 1).form() != parts.get(k).form();
            // A form may follow itself: what it has then it had before.
            if (last && !parts.get(k).equals(part)) {
                lasts.add(parts.get(k));
            }
        }
        return lasts;
    }

    private static ImmutableTaskGraph graph(
            Part part,
            List<Part> parts,
            List<Object> shared,
            List<Object> once,
            List<Object> always,
            List<Object> back,
            Grids grids) {
        TaskGraph graph = new TaskGraph(part.name());
        Object[] common = shared.toArray();
        if (part.equals(parts.getFirst())) {
            graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, common);
        } else {
            for (Part other : before(part, parts)) {
                graph.consumeFromDevice(other.name(), common);
            }
        }
        for (Object array : part.used()) {
            if (!shared.contains(array)) {
                graph.transferToDevice(
                        always.contains(array) ? DataTransferMode.EVERY_EXECUTION : DataTransferMode.FIRST_EXECUTION,
                        array);
            }
        }
        KernelContext context = new KernelContext();
        int tasks = 0;
        for (Launch launch : part.launches()) {
            switch (launch) {
                case Run run -> {
                    String id = "k" + tasks++ + "_" + run.id();
                    run.task().addTo(graph, id, context, run.at(), run.arrays());
                    WorkerGrid1D grid = new WorkerGrid1D(run.groups() * run.group());
                    grid.setLocalWork(run.group(), 1, 1);
                    grids.add(part.name(), id, grid);
                }
                case Multiply multiply -> TornadoProducts.addTo(graph, "k" + tasks++ + "_" + multiply.id(), multiply);
            }
        }
        graph.persistOnDevice(common);
        if (part.equals(parts.getFirst())) {
            graph.transferToHost(DataTransferMode.UNDER_DEMAND, back.toArray());
        }
        return graph.snapshot();
    }

    /** Grids that name one task of the selected graph: whenever one is selected TornadoVM looks for any of its tasks among all. */
    private static final class Grids extends GridScheduler {
        private final Map<String, String> first = new HashMap<>();
        private String selected;

        void add(String graph, String task, WorkerGrid1D grid) {
            addWorkerGrid(graph + "." + task, grid);
            first.putIfAbsent(graph, graph + "." + task);
        }

        void select(String graph) {
            selected = first.get(graph);
        }

        @Override
        public Set<String> keySet() {
            return selected == null ? super.keySet() : Set.of(selected);
        }
    }

    private static final class Steps implements Graph {
        private final TornadoExecutionPlan plan;
        private final Grids grids;
        private final int[] forms;
        private TornadoExecutionResult first;

        /** @param forms the form that each graph is of */
        Steps(TornadoExecutionPlan plan, Grids grids, int[] forms) {
            this.plan = plan;
            this.grids = grids;
            this.forms = forms;
        }

        private TornadoExecutionPlan select(int g) {
            grids.select("part" + g);
            return forms.length == 1 ? plan : plan.withGraph(g);
        }

        @Override
        public void execute(int form) {
            // A graph finds what it takes over only where the one before it was executed by itself.
            for (int g = 0; g < forms.length; g++) {
                if (forms[g] == form) {
                    TornadoExecutionResult result = select(g).execute();
                    first = g == 0 ? result : first;
                }
            }
        }

        @Override
        public void read(Object array, long first, long count) {
            select(0);
            this.first.transferToHost(
                    new DataRange((TornadoNativeArray) array).withOffset(first).withSize(count));
        }

        @Override
        public void close() {
            for (int g = 0; g < forms.length; g++) {
                try {
                    select(g).freeDeviceMemory();
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
