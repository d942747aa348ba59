package tfx.equivalence;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

    private PlainFloat32(Map<String, Long> lengths, boolean reversed) {
        this.lengths = lengths;
        this.reversed = reversed;
    }

    /**
     * Every output, row-major.
     *
     * @param reversed reductions run from the last point to the first: another, equally plain evaluation
     */
    static Map<String, float[]> run(Program program, long length, Map<Value, float[]> given, boolean reversed) {
        PlainFloat32 plain =
                new PlainFloat32(program.length() == null ? Map.of() : Map.of(program.length(), length), reversed);
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
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> (float) Scalars.unary(op, evaluate(operand));
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) ->
                (float) Scalars.binary(op, evaluate(left), evaluate(right));
            case Expr.Select(Expr condition, Expr then, Expr otherwise) ->
                evaluate(evaluate(condition) != 0 ? then : otherwise);
            case Expr.Reduce reduce -> reduce(reduce, 0, reduce.monoid().identity());
            case Expr.Fold fold -> throw new IllegalArgumentException("a fold in an unfused program");
            case Expr.Accumulated(int number) -> throw new IllegalArgumentException("a fold in an unfused program");
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
        return arrays.get(from)[offset];
    }

    private double reduce(Expr.Reduce reduce, int depth, double sofar) {
        if (depth == reduce.indices().size()) {
            return evaluate(reduce.domain()) == 0
                    ? sofar
                    : (float) Scalars.combine(reduce.monoid(), sofar, evaluate(reduce.body()));
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
