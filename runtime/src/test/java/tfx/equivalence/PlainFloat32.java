package tfx.equivalence;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Scalars;

/**
 * The unfused program in float32, operation by operation, value by value, sums from left to right: the error that any
 * evaluation in float32 has, against which the compiled engine's is held. One sequence.
 */
final class PlainFloat32 {
    private final Map<String, Long> lengths;
    private final Map<Value, float[]> arrays = new IdentityHashMap<>();
    private final Map<Index, Long> at = new HashMap<>();
    private final boolean reversed;
    private final @Nullable SplittableRandom rounding;

    /** Evaluations that are as plain as each other, and differ by what float32 leaves open. */
    enum Way {
        FORWARD,
        /** Reductions run from the last point to the first. */
        REVERSED,
        /** What is no float becomes one of its two neighbours by chance, and two uses of one value may differ by one. */
        SCATTERED
    }

    private PlainFloat32(Map<String, Long> lengths, Way way) {
        this.lengths = lengths;
        this.reversed = way == Way.REVERSED;
        this.rounding = way == Way.SCATTERED ? new SplittableRandom(1) : null;
    }

    /** Every output, row-major. */
    static Map<String, float[]> run(Program program, long length, Map<Value, float[]> given, Way way) {
        PlainFloat32 plain =
                new PlainFloat32(program.length() == null ? Map.of() : Map.of(program.length(), length), way);
        plain.arrays.putAll(given);
        for (Value value : Programs.order(program)) {
            if (value instanceof Value.Comprehension definition) {
                float[] elements = new float[plain.count(definition)];
                plain.arrays.put(definition, elements);
                plain.fill(definition, 0, 0, elements);
            }
        }
        Map<String, float[]> outputs = new TreeMap<>();
        program.outputs().forEach((name, value) -> outputs.put(name, plain.arrays.get(value)));
        return outputs;
    }

    private long size(Size size) {
        return size.isConstant() ? size.constant() : size.evaluate(lengths);
    }

    private int count(Value value) {
        long count = 1;
        for (Size size : value.shape()) {
            count *= size(size);
        }
        return Math.toIntExact(count);
    }

    private void fill(Value.Comprehension value, int dimension, int offset, float[] into) {
        if (dimension == value.indices().size()) {
            into[offset] = evaluate(value.domain()) == 0 ? 0 : (float) evaluate(value.body());
            return;
        }
        Index index = value.indices().get(dimension);
        int extent = Math.toIntExact(size(index.size()));
        for (int i = 0; i < extent; i++) {
            at.put(index, (long) i);
            fill(value, dimension + 1, offset * extent + i, into);
        }
        at.remove(index);
    }

    /** Integers are exact in double; every real operation is rounded to float. */
    private double evaluate(Expr expr) {
        return switch (expr) {
            case Expr.Number(double value) -> value == Math.rint(value) ? value : (float) value;
            case Expr.At(Index index) -> at.get(index);
            case Expr.Length(Size size) -> size(size);
            case Expr.Read(Value value, List<Expr> indices) -> read(value, indices);
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> rounded(Scalars.unary(op, evaluate(operand)));
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) ->
                rounded(Scalars.binary(op, evaluate(left), evaluate(right)));
            case Expr.Select(Expr condition, Expr then, Expr otherwise) ->
                evaluate(evaluate(condition) != 0 ? then : otherwise);
            case Expr.Reduce reduce -> reduce(reduce, 0, reduce.monoid().identity());
            case Expr.Fold fold -> throw new IllegalArgumentException("a fold in an unfused program");
            case Expr.Accumulated(int number) -> throw new IllegalArgumentException("a fold in an unfused program");
        };
    }

    private float rounded(double value) {
        float nearest = (float) value;
        if (rounding == null || nearest == value || !Float.isFinite(nearest) || rounding.nextBoolean()) {
            return nearest;
        }
        return nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
    }

    /** A computed value may be computed again where it is used, in another order: integers stay what they are. */
    private float scattered(float value) {
        if (rounding == null || value == Math.rint(value) || !Float.isFinite(value)) {
            return value;
        }
        return switch (rounding.nextInt(3)) {
            case 0 -> Math.nextUp(value);
            case 1 -> Math.nextDown(value);
            default -> value;
        };
    }

    private double read(Value value, List<Expr> indices) {
        Value from = value;
        int first = 0;
        while (from instanceof Value.Stack stack) {
            from = stack.parts().get((int) evaluate(indices.get(first++)));
        }
        int offset = 0;
        for (int k = first; k < indices.size(); k++) {
            long extent = size(from.shape().get(k - first));
            double index = evaluate(indices.get(k));
            if (!(index >= 0 && index < extent && index == Math.rint(index))) {
                throw new IndexOutOfBoundsException(from + " at " + index + " of " + extent);
            }
            offset = (int) (offset * extent + (long) index);
        }
        float stored = arrays.get(from)[offset];
        return from instanceof Value.Comprehension ? scattered(stored) : stored;
    }

    private double reduce(Expr.Reduce reduce, int depth, double sofar) {
        if (depth == reduce.indices().size()) {
            return evaluate(reduce.domain()) == 0
                    ? sofar
                    : rounded(Scalars.combine(reduce.monoid(), sofar, evaluate(reduce.body())));
        }
        Index index = reduce.indices().get(depth);
        Long before = at.get(index);
        double result = sofar;
        long extent = size(index.size());
        for (long i = 0; i < extent; i++) {
            at.put(index, reversed ? extent - 1 - i : i);
            result = reduce(reduce, depth + 1, result);
        }
        if (before == null) {
            at.remove(index);
        } else {
            at.put(index, before);
        }
        return result;
    }
}
