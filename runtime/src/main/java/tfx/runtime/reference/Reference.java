package tfx.runtime.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * A program with its parameters, ready to be evaluated in float64 at any lengths. Parameters are converted once. Not
 * thread-safe; the workers are used within one evaluation.
 */
public final class Reference {
    private final Program program;
    private final Function<String, Tensor> parameters;
    private final Workers workers;
    private final @Nullable SplittableRandom rounding;
    private final Map<Value, Stored> loaded = new IdentityHashMap<>();
    private final Map<Value, Boolean> batched = new IdentityHashMap<>();

    /**
     * @param parameters by the parameter's name; asked once for each that is read
     * @param workers the threads that share the elements of a value; results do not depend on their number
     */
    public Reference(Program program, Function<String, Tensor> parameters, Workers workers) {
        this(program, parameters, workers, null);
    }

    private Reference(
            Program program,
            Function<String, Tensor> parameters,
            Workers workers,
            @Nullable SplittableRandom rounding) {
        this.program = program;
        this.parameters = parameters;
        this.workers = workers;
        this.rounding = rounding;
    }

    /**
     * One that moves every element of every value it computes to a float32 next to it, by chance, whole numbers excepted: how far
     * its results are from the reference's says what float32 can make of the program at the least. Every evaluation draws
     * anew; a seed gives the same ones each time.
     */
    public static Reference rounding(Program program, Function<String, Tensor> parameters, Workers workers, long seed) {
        return new Reference(program, parameters, workers, new SplittableRandom(seed));
    }

    /** What the caller gives: row-major, {@code shape} with the batch first. */
    public record Array(double[] data, long[] shape) {}

    /**
     * A value, row-major.
     *
     * @param shape with the batch first where {@code batched}, that is, where the value depends on an input
     */
    public record Result(double[] data, long[] shape, boolean batched) {}

    /** One evaluation without keeping anything, for programs whose lengths are all lengths of inputs. */
    public static Map<String, Result> evaluate(
            Program program,
            Map<String, Array> inputs,
            Function<String, Tensor> parameters,
            Collection<String> wanted) {
        return new Reference(program, parameters, Sequential.INSTANCE).evaluate(inputs, Map.of(), wanted);
    }

    /**
     * Evaluates outputs and named values.
     *
     * @param inputs by input name; each value {@code [batch, shape...]}
     * @param lengths symbols that no input's shape gives
     * @param wanted names of outputs or paths of named values
     * @return by the names in {@code wanted}, in their order
     * @throws TfxException TFX0501 for an index outside a value, TFX0502 for a missing input or name, TFX0503 for an input
     *     of the wrong shape, TFX0504 for a value too large to store
     */
    public Map<String, Result> evaluate(
            Map<String, Array> inputs, Map<String, Long> lengths, Collection<String> wanted) {
        Map<String, Value> roots = new LinkedHashMap<>();
        for (String name : wanted) {
            Value value = program.outputs().getOrDefault(name, program.named().get(name));
            if (value == null) {
                throw new TfxException(Diagnostic.error(
                        "TFX0502", name, "the model has no value of this name", "see `tfx explain` for its values"));
            }
            roots.put(name, value);
        }
        List<Value> order = Dependencies.order(roots.values());
        Map<String, Long> all = new HashMap<>(lengths);
        int batch = Lengths.bind(program, order, inputs, all);
        List<Map<Value, Stored>> stored = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            stored.add(run(order, roots.values(), inputs, all, b));
        }
        Map<String, Result> results = new LinkedHashMap<>();
        roots.forEach((name, value) -> results.put(name, gather(value, stored)));
        return results;
    }

    /** Does the value depend on an input, and so differ from one sequence of a batch to the next? */
    boolean batched(Value value) {
        Boolean known = batched.get(value);
        if (known == null) {
            known = value instanceof Value.Input
                    || Dependencies.operands(value).stream().anyMatch(this::batched);
            batched.put(value, known);
        }
        return known;
    }

    private Map<Value, Stored> run(
            List<Value> order,
            Collection<Value> wanted,
            Map<String, Array> inputs,
            Map<String, Long> lengths,
            int sequence) {
        Map<Value, Integer> readers = new IdentityHashMap<>();
        wanted.forEach(value -> readers.merge(value, 1, Integer::sum));
        order.forEach(
                value -> Dependencies.operands(value).forEach(operand -> readers.merge(operand, 1, Integer::sum)));
        Map<Value, Stored> stored = new IdentityHashMap<>();
        for (Value value : order) {
            switch (value) {
                case Value.Parameter parameter -> stored.put(value, parameter(parameter));
                case Value.Input input -> stored.put(value, input(input, inputs.get(input.name()), sequence));
                case Value.Comprehension comprehension ->
                    stored.put(value, compute(comprehension, lengths, stored::get));
                case Value.Stack stack -> {
                    // A stack's parts live as long as the stack.
                    stack.parts().forEach(part -> readers.merge(part, 1, Integer::sum));
                }
            }
            for (Value operand : Dependencies.operands(value)) {
                if (readers.merge(operand, -1, Integer::sum) == 0) {
                    stored.remove(operand);
                }
            }
        }
        return stored;
    }

    private Stored parameter(Value.Parameter parameter) {
        return loaded.computeIfAbsent(parameter, p -> {
            Tensor tensor = parameters.apply(parameter.name());
            long[] shape = parameter.shape().stream().mapToLong(Size::constant).toArray();
            if (tensor == null || !Arrays.equals(tensor.shape(), shape)) {
                throw new IllegalStateException("parameter " + parameter.name() + ": not of shape "
                        + Arrays.toString(shape) + (tensor == null ? "" : " but " + Arrays.toString(tensor.shape())));
            }
            int[] extents = Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
            return Stored.dense(Elements.dense(tensor), extents);
        });
    }

    private static Stored input(Value.Input input, Array given, int sequence) {
        int[] extents =
                Arrays.stream(given.shape()).skip(1).mapToInt(Math::toIntExact).toArray();
        int count = Arrays.stream(extents).reduce(1, Math::multiplyExact);
        double[] data = Arrays.copyOfRange(given.data(), sequence * count, (sequence + 1) * count);
        return Stored.dense(data, extents);
    }

    private Stored compute(Value.Comprehension value, Map<String, Long> lengths, Function<Value, Stored> storage) {
        Stored output = Lowering.allocate(value, lengths);
        ComprehensionRoot root = new Lowering(lengths, storage).comprehension(value, output);
        root.fill(output.data().length, workers);
        if (rounding != null) {
            Arrays.setAll(output.data(), i -> neighbour(output.data()[i], rounding));
        }
        return output;
    }

    private static double neighbour(double value, SplittableRandom random) {
        if (value == Math.rint(value) || !Double.isFinite(value)) {
            return value;
        }
        return random.nextBoolean() ? Math.nextUp((float) value) : Math.nextDown((float) value);
    }

    private Result gather(Value value, List<Map<Value, Stored>> stored) {
        if (value instanceof Value.Stack stack) {
            return Stacks.gather(
                    stack.parts().stream().map(part -> gather(part, stored)).toList());
        }
        Stored first = stored.getFirst().get(value);
        if (!batched(value)) {
            return new Result(first.data(), first.shape(), false);
        }
        int count = first.data().length;
        double[] data = new double[Math.multiplyExact(count, stored.size())];
        for (int b = 0; b < stored.size(); b++) {
            System.arraycopy(stored.get(b).get(value).data(), 0, data, b * count, count);
        }
        long[] shape = new long[first.extents().length + 1];
        shape[0] = stored.size();
        System.arraycopy(first.shape(), 0, shape, 1, shape.length - 1);
        return new Result(data, shape, true);
    }
}
