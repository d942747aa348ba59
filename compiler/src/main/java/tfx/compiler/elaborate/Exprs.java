package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Size;

/** Builds and rewrites scalar expressions; folds constants on the way. */
final class Exprs {
    private Exprs() {}

    static Expr length(Size size) {
        return size.isConstant() ? new Expr.Number(size.constant()) : new Expr.Length(size);
    }

    static Expr and(Expr a, Expr b) {
        if (a.equals(Expr.FALSE) || b.equals(Expr.FALSE)) {
            return Expr.FALSE;
        }
        return tfx.ir.Exprs.and(a, b);
    }

    static Expr select(Expr condition, Expr then, Expr otherwise) {
        if (condition instanceof Expr.Number known) {
            return known.value() != 0 ? then : otherwise;
        }
        return then.equals(otherwise) ? then : new Expr.Select(condition, then, otherwise);
    }

    static Expr unary(UnaryOp op, Expr operand) {
        return operand instanceof Expr.Number number
                ? new Expr.Number(Numbers.apply(op, number.value()))
                : new Expr.Unary(op, operand);
    }

    static Expr binary(BinaryOp op, Expr a, Expr b) {
        if (a instanceof Expr.Number left && b instanceof Expr.Number right) {
            return new Expr.Number(Numbers.apply(op, left.value(), right.value()));
        }
        return op == BinaryOp.AND ? and(a, b) : new Expr.Binary(op, a, b);
    }

    /** {@code expr} with indices replaced. Indices bound inside are fresh, so nothing is captured. */
    static Expr replace(Expr expr, Map<Index, Expr> by) {
        if (by.isEmpty()) {
            return expr;
        }
        return switch (expr) {
            case Expr.Number number -> number;
            case Expr.Length length -> length;
            case Expr.Accumulated accumulated -> accumulated;
            case Expr.At at -> by.getOrDefault(at.index(), at);
            case Expr.Read read -> {
                List<Expr> at = new ArrayList<>(read.at().size());
                read.at().forEach(index -> at.add(replace(index, by)));
                yield new Expr.Read(read.value(), at);
            }
            case Expr.Unary unary -> unary(unary.op(), replace(unary.operand(), by));
            case Expr.Binary binary -> binary(binary.op(), replace(binary.left(), by), replace(binary.right(), by));
            case Expr.Select select ->
                select(replace(select.condition(), by), replace(select.then(), by), replace(select.otherwise(), by));
            case Expr.Reduce reduce ->
                new Expr.Reduce(
                        reduce.monoid(), reduce.indices(), replace(reduce.domain(), by), replace(reduce.body(), by));
            case Expr.Fold fold -> throw new IllegalStateException("elaboration makes no folds");
        };
    }

    /** Whether any part of {@code expr} fits. */
    static boolean any(Expr expr, Predicate<Expr> fits) {
        if (fits.test(expr)) {
            return true;
        }
        return switch (expr) {
            case Expr.Read read -> read.at().stream().anyMatch(index -> any(index, fits));
            case Expr.Unary unary -> any(unary.operand(), fits);
            case Expr.Binary binary -> any(binary.left(), fits) || any(binary.right(), fits);
            case Expr.Select select ->
                any(select.condition(), fits) || any(select.then(), fits) || any(select.otherwise(), fits);
            case Expr.Reduce reduce -> any(reduce.domain(), fits) || any(reduce.body(), fits);
            default -> false;
        };
    }

    /** The number of nodes, counted up to a little above {@code most}. */
    static int nodes(Expr expr, int most) {
        if (most < 0) {
            return 1;
        }
        return switch (expr) {
            case Expr.Read read -> {
                int sum = 1;
                for (Expr index : read.at()) {
                    sum += nodes(index, most - sum);
                }
                yield sum;
            }
            case Expr.Unary unary -> 1 + nodes(unary.operand(), most - 1);
            case Expr.Binary binary -> {
                int left = nodes(binary.left(), most - 1);
                yield 1 + left + nodes(binary.right(), most - 1 - left);
            }
            case Expr.Select select -> {
                int sum = 1 + nodes(select.condition(), most - 1);
                sum += nodes(select.then(), most - sum);
                yield sum + nodes(select.otherwise(), most - sum);
            }
            case Expr.Reduce reduce -> {
                int sum = 1 + nodes(reduce.domain(), most - 1);
                yield sum + nodes(reduce.body(), most - sum);
            }
            default -> 1;
        };
    }

    /** Whether the expression is heavy enough that using it twice should not repeat it. */
    static boolean heavy(Expr expr) {
        return any(expr, part -> part instanceof Expr.Reduce) || nodes(expr, 48) > 48;
    }
}
