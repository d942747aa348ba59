package tfx.compiler.schedule;

import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * What a step takes at least: floating-point operations (a function counts as one) and bytes moved, each operand once. Every
 * part is counted at the points of the indices it depends on, so what an engine can share is counted once. Predicates on
 * reductions along the sequence count as if half of the sequence passed where the step is a whole one.
 */
public final class Costs {
    /**
     * The cost of one kernel over one step.
     *
     * @param bytesRead of all operands
     * @param parameterBytes of those, what belongs to parameters
     */
    public record Cost(String kernel, double flops, double bytesRead, double parameterBytes, double bytesWritten) {
        public double bytes() {
            return bytesRead + bytesWritten;
        }

        /** Both together, under the name given. */
        public Cost plus(Cost other, String name) {
            return new Cost(
                    name,
                    flops + other.flops,
                    bytesRead + other.bytesRead,
                    parameterBytes + other.parameterBytes,
                    bytesWritten + other.bytesWritten);
        }
    }

    private final Step step;
    private final String length;

    private Costs(Step step, String length) {
        this.step = step;
        this.length = length;
    }

    /** How many numbers the model's parameters hold. */
    public static long parameters(Program program) {
        return program.parameters().stream().mapToLong(Costs::count).sum();
    }

    /** How many elements a value of constant shape has. */
    public static long count(Value value) {
        return value.shape().stream().mapToLong(Size::constant).reduce(1, Math::multiplyExact);
    }

    /** One cost per kernel of a step, in order. {@code types} gives the element type that a value is stored as. */
    public static List<Cost> of(Schedule schedule, Step step, Function<Value, ElementType> types) {
        return schedule.kernels().stream()
                .map(kernel -> of(schedule, kernel, step, types))
                .toList();
    }

    /** The cost of one kernel of the schedule over a step. */
    public static Cost of(Schedule schedule, Kernel kernel, Step step, Function<Value, ElementType> types) {
        Costs costs = new Costs(step, schedule.length());
        Value.Comprehension output = kernel.output();
        Index row = costs.rowOf(output);
        double read = 0;
        double parameters = 0;
        for (Value operand : kernel.operands()) {
            double bytes = costs.elements(operand, schedule, output)
                    * types.apply(operand).bytes();
            read += bytes;
            parameters += operand instanceof Value.Parameter ? bytes : 0;
        }
        double points = costs.points(new HashSet<>(output.indices()), row);
        return new Cost(
                kernel.name(),
                costs.flops(output, row),
                read,
                parameters,
                points * step.batch() * types.apply(output).bytes());
    }

    /** Elements of an operand that a step touches; of a table read by ids, only the rows read. */
    private double elements(Value operand, Schedule schedule, Value.Comprehension reader) {
        Placement placement = schedule.placements().get(operand);
        boolean shared = placement == null || placement.storage() == Storage.LOAD_TIME;
        double all = shared ? 1 : step.batch();
        int axis = Scheduler.sequenceAxis(operand, length);
        boolean whole = placement != null && placement.storage() == Storage.CACHE && reads(reader, operand, axis);
        List<Size> shape = operand.shape();
        for (int i = 0; i < shape.size(); i++) {
            all *= i == axis && !whole ? step.end() - step.start() : size(shape.get(i));
        }
        boolean gathered = gathers(reader.body(), operand);
        double read = points(new HashSet<>(reader.indices()), rowOf(reader)) * step.batch();
        return gathered ? Math.min(all, read) : all;
    }

    /** Whether a reader takes other rows of an operand than its own. */
    private boolean reads(Value.Comprehension reader, Value operand, int axis) {
        Index row = rowOf(reader);
        boolean[] others = {row == null};
        for (Expr root : List.of(reader.domain(), reader.body())) {
            Exprs.forEach(
                    root,
                    part -> others[0] |= part instanceof Expr.Read read
                            && read.value().equals(operand)
                            && !read.at().get(axis).equals(new Expr.At(row)));
        }
        return others[0];
    }

    private Index rowOf(Value.Comprehension value) {
        int axis = Scheduler.sequenceAxis(value, length);
        return axis < 0 ? null : value.indices().get(axis);
    }

    private static boolean gathers(Expr body, Value operand) {
        boolean[] found = {false};
        Exprs.forEach(
                body,
                part -> found[0] |= part instanceof Expr.Read read
                        && read.value().equals(operand)
                        && read.at().stream().anyMatch(at -> !Exprs.reads(at).isEmpty()));
        return found[0];
    }

    private double flops(Value.Comprehension output, Index row) {
        Map<Expr, Boolean> seen = new IdentityHashMap<>();
        return step.batch() * count(output.body(), new HashSet<>(output.indices()), row, seen);
    }

    private double count(Expr expr, Set<Index> all, Index row, Map<Expr, Boolean> seen) {
        if (expr instanceof Expr.Read || seen.put(expr, true) != null) {
            return 0;
        }
        double[] sum = {0};
        switch (expr) {
            case Expr.Reduce reduce -> {
                sum[0] += reached(reduce.body(), reduce.indices(), all, row, reduce.domain());
                sum[0] += share(reduce.indices(), reduce.domain()) * count(reduce.body(), all, row, seen);
            }
            case Expr.Fold fold -> {
                double part = share(List.of(fold.index()), fold.domain());
                for (Expr.Accumulator accumulator : fold.accumulators()) {
                    sum[0] += reached(accumulator.body(), List.of(fold.index()), all, row, fold.domain());
                    sum[0] += part * count(accumulator.body(), all, row, seen);
                }
                sum[0] += count(fold.result(), all, row, seen);
            }
            case Expr.Unary unary -> sum[0] += points(Exprs.free(expr), row);
            case Expr.Binary binary -> sum[0] += points(Exprs.free(expr), row);
            default -> {}
        }
        if (!(expr instanceof Expr.Reduce) && !(expr instanceof Expr.Fold)) {
            Exprs.parts(expr, part -> sum[0] += count(part, all, row, seen));
        }
        return sum[0];
    }

    /** The combinations of a reduction: one per point of its body. */
    private double reached(Expr body, List<Index> over, Set<Index> all, Index row, Expr domain) {
        Set<Index> indices = new HashSet<>(Exprs.free(body));
        indices.addAll(over);
        return points(indices, row) * share(over, domain);
    }

    private double share(List<Index> over, Expr domain) {
        boolean along = over.stream().anyMatch(index -> index.size().symbols().contains(length));
        return along && !domain.equals(Expr.TRUE) && step.start() == 0 ? (step.end() + 1) / (2.0 * step.end()) : 1;
    }

    private double points(Set<Index> indices, Index row) {
        double points = 1;
        for (Index index : indices) {
            points *= index.equals(row) ? step.end() - step.start() : size(index.size());
        }
        return points;
    }

    private double size(Size size) {
        return size.isConstant() ? size.constant() : size.evaluate(Map.of(length, step.end()));
    }
}
