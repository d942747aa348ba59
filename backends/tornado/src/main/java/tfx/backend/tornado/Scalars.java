package tfx.backend.tornado;

import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;

/**
 * Scalar code: integers as int, as long where 32 bits may not hold them, truth as boolean, functions of indices in double, all
 * else in float. Every function is written so that a value that is not a number stays one.
 */
final class Scalars {
    /** The logarithm of e to base 2. */
    static final String LOG2_E = "1.4426950408889634f";

    private final Emitter e;

    Scalars(Emitter emitter) {
        this.e = emitter;
    }

    static String type(Kind kind, boolean wide) {
        return switch (kind) {
            case LONG -> wide ? "long" : "int";
            case BOOL -> "boolean";
            case FLOAT -> "float";
            case DOUBLE -> "double";
        };
    }

    Code leaf(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v)
            when e.analysis.kind(expr) == Kind.LONG ->
                new Code(Kind.LONG, false, v < 0 ? "(" + (long) v + ")" : Long.toString((long) v));
            case Expr.Number(double v) -> new Code(Kind.DOUBLE, false, e.operands.constant(v));
            case Expr.Length(tfx.ir.Size size) -> new Code(Kind.LONG, false, e.operands.size(size));
            case Expr.At(Index index) -> new Code(Kind.LONG, false, name(index));
            default -> throw new IllegalStateException("not a leaf: " + expr);
        };
    }

    private String name(Index index) {
        String name = e.names.get(index);
        if (name == null) {
            throw new IllegalArgumentException("the index " + index + " is not bound where it is used");
        }
        return name;
    }

    String as(Expr expr, Kind kind, boolean wide) {
        return switch (kind) {
            case LONG -> integer(expr, wide);
            case BOOL -> e.truth(expr);
            case FLOAT -> e.real(expr);
            case DOUBLE -> e.precise(expr);
        };
    }

    Code compute(Expr expr) {
        Kind kind = e.analysis.kind(expr);
        switch (expr) {
            case Expr.Select s -> {
                return e.select(s, kind);
            }
            case Expr.Reduce r -> {
                return e.loops.reduce(r);
            }
            case Expr.Fold f -> {
                return new Folds(e).fold(f);
            }
            default -> {}
        }
        boolean wide = kind == Kind.LONG && !e.intervals.of(expr).narrow();
        String text = switch (kind) {
            case LONG -> expr instanceof Expr.Read id ? read(id) : integer(expr, wide);
            case BOOL -> truth(expr);
            case FLOAT, DOUBLE -> arithmetic(expr, kind);
        };
        return new Code(kind, wide, variable(type(kind, wide), text));
    }

    /** A new variable with a value. */
    String variable(String type, String text) {
        String name = e.fresh("v");
        e.scope.line("final " + type + " " + name + " = " + text + ";");
        return name;
    }

    /** An integer expression of at most 32 bits, in place. */
    String integer(Expr expr) {
        return integer(expr, false);
    }

    private String integer(Expr expr, boolean wide) {
        if (e.analysis.kind(expr) == Kind.LONG && !wide && !e.intervals.of(expr).narrow()) {
            return "(int) (" + integer(expr, true) + ")";
        }
        return switch (expr) {
            case Expr.Unary(UnaryOp op, Expr x) when op == UnaryOp.NEG && whole(expr) -> "(-" + integer(x, wide) + ")";
            case Expr.Unary(UnaryOp op, Expr x)
            when op == UnaryOp.ABS && whole(expr) -> {
                String v = variable(wide ? "long" : "int", integer(x, wide));
                yield "(" + v + " < 0 ? -" + v + " : " + v + ")";
            }
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when e.analysis.kind(expr) == Kind.LONG ->
                binary(
                        op,
                        l,
                        r,
                        wide
                                || !(e.intervals.of(l).narrow()
                                        && e.intervals.of(r).narrow()));
            default -> {
                Code code = e.emit(expr);
                yield switch (code.kind()) {
                    case LONG -> code.wide() == wide ? code.text() : "(" + (wide ? "long" : "int") + ") " + code.text();
                    case BOOL -> "(" + code.text() + " ? 1 : 0)";
                    default -> "(" + (wide ? "long" : "int") + ") (" + code.text() + ")";
                };
            }
        };
    }

    private String binary(BinaryOp op, Expr left, Expr right, boolean wide) {
        String l = integer(left, wide);
        String r = integer(right, wide);
        Interval a = e.intervals.of(left);
        Interval b = e.intervals.of(right);
        boolean plain = a.low() >= 0 && b.low() > 0;
        String type = wide ? "long" : "int";
        return switch (op) {
            case ADD -> "(" + l + " + " + r + ")";
            case SUB -> "(" + l + " - " + r + ")";
            case MUL -> "(" + l + " * " + r + ")";
            case MIN -> extreme(type, l, r, " < ");
            case MAX -> extreme(type, l, r, " > ");
            case FLOORDIV -> {
                if (plain) {
                    yield "(" + l + " / " + r + ")";
                }
                String x = variable(type, l);
                String y = variable(type, r);
                yield "(" + x + " / " + y + " - (" + x + " % " + y + " != 0 && (" + x + " < 0) != (" + y
                        + " < 0) ? 1 : 0))";
            }
            case MOD -> {
                if (plain) {
                    yield "(" + l + " % " + r + ")";
                }
                String y = variable(type, r);
                String x = variable(type, l + " % " + y);
                yield "(" + x + " != 0 && (" + x + " < 0) != (" + y + " < 0) ? " + x + " + " + y + " : " + x + ")";
            }
            default -> throw new IllegalStateException("not an integer operation: " + op);
        };
    }

    private String extreme(String type, String l, String r, String before) {
        String x = variable(type, l);
        String y = variable(type, r);
        return "(" + x + before + y + " ? " + x + " : " + y + ")";
    }

    private String truth(Expr expr) {
        return switch (expr) {
            case Expr.Unary(UnaryOp op, Expr x) when op == UnaryOp.NOT -> "!" + e.truth(x);
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when op == BinaryOp.AND || op == BinaryOp.OR ->
                "(" + e.truth(l) + (op == BinaryOp.AND ? " && " : " || ") + e.truth(r) + ")";
            case Expr.Binary(BinaryOp op, Expr l, Expr r) -> {
                boolean integers = whole(l) && whole(r);
                Kind kind = integers
                        ? Kind.LONG
                        : e.analysis.kind(l) == Kind.FLOAT || e.analysis.kind(r) == Kind.FLOAT
                                ? Kind.FLOAT
                                : Kind.DOUBLE;
                boolean wide = integers
                        && !(e.intervals.of(l).narrow() && e.intervals.of(r).narrow());
                String sign = switch (op) {
                    case LT -> " < ";
                    case LE -> " <= ";
                    case EQ -> " == ";
                    default -> " != ";
                };
                yield "(" + as(l, kind, wide) + sign + as(r, kind, wide) + ")";
            }
            default -> throw new IllegalStateException("not a predicate: " + expr);
        };
    }

    private boolean whole(Expr expr) {
        return e.analysis.kind(expr) == Kind.LONG || e.analysis.kind(expr) == Kind.BOOL;
    }

    private String arithmetic(Expr expr, Kind kind) {
        String type = type(kind, false);
        String one = kind == Kind.FLOAT ? "1f" : "1.0";
        return switch (expr) {
            case Expr.Read r -> read(r);
            case Expr.Accumulated(int n) -> throw new IllegalStateException("an accumulator outside its fold: " + n);
            case Expr.Unary(UnaryOp op, Expr operand) -> {
                String x = as(operand, kind, false);
                yield switch (op) {
                    case NEG -> "-(" + x + ")";
                    case NOT -> throw new IllegalStateException("not a number: " + expr);
                    case ABS -> "TornadoMath.abs(" + x + ")";
                    case EXP -> kind == Kind.FLOAT && e.approximate ? power(operand, x) : "TornadoMath.exp(" + x + ")";
                    case LOG -> "TornadoMath.log(" + x + ")";
                    case SQRT -> "TornadoMath.sqrt(" + x + ")";
                    case RSQRT -> one + " / TornadoMath.sqrt(" + x + ")";
                    case SIN -> "TornadoMath.sin(" + x + ")";
                    case COS -> "TornadoMath.cos(" + x + ")";
                    case TANH -> Functions.tanh(e, type, x);
                    case ERF -> Functions.erf(e, type, x);
                    case FLOOR -> "TornadoMath.floor(" + x + ")";
                };
            }
            case Expr.Binary(BinaryOp op, Expr left, Expr right) -> {
                String l = as(left, kind, false);
                String r = as(right, kind, false);
                yield switch (op) {
                    case ADD -> l + " + " + r;
                    case SUB -> l + " - " + r;
                    case MUL -> l + " * " + r;
                    case DIV -> l + " / " + r;
                    case POW -> "TornadoMath.pow(" + l + ", " + r + ")";
                    case MIN -> combined(type, l, r, " < ");
                    case MAX -> combined(type, l, r, " > ");
                    case FLOORDIV -> "TornadoMath.floor(" + l + " / " + r + ")";
                    case MOD -> {
                        String x = variable(type, l);
                        String y = variable(type, r);
                        yield x + " - TornadoMath.floor(" + x + " / " + y + ") * " + y;
                    }
                    default -> throw new IllegalStateException("not a number: " + expr);
                };
            }
            default -> throw new IllegalStateException("not arithmetic: " + expr);
        };
    }

    /** The exponential as a power of two, for which devices have an instruction; of a difference by one multiplication and addition. */
    private String power(Expr exponent, String x) {
        if (exponent instanceof Expr.Binary(BinaryOp op, Expr left, Expr right) && op == BinaryOp.SUB) {
            String l = as(left, Kind.FLOAT, false);
            String r = as(right, Kind.FLOAT, false);
            return "TornadoMath.exp2(" + l + " * " + LOG2_E + " - " + r + " * " + LOG2_E + ")";
        }
        return "TornadoMath.exp2(" + x + " * " + LOG2_E + ")";
    }

    private String combined(String type, String l, String r, String before) {
        String x = variable(type, l);
        String y = variable(type, r);
        return extreme(x, y, before);
    }

    /** The larger (or smaller) of two variables; what is not a number wins. */
    static String extreme(String x, String y, String before) {
        return "(" + x + before + y + " || " + x + " != " + x + " ? " + x + " : " + y + ")";
    }

    private String read(Expr.Read r) {
        return e.operands.load(r.value(), new Addresses(e).address(r));
    }
}
