package tfx.backend.common;

import tfx.ir.Expr;

/** Arithmetic on literals at compile time. */
public final class Constants {
    private Constants() {}

    public static Expr unary(Expr.UnaryOp op, double x) {
        return new Expr.Number(
                switch (op) {
                    case NEG -> -x;
                    case NOT -> x == 0 ? 1 : 0;
                    case EXP -> Math.exp(x);
                    case LOG -> Math.log(x);
                    case SQRT -> Math.sqrt(x);
                    case RSQRT -> 1 / Math.sqrt(x);
                    case SIN -> Math.sin(x);
                    case COS -> Math.cos(x);
                    case TANH -> Math.tanh(x);
                    case ERF -> ScalarMath.erf(x);
                    case ABS -> Math.abs(x);
                    case FLOOR -> Math.floor(x);
                });
    }

    public static Expr binary(Expr.BinaryOp op, double x, double y) {
        return new Expr.Number(
                switch (op) {
                    case ADD -> x + y;
                    case SUB -> x - y;
                    case MUL -> x * y;
                    case DIV -> x / y;
                    case POW -> Math.pow(x, y);
                    case MIN -> Math.min(x, y);
                    case MAX -> Math.max(x, y);
                    case FLOORDIV -> Math.floor(x / y);
                    case MOD -> ScalarMath.mod(x, y);
                    case LT -> x < y ? 1 : 0;
                    case LE -> x <= y ? 1 : 0;
                    case EQ -> x == y ? 1 : 0;
                    case NE -> x != y ? 1 : 0;
                    case AND -> x != 0 && y != 0 ? 1 : 0;
                    case OR -> x != 0 || y != 0 ? 1 : 0;
                });
    }
}
