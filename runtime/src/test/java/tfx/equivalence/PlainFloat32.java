package tfx.equivalence;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Scalars;

/**
 * The unfused program in float32, operation by operation, value by value: the error that any evaluation in float32 has,
 * against which the compiled engine's is held. Beside every number goes the error to be expected of it: of each operation a
 * unit in the last place, and what the operation makes of its operands' errors, as if these were independent. One sequence.
 */
final class PlainFloat32 {
    private final Map<String, Long> lengths;
    private final Map<Value, Elements> arrays = new IdentityHashMap<>();
    private final Map<Index, Long> at = new HashMap<>();
    private final boolean reversed;

    /** A tensor, row-major, and the error to be expected of each element: infinite where nothing can be said. */
    record Elements(float[] values, double[] errors) {}

    /** A number as float32, and the error to be expected of it. */
    private record Approximate(double value, double error) {
        static Approximate exactly(double value) {
            return new Approximate(value, 0);
        }

        boolean holds() {
            return value != 0;
        }
    }

    private PlainFloat32(Map<String, Long> lengths, boolean reversed) {
        this.lengths = lengths;
        this.reversed = reversed;
    }

    /**
     * Every output.
     *
     * @param reversed whether reductions run from the last point to the first
     */
    static Map<String, Elements> run(Program program, long length, Map<Value, float[]> given, boolean reversed) {
        PlainFloat32 plain =
                new PlainFloat32(program.length() == null ? Map.of() : Map.of(program.length(), length), reversed);
        given.forEach((value, data) -> plain.arrays.put(value, new Elements(data, new double[data.length])));
        for (Value value : Programs.order(program)) {
            if (value instanceof Value.Comprehension definition) {
                int count = plain.count(definition);
                Elements elements = new Elements(new float[count], new double[count]);
                plain.arrays.put(definition, elements);
                plain.fill(definition, 0, 0, elements);
            }
        }
        Map<String, Elements> outputs = new TreeMap<>();
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

    private void fill(Value.Comprehension value, int dimension, int offset, Elements into) {
        if (dimension == value.indices().size()) {
            Approximate admitted = evaluate(value.domain());
            Approximate element = admitted.holds() ? evaluate(value.body()) : Approximate.exactly(0);
            into.values[offset] = (float) element.value;
            into.errors[offset] = chosen(admitted, element).error;
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
    private Approximate evaluate(Expr expr) {
        return switch (expr) {
            case Expr.Number(double value) -> rounded(value, 0);
            case Expr.At(Index index) -> Approximate.exactly(at.get(index));
            case Expr.Length(Size size) -> Approximate.exactly(size(size));
            case Expr.Read(Value value, List<Expr> indices) -> read(value, indices);
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> {
                Approximate x = evaluate(operand);
                yield applied((a, unused) -> Scalars.unary(op, a), x, Approximate.exactly(0));
            }
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) -> {
                Approximate x = evaluate(left);
                // What a conjunction guards is looked at only where it holds.
                boolean and = op == Expr.BinaryOp.AND;
                boolean decided = and ? !x.holds() : op == Expr.BinaryOp.OR && x.holds();
                Approximate y = decided ? Approximate.exactly(and ? 1 : 0) : evaluate(right);
                yield applied((a, b) -> Scalars.binary(op, a, b), x, y);
            }
            case Expr.Select(Expr condition, Expr then, Expr otherwise) -> {
                Approximate decision = evaluate(condition);
                yield chosen(decision, evaluate(decision.holds() ? then : otherwise));
            }
            case Expr.Reduce reduce ->
                reduce(reduce, 0, Approximate.exactly(reduce.monoid().identity()));
            case Expr.Fold fold -> throw new IllegalArgumentException("a fold in an unfused program");
            case Expr.Accumulated(int number) -> throw new IllegalArgumentException("a fold in an unfused program");
        };
    }

    /** What was chosen by a decision that might have been another: nothing is known of it. */
    private static Approximate chosen(Approximate decision, Approximate value) {
        return decision.error == 0 ? value : new Approximate(value.value, Double.POSITIVE_INFINITY);
    }

    /** What each error makes of the result alone, and both make of it beyond that, as in a product of two zeros. */
    private static Approximate applied(DoubleBinaryOperator f, Approximate x, Approximate y) {
        double value = f.applyAsDouble(x.value, y.value);
        double byX = 0;
        double byY = 0;
        double byBoth = 0;
        if (x.error > 0) {
            double above = f.applyAsDouble(x.value + x.error, y.value) - value;
            byX = Math.max(Math.abs(above), Math.abs(f.applyAsDouble(x.value - x.error, y.value) - value));
        }
        if (y.error > 0) {
            double above = f.applyAsDouble(x.value, y.value + y.error) - value;
            byY = Math.max(Math.abs(above), Math.abs(f.applyAsDouble(x.value, y.value - y.error) - value));
            byBoth = f.applyAsDouble(x.value + x.error, y.value + y.error)
                    - f.applyAsDouble(x.value + x.error, y.value)
                    - above;
        }
        double error = Math.hypot(Math.hypot(byX, byY), byBoth);
        return rounded(value, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
    }

    /** Whole numbers are exact. */
    private static Approximate rounded(double value, double error) {
        float nearest = (float) value;
        return value == Math.rint(value)
                ? new Approximate(error == 0 ? value : nearest, error)
                : new Approximate(nearest, Math.hypot(error, Math.ulp(nearest)));
    }

    private Approximate read(Value value, List<Expr> indices) {
        Value from = value;
        int first = 0;
        while (from instanceof Value.Stack stack) {
            from = stack.parts().get((int) evaluate(indices.get(first++)).value);
        }
        int offset = 0;
        for (int k = first; k < indices.size(); k++) {
            long extent = size(from.shape().get(k - first));
            double index = evaluate(indices.get(k)).value;
            if (!(index >= 0 && index < extent && index == Math.rint(index))) {
                throw new IndexOutOfBoundsException(from + " at " + index + " of " + extent);
            }
            offset = (int) (offset * extent + (long) index);
        }
        Elements elements = arrays.get(from);
        return new Approximate(elements.values[offset], elements.errors[offset]);
    }

    private Approximate reduce(Expr.Reduce reduce, int depth, Approximate sofar) {
        if (depth == reduce.indices().size()) {
            Approximate admitted = evaluate(reduce.domain());
            return chosen(
                    admitted,
                    admitted.holds()
                            ? applied((a, b) -> Scalars.combine(reduce.monoid(), a, b), sofar, evaluate(reduce.body()))
                            : sofar);
        }
        Index index = reduce.indices().get(depth);
        Long before = at.get(index);
        Approximate result = sofar;
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
