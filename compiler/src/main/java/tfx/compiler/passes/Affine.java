package tfx.compiler.passes;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;

/** An integer expression that is linear in index variables: {@code sum of factor * index + constant}. */
public record Affine(Map<Index, Long> factors, Size constant) {

    /** The affine form of {@code expr}, or null where it has none. */
    public static @Nullable Affine of(Expr expr) {
        return switch (expr) {
            case Expr.Number(double value)
            when value == Math.rint(value) && Math.abs(value) < 1L << 52 -> new Affine(Map.of(), Size.of((long) value));
            case Expr.Length(Size size) -> new Affine(Map.of(), size);
            case Expr.At(Index index) -> new Affine(Map.of(index, 1L), Size.ZERO);
            case Expr.Unary(Expr.UnaryOp op, Expr operand)
            when op == Expr.UnaryOp.NEG -> {
                Affine a = of(operand);
                yield a == null ? null : a.times(-1);
            }
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right)
            when op == Expr.BinaryOp.ADD || op == Expr.BinaryOp.SUB -> {
                Affine a = of(left);
                Affine b = a == null ? null : of(right);
                yield b == null ? null : op == Expr.BinaryOp.ADD ? a.plus(b) : a.minus(b);
            }
            case Expr.Binary(Expr.BinaryOp op, Expr left, Expr right)
            when op == Expr.BinaryOp.MUL -> {
                Affine a = of(left);
                Affine b = a == null ? null : of(right);
                yield b == null
                        ? null
                        : a.isConstant()
                                ? b.times(a.constant.constant())
                                : b.isConstant() ? a.times(b.constant.constant()) : null;
            }
            default -> null;
        };
    }

    boolean isConstant() {
        return factors.isEmpty() && constant.isConstant();
    }

    public Affine plus(Affine other) {
        Map<Index, Long> sum = new LinkedHashMap<>(factors);
        other.factors.forEach(
                (index, factor) -> sum.merge(index, factor, (a, b) -> a + b == 0 ? null : Long.valueOf(a + b)));
        return new Affine(sum, constant.plus(other.constant));
    }

    public Affine minus(Affine other) {
        return plus(other.times(-1));
    }

    public Affine times(long by) {
        Map<Index, Long> scaled = new LinkedHashMap<>();
        if (by != 0) {
            factors.forEach((index, factor) -> scaled.put(index, factor * by));
        }
        return new Affine(scaled, constant.times(Size.of(by)));
    }

    /** Whether the value is at most 0 for every index within its size. */
    public boolean isNeverPositive() {
        return largest().isNeverPositive();
    }

    /** The largest value over the ranges of the indices. */
    public Size largest() {
        Size most = constant;
        for (Map.Entry<Index, Long> term : factors.entrySet()) {
            if (term.getValue() > 0) {
                most = most.plus(term.getKey().size().minus(Size.ONE).times(Size.of(term.getValue())));
            }
        }
        return most;
    }
}
