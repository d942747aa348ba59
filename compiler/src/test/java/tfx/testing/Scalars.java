package tfx.testing;

import tfx.ir.Expr;

/** The scalar functions of the IR in float64. */
public final class Scalars {
    private Scalars() {}

    public static double combine(Expr.Monoid monoid, double a, double b) {
        return switch (monoid) {
            case SUM -> a + b;
            case PRODUCT -> a * b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
        };
    }

    public static double unary(Expr.UnaryOp op, double x) {
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

    public static double binary(Expr.BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case FLOORDIV -> Math.floor(a / b);
            case MOD -> a - b * Math.floor(a / b);
            case LT -> truth(a < b);
            case LE -> truth(a <= b);
            case EQ -> truth(a == b);
            case NE -> truth(a != b);
            case AND -> truth(a != 0 && b != 0);
            case OR -> truth(a != 0 || b != 0);
        };
    }

    private static double truth(boolean holds) {
        return holds ? 1 : 0;
    }

    /** Simpson's rule on the defining integral: independent of the compiler's own constant folding. */
    public static double erf(double x) {
        if (Double.isNaN(x) || Math.abs(x) > 6) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        int n = 2000;
        double h = x / n;
        double sum = 1 + Math.exp(-x * x);
        for (int i = 1; i < n; i++) {
            sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-i * h * i * h);
        }
        return sum * h / 3 * 2 / Math.sqrt(Math.PI);
    }
}
