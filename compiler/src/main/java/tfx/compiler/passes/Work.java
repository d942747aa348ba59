package tfx.compiler.passes;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;

/** How much computing an expression takes, as far as choosing between storing and computing again needs to know. */
final class Work {
    /** The length that an open size counts as. */
    private static final long NOMINAL_LENGTH = 1024;

    private Work() {}

    static double size(Size size) {
        if (size.isConstant()) {
            return size.constant();
        }
        Map<String, Long> lengths = new HashMap<>();
        size.symbols().forEach(symbol -> lengths.put(symbol, NOMINAL_LENGTH));
        return size.evaluate(lengths);
    }

    static double points(Collection<Index> indices) {
        double points = 1;
        for (Index index : indices) {
            points *= size(index.size());
        }
        return points;
    }

    static boolean reduces(Expr expr) {
        return any(expr, part -> part instanceof Expr.Reduce || part instanceof Expr.Fold);
    }

    /** Whether a point takes a reduction or a transcendental function. */
    static boolean isCostly(Expr expr) {
        return any(expr, Work::costly);
    }

    private static boolean costly(Expr part) {
        return switch (part) {
            case Expr.Reduce reduce -> true;
            case Expr.Fold fold -> true;
            case Expr.Unary(Expr.UnaryOp op, Expr operand) ->
                switch (op) {
                    case EXP, LOG, SQRT, RSQRT, SIN, COS, TANH, ERF -> true;
                    case NEG, NOT, ABS, FLOOR -> false;
                };
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) -> op == Expr.BinaryOp.POW;
            default -> false;
        };
    }

    /** What a point takes beyond the one read that a stored value would take; index arithmetic is free, a gather is not. */
    static double light(Expr expr) {
        return Math.max(0, operations(expr) - 1);
    }

    private static double operations(Expr expr) {
        double own = switch (expr) {
            case Expr.Read read ->
                read.at().stream().anyMatch(at -> !Exprs.reads(at).isEmpty()) ? 5 : 1;
            case Expr.Unary unary -> 1;
            case Expr.Binary binary -> binary.op() == Expr.BinaryOp.DIV ? 4 : 1;
            case Expr.Select select -> 1;
            default -> 0;
        };
        if (expr instanceof Expr.Read) {
            return own;
        }
        double[] parts = {0};
        if (expr instanceof Expr.Select select) {
            return own + Math.max(operations(select.then()), operations(select.otherwise()));
        }
        Exprs.parts(expr, part -> parts[0] += operations(part));
        return own + parts[0];
    }

    private static boolean any(Expr expr, java.util.function.Predicate<Expr> test) {
        boolean[] found = {false};
        Exprs.forEach(expr, part -> found[0] |= test.test(part));
        return found[0];
    }
}
