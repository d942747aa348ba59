package tfx.runtime.reference;

import com.oracle.truffle.api.frame.VirtualFrame;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.UnaryOp;

/** Expressions over the results of other expressions. */
final class Operators {
    private Operators() {}

    static final class Unary extends ExprNode {
        private final UnaryOp op;

        @Child
        private ExprNode operand;

        Unary(UnaryOp op, ExprNode operand) {
            this.op = op;
            this.operand = operand;
        }

        @Override
        double execute(VirtualFrame frame) {
            return apply(op, operand.execute(frame));
        }
    }

    static final class Binary extends ExprNode {
        private final BinaryOp op;

        @Child
        private ExprNode left;

        @Child
        private ExprNode right;

        Binary(BinaryOp op, ExprNode left, ExprNode right) {
            this.op = op;
            this.left = left;
            this.right = right;
        }

        @Override
        double execute(VirtualFrame frame) {
            return apply(op, left.execute(frame), right.execute(frame));
        }
    }

    /** AND and OR look at the right side only where the left does not decide: it may read outside a value there. */
    static final class Decision extends ExprNode {
        private final boolean decidedBy;

        @Child
        private ExprNode left;

        @Child
        private ExprNode right;

        Decision(boolean decidedBy, ExprNode left, ExprNode right) {
            this.decidedBy = decidedBy;
            this.left = left;
            this.right = right;
        }

        @Override
        double execute(VirtualFrame frame) {
            boolean result = left.holds(frame) == decidedBy ? decidedBy : right.holds(frame);
            return result ? 1 : 0;
        }
    }

    static final class Select extends ExprNode {
        @Child
        private ExprNode condition;

        @Child
        private ExprNode then;

        @Child
        private ExprNode otherwise;

        Select(ExprNode condition, ExprNode then, ExprNode otherwise) {
            this.condition = condition;
            this.then = then;
            this.otherwise = otherwise;
        }

        @Override
        double execute(VirtualFrame frame) {
            return condition.holds(frame) ? then.execute(frame) : otherwise.execute(frame);
        }
    }

    static double apply(UnaryOp op, double x) {
        return switch (op) {
            case NEG -> -x;
            case NOT -> x == 0 ? 1 : 0;
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TANH -> Math.tanh(x);
            case ERF -> erf(x);
            case ABS -> Math.abs(x);
            case FLOOR -> Math.floor(x);
        };
    }

    static double apply(BinaryOp op, double x, double y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case POW -> Math.pow(x, y);
            case MIN -> Math.min(x, y);
            case MAX -> Math.max(x, y);
            case FLOORDIV -> floorDiv(x, y);
            case MOD -> x - y * floorDiv(x, y);
            case LT -> x < y ? 1 : 0;
            case LE -> x <= y ? 1 : 0;
            case EQ -> x == y ? 1 : 0;
            case NE -> x != y ? 1 : 0;
            case AND -> x != 0 && y != 0 ? 1 : 0;
            case OR -> x != 0 || y != 0 ? 1 : 0;
        };
    }

    static double apply(Monoid monoid, double total, double x) {
        return switch (monoid) {
            case SUM -> total + x;
            case PRODUCT -> total * x;
            case MAX -> Math.max(total, x);
            case MIN -> Math.min(total, x);
        };
    }

    private static double floorDiv(double x, double y) {
        boolean integral = x == (long) x && y == (long) y && y != 0;
        return integral ? Math.floorDiv((long) x, (long) y) : Math.floor(x / y);
    }

    /**
     * The error function by its everywhere convergent series of equal signs, {@code 2 / sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1)
     * / (2n+1)!!} (Abramowitz and Stegun 7.1.6); beyond 6 it is 1 in float64.
     */
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }
}
