package tfx.compiler.elaborate;

import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;

/** The operators on known numbers, as the reference has them. */
final class Numbers {
    private Numbers() {}

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

    static double apply(BinaryOp op, double a, double b) {
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
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case AND -> a != 0 && b != 0 ? 1 : 0;
            case OR -> a != 0 || b != 0 ? 1 : 0;
        };
    }

    /** The error function to double precision: its series near 0, the continued fraction of erfc beyond. */
    private static double erf(double x) {
        double size = Math.abs(x);
        if (size > 6) {
            return Math.signum(x);
        }
        if (size < 2.5) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 2 / Math.sqrt(Math.PI) * sum;
        }
        double fraction = size;
        for (int n = 80; n > 0; n--) {
            fraction = size + n / 2.0 / fraction;
        }
        return Math.signum(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
    }
}
