package tfx.compiler.elaborate;

import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Size;

/** The least and greatest value of integer expressions over all indices, where the expression is simple enough. */
final class Bounds {
    /** Both included. */
    record Range(Size low, Size high) {}

    private final Run run;

    Bounds(Run run) {
        this.run = run;
    }

    @Nullable
    Range of(Expr expr) {
        return switch (expr) {
            case Expr.Number number
            when number.value() == Math.rint(number.value()) && Math.abs(number.value()) < 1L << 53 ->
                point(Size.of((long) number.value()));
            case Expr.Length length -> point(length.size());
            case Expr.At at -> new Range(Size.ZERO, at.index().size().minus(Size.ONE));
            case Expr.Read read ->
                run.ids.containsKey(read.value())
                        ? new Range(Size.ZERO, run.ids.get(read.value()).minus(Size.ONE))
                        : null;
            case Expr.Unary unary
            when unary.op() == Expr.UnaryOp.NEG -> {
                Range range = of(unary.operand());
                yield range == null ? null : new Range(negative(range.high()), negative(range.low()));
            }
            case Expr.Select select -> hull(of(select.then()), of(select.otherwise()));
            case Expr.Binary binary -> binary(binary);
            default -> null;
        };
    }

    private @Nullable Range binary(Expr.Binary binary) {
        Range a = of(binary.left());
        Range b = of(binary.right());
        if (a == null || b == null) {
            return null;
        }
        return switch (binary.op()) {
            case ADD -> new Range(a.low().plus(b.low()), a.high().plus(b.high()));
            case SUB -> new Range(a.low().minus(b.high()), a.high().minus(b.low()));
            case MUL ->
                b.low().equals(b.high()) ? scaled(a, b.low()) : a.low().equals(a.high()) ? scaled(b, a.low()) : null;
            case FLOORDIV -> quotient(a, b);
            case MOD ->
                b.low().equals(b.high()) && run.sizes.above(b.low(), Size.ZERO)
                        ? new Range(Size.ZERO, b.low().minus(Size.ONE))
                        : null;
            case MIN, MAX -> hull(a, b);
            default -> null;
        };
    }

    private @Nullable Range scaled(Range range, Size factor) {
        if (run.sizes.atMost(Size.ZERO, factor)) {
            return new Range(range.low().times(factor), range.high().times(factor));
        }
        return run.sizes.atMost(factor, Size.ZERO)
                ? new Range(range.high().times(factor), range.low().times(factor))
                : null;
    }

    /** For {@code 0 <= x <= n - 1} and a divisor of n, {@code x div c <= n / c - 1}. */
    private @Nullable Range quotient(Range a, Range b) {
        Size divisor = b.low();
        if (!divisor.equals(b.high()) || !run.sizes.above(divisor, Size.ZERO)) {
            return null;
        }
        if (a.low().isConstant() && a.high().isConstant() && divisor.isConstant()) {
            long by = divisor.constant();
            return new Range(
                    Size.of(Math.floorDiv(a.low().constant(), by)),
                    Size.of(Math.floorDiv(a.high().constant(), by)));
        }
        if (!run.sizes.atMost(Size.ZERO, a.low())) {
            return null;
        }
        Size whole = run.sizes.normal(a.high().plus(Size.ONE)).dividedBy(run.sizes.normal(divisor));
        return new Range(Size.ZERO, whole == null ? a.high() : whole.minus(Size.ONE));
    }

    private @Nullable Range hull(@Nullable Range a, @Nullable Range b) {
        if (a == null || b == null) {
            return null;
        }
        Size low = run.sizes.atMost(a.low(), b.low()) ? a.low() : run.sizes.atMost(b.low(), a.low()) ? b.low() : null;
        Size high = run.sizes.atMost(a.high(), b.high())
                ? b.high()
                : run.sizes.atMost(b.high(), a.high()) ? a.high() : null;
        return low == null || high == null ? null : new Range(low, high);
    }

    private static Range point(Size size) {
        return new Range(size, size);
    }

    private static Size negative(Size size) {
        return Size.ZERO.minus(size);
    }
}
