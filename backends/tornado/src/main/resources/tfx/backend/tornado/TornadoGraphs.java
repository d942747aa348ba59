package tfx.generated;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.tornado.Driver;
import tfx.backend.tornado.Driver.Launch;
import tfx.backend.tornado.Driver.Multiply;
import tfx.backend.tornado.Driver.Run;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Makes the task graphs of {@link Driver#graph}: as many for a form as TornadoVM has room for, over the same arrays. */
final class TornadoGraphs {
    /** A graph of TornadoVM holds 256 tasks ... */
    private static final int MOST_TASKS = 250;
    /** ... in 1,024 nodes, some for arrays of many: a task has two, an array of its own three, and what it writes one each ... */
    private static final int MOST_NODES = 960;
    /** ... and 8,192 bytes of its own code: five for each argument of a task, and 15 for the task. */
    private static final int MOST_CODE = 8100;

    private final TornadoDevice device;
    private final boolean captured;
    private final List<Object> once;
    private final List<Object> always;
    private final List<Object> back;

    /** @param captured whether a graph is one launch for the driver */
    TornadoGraphs(TornadoDevice device, boolean captured, List<Object> once, List<Object> always, List<Object> back) {
        this.device = device;
        this.captured = captured;
        this.once = once;
        this.always = always;
        this.back = back;
    }

    /**
     * The tasks of a form, or of a part of one that a graph has room for.
     *
     * @param tasks of each its launches, several where they are kernels that are launched here
     */
    private record Part(int form, String name, List<List<Launch>> tasks) {
        Set<Object> used() {
            Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
            tasks.forEach(task -> all.addAll(arrays(task)));
            return all;
        }
    }

    private static Set<Object> arrays(List<Launch> task) {
        Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
        task.forEach(launch -> all.addAll(List.of(launch.arrays())));
        return all;
    }

    Driver.Graph of(List<List<Launch>> forms) {
        List<Part> parts = parts(forms);
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
            graphs.add(graph(part, parts, shared, grids));
        }
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]));
        plan = plan.withDevice(device);
        // Kernels that are launched here and not by TornadoVM have no grid of its own.
        plan = grids.keySet().isEmpty() ? plan : plan.withGridScheduler(grids);
        // One launch for the whole step instead of one a kernel: ten times less to do for the host.
        Steps steps = new Steps(
                captured ? plan.withCUDAGraph() : plan,
                grids,
                parts.stream().mapToInt(Part::form).toArray());
        steps.execute(0);
        return steps;
    }

    /** What TornadoVM has not room for, or does not do, is an Error of its; to callers it is a fault like others. */
    static IllegalStateException fault(TornadoInternalError error) {
        return new IllegalStateException(error.getMessage(), error);
    }

    private List<Part> parts(List<List<Launch>> forms) {
        List<Part> parts = new ArrayList<>();
        for (int f = 0; f < forms.size(); f++) {
            List<List<Launch>> some = new ArrayList<>();
            int code = 0;
            int nodes = 0;
            for (List<Launch> task : tasks(forms.get(f))) {
                if (some.size() == MOST_TASKS || code + code(task) > MOST_CODE || nodes + nodes(task) > MOST_NODES) {
                    parts.add(new Part(f, "part" + parts.size(), List.copyOf(some)));
                    some.clear();
                    code = 0;
                    nodes = 0;
                }
                some.add(task);
                code += code(task);
                nodes += nodes(task);
            }
            if (!some.isEmpty()) {
                parts.add(new Part(f, "part" + parts.size(), List.copyOf(some)));
            }
        }
        return parts;
    }

    /** Launches as tasks: kernels in succession that are launched here are one. */
    private static List<List<Launch>> tasks(List<Launch> launches) {
        List<List<Launch>> tasks = new ArrayList<>();
        for (Launch launch : launches) {
            if (tasks.isEmpty() || !isKernel(launch) || !isKernel(tasks.getLast().getFirst())) {
                tasks.add(new ArrayList<>());
            }
            tasks.getLast().add(launch);
        }
        return tasks;
    }

    private static boolean isKernel(Launch launch) {
        return launch instanceof Run run && run.task() instanceof TornadoKernels.Kernel;
    }

    private int nodes(List<Launch> task) {
        int written = 0;
        for (Object array : arrays(task)) {
            written += back.contains(array) ? 1 : 0;
        }
        return (ofTornado(task) ? 5 : 2) + written;
    }

    private static int code(List<Launch> task) {
        return 5 * (arrays(task).size() + (ofTornado(task) ? 1 : 0)) + 15;
    }

    /** Whether it is a class that TornadoVM compiles: one of the task's arguments is no array then, and one says where its numbers begin. */
    private static boolean ofTornado(List<Launch> task) {
        return task.getFirst() instanceof Run && !isKernel(task.getFirst());
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

    private ImmutableTaskGraph graph(Part part, List<Part> parts, List<Object> shared, Grids grids) {
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
        int number = 0;
        for (List<Launch> task : part.tasks()) {
            String id = "k" + number++;
            if (isKernel(task.getFirst())) {
                TornadoKernels.addTo(
                        graph, id, task.stream().map(Run.class::cast).toList());
                continue;
            }
            switch (task.getFirst()) {
                case Run run -> {
                    String named = id + "_" + run.id();
                    run.task().addTo(graph, named, context, run.arguments());
                    WorkerGrid1D grid = new WorkerGrid1D(run.groups() * run.group());
                    grid.setLocalWork(run.group(), 1, 1);
                    grids.add(part.name(), named, grid);
                }
                case Multiply multiply -> TornadoProducts.addTo(graph, id + "_" + multiply.id(), multiply);
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

    private static final class Steps implements Driver.Graph {
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

        private TornadoExecutionResult executed(int g) {
            try {
                return select(g).execute();
            } catch (TornadoInternalError e) {
                throw fault(e);
            }
        }

        @Override
        public void execute(int form) {
            // A graph finds what it takes over only where the one before it was executed by itself.
            for (int g = 0; g < forms.length; g++) {
                if (forms[g] == form) {
                    TornadoExecutionResult result = executed(g);
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
