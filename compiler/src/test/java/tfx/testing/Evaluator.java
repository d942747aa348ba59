package tfx.testing;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Storage;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Size;
import tfx.ir.Value;

/** Evaluates programs by the definitions, in float64, for tests: slow and obviously right. Shapes: row-major, no batch. */
public final class Evaluator {
    private final Map<Value, double[]> arrays = new HashMap<>();
    private final Map<Index, Long> at = new HashMap<>();
    private final Map<String, Long> lengths;
    private final Map<String, Long> whole;
    private final Map<Value, long[]> strides = new HashMap<>();
    private double[] accumulated = {};

    private Evaluator(Map<String, Long> lengths, Map<Value, double[]> given) {
        this.lengths = lengths;
        this.whole = Map.copyOf(lengths);
        arrays.putAll(given);
    }

    /** Every output of {@code program} by name, for the inputs and parameters {@code given}. */
    public static Map<String, double[]> run(Program program, long length, Map<Value, double[]> given) {
        Evaluator evaluator = new Evaluator(lengths(program.length(), length), given);
        for (Value value : Programs.order(program)) {
            if (value instanceof Value.Comprehension definition) {
                evaluator.arrays.put(definition, new double[evaluator.count(definition)]);
                evaluator.compute(definition, 0, length, -1);
            }
        }
        Map<String, double[]> outputs = new HashMap<>();
        program.outputs().forEach((name, value) -> outputs.put(name, evaluator.array(value)));
        return outputs;
    }

    /**
     * The outputs after the steps {@code 0 .. cuts[0], cuts[0] .. cuts[1], ...}, computing only each step's rows. Before a step
     * every row that the placements allow to be gone is overwritten with NaN.
     */
    public static Map<String, double[]> steps(
            Schedule schedule, long length, Map<Value, double[]> given, long... cuts) {
        Evaluator evaluator = new Evaluator(lengths(schedule.length(), length), given);
        for (Kernel kernel : schedule.loadTime()) {
            evaluator.arrays.put(kernel.output(), new double[evaluator.count(kernel.output())]);
            evaluator.compute(kernel.output(), 0, length, -1);
        }
        Map<String, double[]> outputs = new HashMap<>();
        schedule.kernels().forEach(k -> evaluator.arrays.put(k.output(), new double[evaluator.count(k.output())]));
        schedule.outputs().forEach((name, value) -> outputs.put(name, new double[evaluator.count(value)]));
        long start = 0;
        for (long end : cuts) {
            for (Kernel kernel : schedule.kernels()) {
                Placement placement = schedule.placements().get(kernel.output());
                long oldest = start - (placement.storage() == Storage.CACHE ? Math.min(start, placement.past()) : 0);
                long first = start;
                double[] array = evaluator.arrays.get(kernel.output());
                evaluator.rows(
                        kernel.output(),
                        placement.sequenceAxis(),
                        array,
                        (index, row) -> row < oldest || row >= first ? Double.NaN : array[index]);
            }
            evaluator.lengths.put(schedule.length(), end);
            for (Kernel kernel : schedule.kernels()) {
                int axis = schedule.placements().get(kernel.output()).sequenceAxis();
                evaluator.compute(kernel.output(), start, end, axis);
            }
            evaluator.lengths.put(schedule.length(), length);
            long from = start;
            schedule.outputs().forEach((name, value) -> {
                int axis = schedule.placements().containsKey(value)
                        ? schedule.placements().get(value).sequenceAxis()
                        : -1;
                double[] out = outputs.get(name);
                double[] now = evaluator.array(value);
                evaluator.rows(value, axis, out, (index, row) -> row >= from && row < end ? now[index] : out[index]);
            });
            start = end;
        }
        return outputs;
    }

    private interface PerElement {
        double apply(int index, long row);
    }

    private void rows(Value value, int axis, double[] array, PerElement f) {
        long inner = 1;
        List<Size> shape = value.shape();
        for (int i = axis + 1; i < shape.size(); i++) {
            inner *= size(shape.get(i));
        }
        long rows = axis < 0 ? 1 : size(shape.get(axis));
        for (int i = 0; i < array.length; i++) {
            array[i] = f.apply(i, axis < 0 ? Long.MAX_VALUE : i / inner % rows);
        }
    }

    private static Map<String, Long> lengths(String symbol, long length) {
        Map<String, Long> lengths = new HashMap<>();
        if (symbol != null) {
            lengths.put(symbol, length);
        }
        return lengths;
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

    private double[] array(Value value) {
        return switch (value) {
            case Value.Stack stack -> {
                double[] all = new double[count(stack)];
                int at = 0;
                for (Value part : stack.parts()) {
                    double[] one = array(part);
                    System.arraycopy(one, 0, all, at, one.length);
                    at += one.length;
                }
                yield all;
            }
            default -> arrays.get(value);
        };
    }

    /** Arrays keep their full length; {@code axis} is the dimension of which only rows start .. end are computed, or -1. */
    private void compute(Value.Comprehension value, long start, long end, int axis) {
        compute(value, 0, 0, start, end, axis);
    }

    private void compute(Value.Comprehension value, int dimension, long offset, long start, long end, int axis) {
        if (dimension == value.indices().size()) {
            boolean present = evaluate(value.domain()) != 0;
            arrays.get(value)[Math.toIntExact(offset)] = present ? evaluate(value.body()) : 0;
            return;
        }
        Index index = value.indices().get(dimension);
        long from = dimension == axis ? start : 0;
        long to = dimension == axis ? end : size(index.size());
        long whole = stride(value, dimension);
        for (long i = from; i < to; i++) {
            at.put(index, i);
            compute(value, dimension + 1, offset + i * whole, start, end, axis);
        }
        at.remove(index);
    }

    /** Strides of a whole array: fixed when it was first made, whatever the length of the step at hand. */
    private long stride(Value value, int dimension) {
        return strides.computeIfAbsent(value, v -> {
            long[] all = new long[v.shape().size()];
            long stride = 1;
            for (int i = all.length - 1; i >= 0; i--) {
                all[i] = stride;
                Size size = v.shape().get(i);
                stride *= size.isConstant() ? size.constant() : size.evaluate(whole);
            }
            return all;
        })[dimension];
    }

    private double evaluate(Expr expr) {
        return switch (expr) {
            case Expr.Number(double value) -> value;
            case Expr.At(Index index) -> at.get(index);
            case Expr.Length(Size size) -> size(size);
            case Expr.Read(Value value, List<Expr> indices) -> read(value, indices);
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> Scalars.unary(op, evaluate(operand));
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) ->
                Scalars.binary(op, evaluate(left), evaluate(right));
            case Expr.Select(Expr condition, Expr then, Expr otherwise) ->
                evaluate(evaluate(condition) != 0 ? then : otherwise);
            case Expr.Reduce reduce -> reduce(reduce, 0, reduce.monoid().identity());
            case Expr.Fold fold -> fold(fold);
            case Expr.Accumulated(int number) -> accumulated[number];
        };
    }

    private double read(Value value, List<Expr> indices) {
        Value from = value;
        int first = 0;
        while (from instanceof Value.Stack stack) {
            from = stack.parts().get((int) evaluate(indices.get(first++)));
        }
        long offset = 0;
        for (int i = first; i < indices.size(); i++) {
            double index = evaluate(indices.get(i));
            long size = size(from.shape().get(i - first));
            if (index < 0 || index >= size || index != Math.rint(index)) {
                throw new IndexOutOfBoundsException(value + " at " + index + " of " + size);
            }
            offset += (long) index * stride(from, i - first);
        }
        return arrays.get(from)[Math.toIntExact(offset)];
    }

    private double reduce(Expr.Reduce reduce, int depth, double so) {
        if (depth == reduce.indices().size()) {
            return evaluate(reduce.domain()) == 0 ? so : Scalars.combine(reduce.monoid(), so, evaluate(reduce.body()));
        }
        Index index = reduce.indices().get(depth);
        Long before = at.get(index);
        double result = so;
        for (long i = 0; i < size(index.size()); i++) {
            at.put(index, i);
            result = reduce(reduce, depth + 1, result);
        }
        restore(index, before);
        return result;
    }

    private void restore(Index index, Long before) {
        if (before == null) {
            at.remove(index);
        } else {
            at.put(index, before);
        }
    }

    private double fold(Expr.Fold fold) {
        double[] outer = accumulated;
        List<Expr.Accumulator> all = fold.accumulators();
        double[] running = all.stream().mapToDouble(a -> a.monoid().identity()).toArray();
        Long before = at.get(fold.index());
        boolean none = true;
        for (long i = 0; i < size(fold.index().size()); i++) {
            at.put(fold.index(), i);
            if (evaluate(fold.domain()) == 0) {
                continue;
            }
            none = false;
            double[] last = running.clone();
            for (int k = 0; k < running.length; k++) {
                Expr.Accumulator accumulator = all.get(k);
                int shift = accumulator.shift();
                accumulated = shown(running, shift);
                if (shift >= 0 && running[shift] > last[shift]) {
                    running[k] *= Math.exp(last[shift] - running[shift]);
                }
                running[k] = Scalars.combine(accumulator.monoid(), running[k], evaluate(accumulator.body()));
            }
        }
        restore(fold.index(), before);
        accumulated = running;
        double result = none ? 0 : evaluate(fold.result());
        accumulated = outer;
        return result;
    }

    private static double[] shown(double[] running, int shift) {
        double[] shown = Arrays.copyOf(running, running.length);
        if (shift >= 0 && shown[shift] == Double.NEGATIVE_INFINITY) {
            shown[shift] = 0;
        }
        return shown;
    }
}
