package tfx.runtime.reference;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** How the place of a read moves with one index. */
final class Movement {
    private Movement() {}

    /** {dimension, factor} where exactly one dimension moves and by a constant; null otherwise. */
    static int @Nullable [] of(Expr.Read read, Index index, Map<String, Long> lengths) {
        int[] move = null;
        for (int k = 0; k < read.at().size(); k++) {
            Long factor = factor(read.at().get(k), index, lengths);
            boolean choosesPart = read.value() instanceof Value.Stack && k == 0;
            if (factor == null || (factor != 0 && (move != null || choosesPart)) || Math.abs(factor) > 1 << 24) {
                return null;
            }
            if (factor != 0) {
                int dimension = read.value() instanceof Value.Stack ? k - 1 : k;
                move = new int[] {dimension, factor.intValue()};
            }
        }
        return move;
    }

    /** By how much {@code expr} grows with {@code index}; null where that is not a constant. */
    private static @Nullable Long factor(Expr expr, Index index, Map<String, Long> lengths) {
        return switch (expr) {
            case Expr.Number number -> 0L;
            case Expr.Length length -> 0L;
            case Expr.At at -> at.index() == index ? 1L : 0L;
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> {
                Long of = factor(operand, index, lengths);
                yield of == null || of == 0 ? of : op == Expr.UnaryOp.NEG ? Long.valueOf(-of) : null;
            }
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) -> {
                Long a = factor(left, index, lengths);
                Long b = factor(right, index, lengths);
                if (a == null || b == null) {
                    yield null;
                }
                if (a == 0 && b == 0) {
                    yield 0L;
                }
                yield switch (op) {
                    case ADD -> Long.valueOf(a + b);
                    case SUB -> Long.valueOf(a - b);
                    case MUL -> {
                        Long scale = constant(a == 0 ? left : right, lengths);
                        yield scale == null || (a != 0 && b != 0) ? null : Long.valueOf(scale * (a + b));
                    }
                    default -> null;
                };
            }
            case Expr.Read read -> {
                for (Expr at : read.at()) {
                    Long of = factor(at, index, lengths);
                    if (of == null || of != 0) {
                        yield null;
                    }
                }
                yield 0L;
            }
            default -> null;
        };
    }

    private static @Nullable Long constant(Expr expr, Map<String, Long> lengths) {
        return switch (expr) {
            case Expr.Number number when number.value() == (long) number.value() -> (long) number.value();
            case Expr.Length length -> length.size().evaluate(lengths);
            default -> null;
        };
    }
}
