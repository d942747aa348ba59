package tfx.backend.tornado;

import java.util.IdentityHashMap;
import java.util.Map;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Size;
import tfx.ir.Value;

/** Where an integer expression lies, ends included: tells whether 32 bits hold it and whether a quotient needs flooring. */
record Interval(double low, double high) {
    /** No sequence is longer. */
    static final long LONGEST = 1 << 20;

    boolean narrow() {
        return low >= Integer.MIN_VALUE && high <= Integer.MAX_VALUE;
    }

    /** Finds intervals of interned expressions. */
    static final class Finder {
        private final Analysis analysis;
        private final Map<Expr, Interval> known = new IdentityHashMap<>();

        Finder(Analysis analysis) {
            this.analysis = analysis;
        }

        Interval of(Expr expr) {
            Interval interval = known.get(expr);
            if (interval == null) {
                interval = find(expr);
                known.put(expr, interval);
            }
            return interval;
        }

        private Interval find(Expr expr) {
            return switch (expr) {
                case Expr.Number(double v) -> new Interval(v, v);
                case Expr.At at ->
                    new Interval(0, Math.max(0, longest(at.index().size()) - 1));
                case Expr.Length(Size size) -> new Interval(Math.max(0, size.least()), longest(size));
                case Expr.Read read
                when read.value() instanceof Value.Input -> new Interval(Integer.MIN_VALUE, Integer.MAX_VALUE);
                case Expr.Unary(UnaryOp op, Expr x) when op == UnaryOp.NEG -> new Interval(-of(x).high, -of(x).low);
                case Expr.Unary(UnaryOp op, Expr x)
                when op == UnaryOp.ABS -> new Interval(0, Math.max(Math.abs(of(x).low), Math.abs(of(x).high)));
                case Expr.Binary(BinaryOp op, Expr l, Expr r) -> binary(op, of(l), of(r));
                case Expr.Select s ->
                    new Interval(
                            Math.min(of(s.then()).low, of(s.otherwise()).low),
                            Math.max(of(s.then()).high, of(s.otherwise()).high));
                default ->
                    analysis.kind(expr) == Analysis.Kind.BOOL
                            ? new Interval(0, 1)
                            : new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
            };
        }

        private static double longest(Size size) {
            if (size.isConstant()) {
                return size.constant();
            }
            Map<String, Long> lengths = new java.util.HashMap<>();
            size.symbols().forEach(symbol -> lengths.put(symbol, LONGEST));
            try {
                return size.evaluate(lengths);
            } catch (ArithmeticException overflow) {
                return Double.POSITIVE_INFINITY;
            }
        }

        private static Interval binary(BinaryOp op, Interval l, Interval r) {
            return switch (op) {
                case ADD -> new Interval(l.low + r.low, l.high + r.high);
                case SUB -> new Interval(l.low - r.high, l.high - r.low);
                case MUL -> {
                    double a = product(l.low, r.low);
                    double b = product(l.low, r.high);
                    double c = product(l.high, r.low);
                    double d = product(l.high, r.high);
                    yield new Interval(
                            Math.min(Math.min(a, b), Math.min(c, d)), Math.max(Math.max(a, b), Math.max(c, d)));
                }
                case MIN -> new Interval(Math.min(l.low, r.low), Math.min(l.high, r.high));
                case MAX -> new Interval(Math.max(l.low, r.low), Math.max(l.high, r.high));
                case FLOORDIV -> {
                    double most = Math.max(Math.abs(l.low), Math.abs(l.high));
                    yield l.low >= 0 && r.low > 0
                            ? new Interval(0, Math.floor(l.high / r.low))
                            : new Interval(-most - 1, most);
                }
                case MOD -> {
                    double most = Math.max(Math.abs(r.low), Math.abs(r.high)) - 1;
                    yield r.low > 0 ? new Interval(0, most) : new Interval(-most, most);
                }
                default -> new Interval(0, 1);
            };
        }

        private static double product(double a, double b) {
            return a == 0 || b == 0 ? 0 : a * b;
        }
    }
}
