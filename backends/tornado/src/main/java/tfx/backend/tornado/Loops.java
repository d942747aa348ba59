package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.common.Analysis.Linear;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;

/** Loops of one work item over indices, within the bounds that a predicate implies. */
final class Loops {
    private final Emitter e;

    Loops(Emitter emitter) {
        this.e = emitter;
    }

    /** The reduction as a loop nest with one accumulator. */
    Code reduce(Expr.Reduce r) {
        if (e.lanes != null && e.lanes.take(e.scope)) {
            return e.lanes.reduce(r);
        }
        String sum = e.fresh("s");
        e.scope.line("float " + sum + " = " + identity(r.monoid()) + ";");
        nest(r.indices(), e.analysis.conjuncts(r.domain()), () -> combine(r.monoid(), sum, e.real(r.body())));
        return new Code(Kind.FLOAT, false, sum);
    }

    /**
     * Minus infinity as text, by its bits: TornadoVM writes that constant as {@code -1.0F / 0.0F}, which CUDA's compiler divides
     * wherever it stands, by a function that takes registers from all around.
     */
    static final String LOWEST = "BFloat16.bf16ToFloat((short) -128)";

    static String identity(Monoid monoid) {
        return switch (monoid) {
            case SUM -> "0f";
            case PRODUCT -> "1f";
            case MAX -> LOWEST;
            case MIN -> "(-" + LOWEST + ")";
        };
    }

    /** Takes {@code value} into the variable {@code into}. */
    void combine(Monoid monoid, String into, String value) {
        switch (monoid) {
            case SUM -> e.scope.line(into + " = " + into + " + " + value + ";");
            case PRODUCT -> e.scope.line(into + " = " + into + " * " + value + ";");
            case MAX, MIN -> {
                String x = e.fresh("v");
                e.scope.line("final float " + x + " = " + value + ";");
                e.scope.line(into + " = " + Scalars.extreme(x, into, monoid == Monoid.MAX ? " > " : " < ") + ";");
            }
        }
    }

    /** Loops over {@code order}, outermost first. */
    void nest(List<Index> order, List<Expr> conditions, Runnable body) {
        Index index = order.getFirst();
        List<Index> inner = order.subList(1, order.size());
        List<Expr> later = new ArrayList<>();
        List<Expr> now = new ArrayList<>();
        for (Expr c : conditions) {
            boolean ready = inner.stream().noneMatch(i -> e.analysis.mentions(c, i));
            (ready ? now : later).add(c);
        }
        Range range = range(index, now);
        loop(
                index,
                range.low,
                range.high,
                name -> e.branch(range.others, () -> {
                    if (inner.isEmpty()) {
                        body.run();
                    } else {
                        nest(inner, later, body);
                    }
                }));
    }

    /** One loop over {@code index}; {@code body} gets the name of the loop's variable. */
    void loop(Index index, String low, String high, Consumer<String> body) {
        String name = e.fresh("i");
        e.names.put(index, name);
        e.block(
                "for (int " + name + " = " + low + "; " + name + " < " + high + "; " + name + "++) {",
                "}",
                Set.of(index),
                false,
                () -> body.accept(name));
    }

    /** Bounds of an index as int expressions, and the conditions they do not cover. */
    record Range(String low, String high, List<Expr> others) {}

    Range range(Index index, List<Expr> conditions) {
        List<String> lows = new ArrayList<>(List.of("0"));
        List<String> highs = new ArrayList<>(List.of(e.operands.size(index.size())));
        List<Expr> others = new ArrayList<>();
        for (Expr condition : conditions) {
            Limit limit = limit(index, condition);
            if (limit == null) {
                others.add(condition);
                continue;
            }
            String at = e.scalars.integer(limit.at());
            if (limit.low()) {
                lows.add(at + (limit.strict() ? " + 1" : ""));
            }
            if (limit.high()) {
                highs.add(at + (limit.strict() ? "" : " + 1"));
            }
        }
        return new Range(extreme(" > ", lows), extreme(" < ", highs), others);
    }

    /** Whether the bounds of an index never fall where {@code along} rises. */
    boolean rising(Index index, List<Expr> conditions, Index along) {
        return conditions.stream().allMatch(condition -> {
            Limit limit = limit(index, condition);
            Long factor = limit == null ? Long.valueOf(0) : e.analysis.factor(e.analysis.linear(limit.at()), along);
            return factor != null && factor >= 0;
        });
    }

    private String extreme(String before, List<String> all) {
        String best = all.getFirst();
        for (String next : all.subList(1, all.size())) {
            String other = e.fresh("v");
            String name = e.fresh("v");
            e.scope.line("final int " + other + " = " + next + ";");
            e.scope.line("final int " + name + " = (" + best + before + other + " ? " + best + " : " + other + ");");
            best = name;
        }
        return best;
    }

    /** What a condition says of an index: not below, not above {@code at}, or neither; if strict, not {@code at} either. */
    private record Limit(Expr at, boolean low, boolean high, boolean strict) {}

    private @Nullable Limit limit(Index index, Expr condition) {
        if (condition instanceof Expr.Unary(UnaryOp op, Expr.Binary(BinaryOp inner, Expr l, Expr r))
                && op == UnaryOp.NOT
                && (inner == BinaryOp.LT || inner == BinaryOp.LE)) {
            return limit(index, new Expr.Binary(inner == BinaryOp.LT ? BinaryOp.LE : BinaryOp.LT, r, l));
        }
        if (!(condition instanceof Expr.Binary(BinaryOp op, Expr l, Expr r))
                || !(op == BinaryOp.LT || op == BinaryOp.LE || op == BinaryOp.EQ)
                || e.analysis.kind(l) != Kind.LONG
                || e.analysis.kind(r) != Kind.LONG) {
            return null;
        }
        // right - left = factor * index + rest, to be > 0, >= 0 or == 0
        Linear difference = Analysis.combine(e.analysis.linear(r), e.analysis.linear(l), -1);
        Long factor = e.analysis.factor(difference, index);
        if (factor == null || Math.abs(factor) != 1) {
            return null;
        }
        Expr at = e.analysis.rest(difference, index, -factor);
        if (!e.intervals.of(at).narrow()) {
            return null;
        }
        boolean both = op == BinaryOp.EQ;
        return new Limit(at, factor > 0 || both, factor < 0 || both, op == BinaryOp.LT);
    }
}
