package tfx.backend.cpu;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Scope.Code;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Value;

/** Scalar code: integers as long, truth as boolean, functions of indices in double, all else in float. */
final class Scalars {
    private final Emitter e;

    Scalars(Emitter emitter) {
        this.e = emitter;
    }

    static String type(Kind kind) {
        return switch (kind) {
            case LONG -> "long";
            case BOOL -> "boolean";
            case FLOAT -> "float";
            case DOUBLE -> "double";
        };
    }

    String leaf(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v) when e.analysis.kind(expr) == Kind.LONG -> (long) v + "L";
            case Expr.Number(double v) -> e.operands.constant(v);
            case Expr.Length(tfx.ir.Size size) -> e.operands.size(size);
            case Expr.At(Index index) -> name(index);
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

    String as(Expr expr, Kind kind) {
        return switch (kind) {
            case LONG -> integer(expr);
            case BOOL -> e.truth(expr);
            case FLOAT -> e.real(expr);
            case DOUBLE -> e.precise(expr);
        };
    }

    Code compute(Expr expr) {
        Kind kind = e.analysis.kind(expr);
        switch (expr) {
            case Expr.Select s -> {
                return e.select(s, kind, false);
            }
            case Expr.Reduce r -> {
                return e.loops.reduce(r, false);
            }
            case Expr.Fold f -> {
                return e.loops.fold(f, false);
            }
            default -> {}
        }
        String text = switch (kind) {
            case LONG -> expr instanceof Expr.Read id ? read(id) : integer(expr);
            case BOOL -> truth(expr);
            case FLOAT, DOUBLE -> arithmetic(expr, kind);
        };
        String name = e.fresh("v");
        e.scope.line("final " + type(kind) + " " + name + " = " + text + ";");
        return new Code(kind, false, name);
    }

    /** An integer expression, in place. The lane index stands for the first lane's value. */
    String integer(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v) -> (long) v + "L";
            case Expr.At at -> leaf(at);
            case Expr.Length l -> leaf(l);
            case Expr.Unary(UnaryOp op, Expr x) when op == UnaryOp.NEG -> "(-" + integer(x) + ")";
            case Expr.Unary(UnaryOp op, Expr x) when op == UnaryOp.ABS -> "Math.abs(" + integer(x) + ")";
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when e.analysis.kind(expr) == Kind.LONG ->
                switch (op) {
                    case ADD -> "(" + integer(l) + " + " + integer(r) + ")";
                    case SUB -> "(" + integer(l) + " - " + integer(r) + ")";
                    case MUL -> "(" + integer(l) + " * " + integer(r) + ")";
                    case MIN -> "Math.min(" + integer(l) + ", " + integer(r) + ")";
                    case MAX -> "Math.max(" + integer(l) + ", " + integer(r) + ")";
                    case FLOORDIV -> "Math.floorDiv(" + integer(l) + ", " + integer(r) + ")";
                    case MOD -> "Math.floorMod(" + integer(l) + ", " + integer(r) + ")";
                    default -> throw new IllegalStateException("not an integer: " + expr);
                };
            default -> {
                Code code = e.emit(expr);
                yield switch (code.kind()) {
                    case LONG -> code.text();
                    case BOOL -> "(" + code.text() + " ? 1L : 0L)";
                    default -> "(long) (" + code.text() + ")";
                };
            }
        };
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
                String sign = switch (op) {
                    case LT -> " < ";
                    case LE -> " <= ";
                    case EQ -> " == ";
                    default -> " != ";
                };
                yield "(" + as(l, kind) + sign + as(r, kind) + ")";
            }
            default -> throw new IllegalStateException("not a predicate: " + expr);
        };
    }

    private boolean whole(Expr expr) {
        return e.analysis.kind(expr) == Kind.LONG || e.analysis.kind(expr) == Kind.BOOL;
    }

    private String arithmetic(Expr expr, Kind kind) {
        boolean single = kind == Kind.FLOAT;
        String cast = single ? "(float) " : "";
        return switch (expr) {
            case Expr.Read r -> read(r);
            case Expr.Accumulated(int n) -> throw new IllegalStateException("an accumulator outside its fold: " + n);
            case Expr.Unary(UnaryOp op, Expr operand) -> {
                String x = as(operand, kind);
                yield switch (op) {
                    case NEG -> "-(" + x + ")";
                    case ABS -> "Math.abs(" + x + ")";
                    case NOT -> throw new IllegalStateException("not a number: " + expr);
                    case EXP -> cast + "Math.exp(" + x + ")";
                    case LOG -> cast + "Math.log(" + x + ")";
                    case SQRT -> cast + "Math.sqrt(" + x + ")";
                    case RSQRT -> cast + "(1.0 / Math.sqrt(" + x + "))";
                    case SIN -> cast + "Math.sin(" + x + ")";
                    case COS -> cast + "Math.cos(" + x + ")";
                    case TANH -> cast + "Math.tanh(" + x + ")";
                    case ERF -> cast + "ScalarMath.erf(" + x + ")";
                    case FLOOR -> cast + "Math.floor(" + x + ")";
                };
            }
            case Expr.Binary(BinaryOp op, Expr left, Expr right) -> {
                String l = as(left, kind);
                String r = as(right, kind);
                yield switch (op) {
                    case ADD -> l + " + " + r;
                    case SUB -> l + " - " + r;
                    case MUL -> l + " * " + r;
                    case DIV -> l + " / " + r;
                    case POW -> cast + "Math.pow(" + l + ", " + r + ")";
                    case MIN -> "Math.min(" + l + ", " + r + ")";
                    case MAX -> "Math.max(" + l + ", " + r + ")";
                    case FLOORDIV -> cast + "Math.floor(" + l + " / " + r + ")";
                    case MOD -> cast + "ScalarMath.mod(" + l + ", " + r + ")";
                    default -> throw new IllegalStateException("not a number: " + expr);
                };
            }
            default -> throw new IllegalStateException("not arithmetic: " + expr);
        };
    }

    private String read(Expr.Read r) {
        return "Memory.get" + e.operands.type(r.value()) + "(" + address(r, null) + ")";
    }

    /**
     * The address of an element: what does not change in the innermost block is computed outside it. With {@code lane}, the
     * address of the first lane's.
     */
    String address(Expr.Read r, @org.jspecify.annotations.Nullable Index lane) {
        Value value = r.value();
        ElementType type = e.operands.type(value);
        StringBuilder inner = new StringBuilder();
        Set<Index> free = new LinkedHashSet<>(e.analysis.free(r));
        Set<Index> outerFree = new LinkedHashSet<>();
        if (Operands.batched(value)) {
            outerFree.add(Analysis.BATCH);
        }
        List<Integer> outer = new java.util.ArrayList<>();
        boolean costly = false;
        for (int d = 0; d < r.at().size(); d++) {
            Expr at = r.at().get(d);
            if ((lane != null && e.analysis.mentions(at, lane)) || e.scope.binds(e.analysis.free(at))) {
                inner.append(" + ").append(type.bytes()).append("L * ").append(term(r, d));
            } else {
                outer.add(d);
                outerFree.addAll(e.analysis.free(at));
                costly |= e.analysis.costly(at);
            }
        }
        if (free.isEmpty() && outer.isEmpty()) {
            return "p" + e.operands.number(value);
        }
        String base = e.hoisted("long", outerFree, costly, () -> {
            StringBuilder text = new StringBuilder("p" + e.operands.number(value));
            for (int d : outer) {
                text.append(" + ").append(type.bytes()).append("L * ").append(term(r, d));
            }
            return text.toString();
        });
        return base + inner;
    }

    /** The address of an element, in place. */
    String place(Expr.Read r) {
        StringBuilder text = new StringBuilder("p" + e.operands.number(r.value()));
        for (int d = 0; d < r.at().size(); d++) {
            text.append(" + ")
                    .append(e.operands.type(r.value()).bytes())
                    .append("L * ")
                    .append(term(r, d));
        }
        return text.toString();
    }

    private String term(Expr.Read r, int d) {
        Expr at = r.at().get(d);
        String index = integer(at);
        if (e.analysis.costly(at)) {
            index = "Lanes.within(" + index + ", "
                    + e.operands.size(r.value().shape().get(d)) + ")";
        }
        String stride = e.operands.strideText(r.value(), d);
        return stride.equals("1L") ? index : "(" + index + " * " + stride + ")";
    }
}
