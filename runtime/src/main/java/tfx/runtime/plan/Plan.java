package tfx.runtime.plan;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.TruffleSafepoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Programs;
import tfx.ir.Size;
import tfx.ir.Value;

/** A schedule with its kernels compiled and what depends on parameters only computed. */
final class Plan implements Engine {
    private final Schedule schedule;
    private final Backend backend;
    private final ElementType real;
    private final ElementType integer;
    private final Workers workers;
    private final int chunk;
    private final Map<Value, Integer> numbers = new IdentityHashMap<>();
    private final Map<Value, Boolean> batched = new IdentityHashMap<>();
    private final Tensor[] loaded;
    private final List<Memory> held = new ArrayList<>();
    private final List<String> sources = new ArrayList<>();
    private final KernelNode[] nodes;
    private PlanRoot root;
    private final Slots slots;
    private final Bounds bounds;
    private volatile @Nullable KernelListener listener;

    /**
     * @param parameters by name; asked once for each that a kernel reads
     * @param real the type of computed values
     * @param integer the type of ids
     * @param chunk how many positions at most run at once, which bounds memory
     */
    Plan(
            Schedule schedule,
            Backend backend,
            Function<String, Tensor> parameters,
            ElementType real,
            ElementType integer,
            Workers workers,
            int chunk) {
        this.schedule = schedule;
        this.backend = backend;
        this.real = real;
        this.integer = integer;
        this.workers = workers;
        this.chunk = chunk;
        schedule.program().parameters().forEach(this::number);
        schedule.placements().keySet().forEach(this::number);
        // Values come after those they depend on, so that this recurses no deeper than one.
        numbers.keySet().stream().sorted(Comparator.comparing(numbers::get)).forEach(this::markBatched);
        this.loaded = new Tensor[numbers.size()];
        for (Value.Parameter parameter : schedule.program().parameters()) {
            loaded[number(parameter)] = memory().resident(bound(parameter, parameters.apply(parameter.name())));
        }
        schedule.loadTime().forEach(kernel -> reserve(kernel.output()));
        List<Kernel> kernels = new ArrayList<>(schedule.loadTime());
        kernels.addAll(schedule.kernels());
        List<KernelNode> all = compile(kernels);
        all.stream().map(KernelNode::source).forEach(sources::add);
        int first = schedule.loadTime().size();
        load(all.subList(0, first));
        this.nodes = all.subList(first, all.size()).toArray(KernelNode[]::new);
        this.root = new PlanRoot(null, backend.name(), nodes);
        this.slots = new Slots(schedule);
        this.bounds = new Bounds(schedule);
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public Schedule schedule() {
        return schedule;
    }

    @Override
    public List<String> sources() {
        return List.copyOf(sources);
    }

    @Override
    public Session open(int batch) {
        if (batch < 1) {
            throw new IllegalArgumentException("batch " + batch);
        }
        return new PlanSession(this, batch);
    }

    @Override
    public void listen(@Nullable KernelListener listener) {
        this.listener = listener;
    }

    @Override
    public void bind(TruffleLanguage<?> language) {
        this.root = new PlanRoot(language, backend.name(), nodes);
    }

    @Override
    public @Nullable TruffleLanguage<?> language() {
        return root.language();
    }

    private int number(Value value) {
        return numbers.computeIfAbsent(value, v -> numbers.size());
    }

    int numberOf(Value value) {
        return numbers.get(value);
    }

    /** Does the value depend on an input? */
    boolean batched(Value value) {
        return batched.get(value);
    }

    private boolean markBatched(Value value) {
        Boolean known = batched.get(value);
        if (known == null) {
            known = value instanceof Value.Input
                    || (value instanceof Value.Comprehension
                            && Programs.dependencies(value).stream().anyMatch(this::markBatched));
            batched.put(value, known);
        }
        return known;
    }

    @Override
    public ElementType type(Value value) {
        if (value instanceof Value.Parameter parameter) {
            return loaded[numbers.get(parameter)].type();
        }
        return value instanceof Value.Input input && input.kind() == Value.Kind.INTEGER ? integer : real;
    }

    DeviceMemory memory() {
        return backend.memory();
    }

    Tensor[] tensors() {
        return loaded.clone();
    }

    Slots slots() {
        return slots;
    }

    Bounds bounds() {
        return bounds;
    }

    int chunk() {
        return chunk;
    }

    /** Gives what runs the same one step further, or null. */
    Backend.@Nullable Replay run(Tensor[] tensors, int batch, long[] starts, long end) {
        root.getCallTarget().call(new Run(tensors, batch, starts, end, workers, listener));
        return backend.finish();
    }

    /** Runs one step further what ran; false where it did not, as where someone wants to see each kernel. */
    boolean again(Backend.Replay replay) {
        if (listener != null || root.observed()) {
            return false;
        }
        // As the call does that this stands for.
        TruffleSafepoint.poll(root);
        return replay.next();
    }

    private static Tensor bound(Value.Parameter parameter, Tensor tensor) {
        long[] shape = parameter.shape().stream().mapToLong(Size::constant).toArray();
        if (tensor == null || !Arrays.equals(tensor.shape(), shape)) {
            throw new IllegalStateException("parameter " + parameter.name() + ": "
                    + (tensor == null ? "no tensor" : "shape " + Arrays.toString(tensor.shape())) + " for "
                    + Arrays.toString(shape));
        }
        return tensor;
    }

    /** Memory for a value that depends on parameters only. */
    private void reserve(Value value) {
        long[] extents = Strides.extents(value, -1, 0, null, 0);
        Memory memory = new Memory(memory(), real);
        held.add(memory);
        loaded[number(value)] =
                new Tensor(memory.room(Strides.count(extents)), real, extents, Strides.of(extents, -1), 0, 0, 0, -1);
    }

    private void load(List<KernelNode> nodes) {
        Run run = new Run(loaded.clone(), 1, new long[0], 1, workers, null);
        nodes.forEach(node -> node.run(run, 0));
        backend.finish();
    }

    private List<KernelNode> compile(List<Kernel> kernels) {
        List<Backend.CompiledKernel> compiled = backend.compileAll(kernels.stream()
                .map(kernel -> new Backend.Request(
                        kernel,
                        kernel.operands().stream().map(this::layout).toList(),
                        real,
                        schedule.length(),
                        schedule.kept(kernel.output())))
                .toList());
        List<KernelNode> nodes = new ArrayList<>();
        for (int k = 0; k < kernels.size(); k++) {
            Kernel kernel = kernels.get(k);
            int[] operands = kernel.operands().stream().mapToInt(numbers::get).toArray();
            Value output = kernel.output();
            nodes.add(new KernelNode(this, kernel, compiled.get(k), operands, numbers.get(output), batched(output)));
        }
        return nodes;
    }

    private Backend.Layout layout(Value value) {
        Tensor tensor = loaded[numbers.get(value)];
        if (tensor != null) {
            return new Backend.Layout(tensor.type(), tensor.strides());
        }
        Placement placement = schedule.placements().get(value);
        return new Backend.Layout(type(value), Strides.known(value, placement.sequenceAxis()));
    }
}
