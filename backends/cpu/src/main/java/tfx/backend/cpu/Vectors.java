package tfx.backend.cpu;

import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.common.Analysis.Linear;
import tfx.backend.cpu.Scope.Code;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;

/** Vector code for expressions that differ from lane to lane. What has no vector form is computed lane by lane. */
final class Vectors {
    /** Steps between lanes up to which {@link Lanes} compares exactly. */
    private static final long WIDEST_STEP = 1 << 14;

    private final Emitter e;

    Vectors(Emitter emitter) {
        this.e = emitter;
    }

    Code compute(Expr expr) {
        Kind kind = e.analysis.kind(expr);
        if (kind == Kind.BOOL) {
            return named(kind, truth(expr));
        }
        if (kind == Kind.LONG) {
            return integer(expr);
        }
        return switch (expr) {
            case Expr.Select s when !e.emit(s.condition()).vector() -> e.select(s, Kind.FLOAT, true);
            case Expr.Select s
            when kind == Kind.FLOAT -> {
                String condition = e.mask(s.condition());
                String then = within(e.masked(condition), s.then());
                String otherwise = within(e.masked(condition + ".not()"), s.otherwise());
                yield named(Kind.FLOAT, otherwise + ".blend(" + then + ", " + condition + ")");
            }
            case Expr.Reduce r -> e.loops.reduce(r, true);
            case Expr.Fold f -> e.loops.fold(f, true);
            case Expr.Read r -> read(r);
            default -> kind == Kind.DOUBLE ? laneByLane(expr) : named(Kind.FLOAT, arithmetic(expr));
        };
    }

    private Code named(Kind kind, String text) {
        String name = e.fresh("v");
        e.scope.line(
                "final " + (kind == Kind.BOOL ? "VectorMask<Float> " : "FloatVector ") + name + " = " + text + ";");
        return new Code(kind, true, name);
    }

    /** A vector computed under a narrower mask: what it reads, it reads only where the mask is set. */
    private String within(String mask, Expr expr) {
        Scope outer = e.scope;
        String name = e.fresh("m");
        outer.line("final VectorMask<Float> " + name + " = " + mask + ";");
        e.scope = new Scope(outer, Set.of(), true, outer.lane, name);
        try {
            String value = e.vector(expr);
            outer.code.append(e.scope.code);
            return value;
        } finally {
            e.scope = outer;
        }
    }

    /** The values of an integer expression as floats. */
    Code integer(Expr expr) {
        Long step = step(expr);
        return step == null
                ? laneByLane(expr)
                : new Code(Kind.FLOAT, true, "Lanes.iota(" + e.scalars.integer(expr) + ", " + step + "L)");
    }

    /** By how much an integer expression grows from lane to lane, or null where that varies. */
    private Long step(Expr expr) {
        Long step =
                e.analysis.kind(expr) == Kind.LONG ? e.analysis.factor(e.analysis.linear(expr), e.scope.lane) : null;
        return step == null || Math.abs(step) > WIDEST_STEP ? null : step;
    }

    private String truth(Expr expr) {
        switch (expr) {
            case Expr.Unary(UnaryOp op, Expr x)
            when op == UnaryOp.NOT -> {
                return e.mask(x) + ".not()";
            }
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when op == BinaryOp.AND || op == BinaryOp.OR -> {
                return e.mask(l) + (op == BinaryOp.AND ? ".and(" : ".or(") + e.mask(r) + ")";
            }
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when Emitter.comparison(op) -> {
                if (e.analysis.kind(l) == Kind.LONG && e.analysis.kind(r) == Kind.LONG) {
                    Linear difference = Analysis.combine(e.analysis.linear(l), e.analysis.linear(r), -1);
                    Long step = e.analysis.factor(difference, e.scope.lane);
                    if (step == null || Math.abs(step) > WIDEST_STEP) {
                        return laneByLane(expr).text() + ".compare(VectorOperators.NE, 0f)";
                    }
                    String start = "(" + e.scalars.integer(l) + ") - (" + e.scalars.integer(r) + ")";
                    return switch (op) {
                        case LT -> "Lanes.negative(" + start + ", " + step + "L)";
                        case LE -> "Lanes.negative(" + start + " - 1L, " + step + "L)";
                        case EQ -> "Lanes.zero(" + start + ", " + step + "L)";
                        default -> "Lanes.zero(" + start + ", " + step + "L).not()";
                    };
                }
                return e.vector(l) + ".compare(VectorOperators." + op + ", " + e.vector(r) + ")";
            }
            default -> {
                return laneByLane(expr).text() + ".compare(VectorOperators.NE, 0f)";
            }
        }
    }

    private String arithmetic(Expr expr) {
        switch (expr) {
            case Expr.Unary(UnaryOp op, Expr operand) -> {
                String x = e.vector(operand);
                return switch (op) {
                    case NEG -> x + ".neg()";
                    case ABS -> x + ".abs()";
                    case SQRT -> x + ".sqrt()";
                    case NOT -> throw new IllegalStateException("not a number: " + expr);
                    default -> "VectorMath." + op.name().toLowerCase(java.util.Locale.ROOT) + "(" + x + ")";
                };
            }
            case Expr.Binary(BinaryOp op, Expr l, Expr.Number(double n))
            when op == BinaryOp.POW && (n == 2 || n == 3 || n == 4) -> {
                String x = e.vector(l);
                return n == 2
                        ? x + ".mul(" + x + ")"
                        : n == 3
                                ? x + ".mul(" + x + ").mul(" + x + ")"
                                : x + ".mul(" + x + ").mul(" + x + ".mul(" + x + "))";
            }
            case Expr.Binary(BinaryOp op, Expr.Binary(BinaryOp times, Expr a, Expr b), Expr c)
            when op == BinaryOp.ADD
                    && times == BinaryOp.MUL
                    && e.analysis.kind(((Expr.Binary) expr).left()) == Kind.FLOAT -> {
                return e.vector(a) + ".fma(" + e.vector(b) + ", " + e.vector(c) + ")";
            }
            case Expr.Binary(BinaryOp op, Expr left, Expr right) -> {
                String l = e.vector(left);
                String r = e.vector(right);
                return switch (op) {
                    case ADD, SUB, MUL, DIV, MIN, MAX ->
                        l + "." + op.name().toLowerCase(java.util.Locale.ROOT) + "(" + r + ")";
                    case POW -> "VectorMath.pow(" + l + ", " + r + ")";
                    case FLOORDIV -> "VectorMath.floorDiv(" + l + ", " + r + ")";
                    case MOD -> "VectorMath.mod(" + l + ", " + r + ")";
                    default -> throw new IllegalStateException("not a number: " + expr);
                };
            }
            default -> throw new IllegalStateException("not arithmetic: " + expr);
        }
    }

    private Code read(Expr.Read r) {
        ElementType type = e.operands.type(r.value());
        String stride = "";
        boolean unit = true;
        for (int d = 0; d < r.at().size(); d++) {
            Expr at = r.at().get(d);
            if (e.varies(at)) {
                Long factor = step(at);
                if (factor == null) {
                    return laneByLane(r);
                }
                unit &= stride.isEmpty() && factor == 1 && e.operands.stride(r.value(), d) == 1;
                stride += (stride.isEmpty() ? "" : " + ") + factor + "L * " + e.operands.strideText(r.value(), d);
            }
        }
        String address = e.scalars.address(r, e.scope.lane);
        String mask = e.scope.mask == null ? "" : ", " + e.scope.mask;
        if (unit && (type == ElementType.F32 || type == ElementType.F16 || type == ElementType.BF16)) {
            return named(Kind.FLOAT, "Memory.load" + type + "(" + address + mask + ")");
        }
        return named(
                Kind.FLOAT,
                "Memory.strided(" + type.ordinal() + ", " + address + ", " + type.bytes() + "L * (" + stride + ")"
                        + mask + ")");
    }

    /** The fallback for anything: a loop over the lanes that count, with scalar code. */
    Code laneByLane(Expr expr) {
        Index lane = e.scope.lane;
        String mask = e.scope.mask;
        String first = e.names.get(lane);
        String buffer = e.scratch(Lanes.LENGTH * 4L);
        String j = e.fresh("j");
        String index = e.fresh("i");
        e.names.put(lane, index);
        String head = "for (int " + j + " = 0; " + j + " < Lanes.LENGTH; " + j + "++) {\n"
                + (mask == null ? "" : "if (!" + mask + ".laneIsSet(" + j + ")) {\ncontinue;\n}\n") + "final long "
                + index + " = " + first + " + " + j + ";";
        e.block(
                head,
                "}",
                Set.of(lane),
                mask != null,
                null,
                null,
                () -> e.scope.line("Memory.putF32(" + buffer + " + 4L * " + j + ", " + e.real(expr) + ");"));
        e.names.put(lane, first);
        return named(Kind.FLOAT, "Memory.loadF32(" + buffer + ")");
    }
}
