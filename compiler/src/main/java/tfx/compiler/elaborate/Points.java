package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;
import tfx.ir.Size;

/** Tries all points of the indices that an index and the conditions around it depend on, where these are not too many. */
final class Points {
    private static final long MOST = 1 << 17;

    /** Stands for a length that the input decides, where that may be so large. */
    private static final long LENGTH = 64;

    /** An index that lies outside, and where. Shown as {@code 8 at e = 2, t = 0}. */
    record Outside(long place, Map<Index, Long> point) {
        @Override
        public String toString() {
            return place
                    + (point.isEmpty() ? "" : " at ")
                    + point.entrySet().stream()
                            .map(at -> at.getKey() + " = " + at.getValue())
                            .collect(Collectors.joining(", "));
        }
    }

    private final Expr index;
    private final long size;
    private final List<Expr> conditions;
    private final Map<String, Long> lengths;
    private final Map<Index, Long> point = new LinkedHashMap<>();

    private Points(Expr index, long size, List<Expr> conditions, Map<String, Long> lengths) {
        this.index = index;
        this.size = size;
        this.conditions = conditions;
        this.lengths = lengths;
    }

    /**
     * A point at which the index lies outside of its dimension and all conditions hold, or may: tensors' values are not known.
     *
     * @param size of the dimension
     * @param limits the largest lengths, by symbol, where there are any
     * @return null where there is none, or where tensors' values say what the index is, or there are too many points
     */
    static @Nullable Outside outside(Expr index, Size size, List<Expr> conditions, Map<String, Size> limits) {
        if (Exprs.any(index, part -> part instanceof Expr.Read || part instanceof Expr.Reduce)) {
            return null;
        }
        List<Expr> all = new ArrayList<>(conditions);
        all.add(index);
        Set<Index> indices = new LinkedHashSet<>();
        Map<String, Long> lengths = new HashMap<>();
        for (Expr expr : all) {
            indices.addAll(tfx.ir.Exprs.free(expr));
            tfx.ir.Exprs.forEach(expr, part -> {
                if (part instanceof Expr.Length length) {
                    assign(length.size(), limits, lengths);
                }
            });
        }
        indices.forEach(i -> assign(i.size(), limits, lengths));
        assign(size, limits, lengths);
        double points = 1;
        for (Index i : indices) {
            points *= i.size().evaluate(lengths);
        }
        Points tried = new Points(index, size.evaluate(lengths), conditions, lengths);
        return points <= MOST && tried.found(List.copyOf(indices), 0)
                ? new Outside((long) tried.value(index), tried.point)
                : null;
    }

    private static void assign(Size size, Map<String, Size> limits, Map<String, Long> lengths) {
        for (String symbol : size.symbols()) {
            Size most = limits.get(symbol);
            lengths.put(symbol, most == null || !most.isConstant() ? LENGTH : Math.min(LENGTH, most.constant()));
        }
    }

    private boolean found(List<Index> indices, int next) {
        if (next == indices.size()) {
            double place = value(index);
            return (place < 0 || place >= size) && conditions.stream().allMatch(condition -> value(condition) != 0);
        }
        Index one = indices.get(next);
        long count = one.size().evaluate(lengths);
        for (long i = 0; i < count; i++) {
            point.put(one, i);
            if (found(indices, next + 1)) {
                return true;
            }
        }
        return false;
    }

    /** NaN where it is not known. */
    private double value(Expr expr) {
        return switch (expr) {
            case Expr.Number number -> number.value();
            case Expr.Length length -> length.size().evaluate(lengths);
            case Expr.At at -> point.get(at.index());
            case Expr.Unary unary -> {
                double operand = value(unary.operand());
                yield Double.isNaN(operand) ? operand : Numbers.apply(unary.op(), operand);
            }
            case Expr.Binary binary -> binary(binary.op(), value(binary.left()), value(binary.right()));
            case Expr.Select select -> {
                double condition = value(select.condition());
                yield Double.isNaN(condition)
                        ? condition
                        : condition != 0 ? value(select.then()) : value(select.otherwise());
            }
            case Expr.Read read -> Double.NaN;
            case Expr.Reduce reduce -> Double.NaN;
            default -> throw new IllegalStateException("not of elaboration: " + expr);
        };
    }

    private static double binary(BinaryOp op, double left, double right) {
        boolean known = !Double.isNaN(left) && !Double.isNaN(right);
        return switch (op) {
            case AND -> left == 0 || right == 0 ? 0 : known ? 1 : Double.NaN;
            case OR -> left == 1 || right == 1 ? 1 : known ? 0 : Double.NaN;
            default -> known ? Numbers.apply(op, left, right) : Double.NaN;
        };
    }
}
