package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.common.Analysis.Linear;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;

/** Loops over indices: within the bounds that a predicate implies, one by one or as lanes of vectors. */
final class Loops {
    private final Emitter e;

    Loops(Emitter emitter) {
        this.e = emitter;
    }

    /** The reduction as a loop nest with one accumulator: a vector where the value varies by lane or an index can run over lanes. */
    Code reduce(Expr.Reduce r, boolean varying) {
        Index lane = varying ? null : laneOf(r);
        boolean vector = varying || lane != null;
        // A scalar sum costs nothing more in double and loses nothing.
        boolean exact = !vector && (r.monoid() == Monoid.SUM || r.monoid() == Monoid.PRODUCT);
        String sum = e.fresh("s");
        String identity = identity(r.monoid());
        e.scope.line((vector ? "FloatVector " : exact ? "double " : "float ") + sum + " = "
                + (vector ? "Lanes.splat(" + identity + ")" : identity) + ";");
        List<Index> order = new ArrayList<>(r.indices());
        if (lane != null) {
            order.remove(lane);
            order.add(lane);
        }
        nest(order, e.analysis.conjuncts(r.domain()), lane, remaining -> step(r, sum, vector, remaining));
        if (varying) {
            return new Code(Kind.FLOAT, true, sum);
        }
        if (vector || exact) {
            String total = e.fresh("v");
            e.scope.line(
                    "final float " + total + " = " + (vector ? acrossLanes(r.monoid(), sum) : "(float) " + sum) + ";");
            return new Code(Kind.FLOAT, false, total);
        }
        return new Code(Kind.FLOAT, false, sum);
    }

    /** The reduction of a vector's lanes, in an order that never changes. */
    static String acrossLanes(Monoid monoid, String vector) {
        return switch (monoid) {
            case SUM -> "Lanes.sum(" + vector + ")";
            case PRODUCT -> "Lanes.product(" + vector + ")";
            case MAX, MIN -> vector + ".reduceLanes(VectorOperators." + operator(monoid) + ")";
        };
    }

    private void step(Expr.Reduce r, String sum, boolean vector, List<Expr> remaining) {
        if (!vector) {
            String value = e.real(r.body());
            e.scope.line(sum + " = "
                    + switch (r.monoid()) {
                        case SUM -> sum + " + " + value;
                        case PRODUCT -> sum + " * " + value;
                        case MAX -> "Math.max(" + sum + ", " + value + ")";
                        case MIN -> "Math.min(" + sum + ", " + value + ")";
                    }
                    + ";");
            return;
        }
        filtered(remaining, mask -> {
            if (r.monoid() == Monoid.SUM
                    && mask == null
                    && r.body() instanceof Expr.Binary(BinaryOp op, Expr x, Expr y)
                    && op == BinaryOp.MUL) {
                e.scope.line(sum + " = " + e.vector(x) + ".fma(" + e.vector(y) + ", " + sum + ");");
            } else {
                e.scope.line(sum + " = " + sum + ".lanewise(VectorOperators." + operator(r.monoid()) + ", "
                        + e.vector(r.body()) + (mask == null ? "" : ", " + mask) + ");");
            }
        });
    }

    /** Runs {@code body} under the mask of the lanes that meet every one of {@code conditions}, and that count at all. */
    void filtered(List<Expr> conditions, Consumer<@Nullable String> body) {
        String mask = e.scope.mask;
        for (Expr condition : conditions) {
            mask = mask == null ? e.mask(condition) : mask + ".and(" + e.mask(condition) + ")";
        }
        if (conditions.isEmpty()) {
            body.accept(mask);
            return;
        }
        String name = e.fresh("m");
        e.scope.line("final VectorMask<Float> " + name + " = " + mask + ";");
        e.block("{", "}", Set.of(), true, e.scope.lane, name, () -> body.accept(name));
    }

    static String identity(Monoid monoid) {
        return switch (monoid) {
            case SUM -> "0f";
            case PRODUCT -> "1f";
            case MAX -> "Float.NEGATIVE_INFINITY";
            case MIN -> "Float.POSITIVE_INFINITY";
        };
    }

    static String operator(Monoid monoid) {
        return switch (monoid) {
            case SUM -> "ADD";
            case PRODUCT -> "MUL";
            case MAX -> "MAX";
            case MIN -> "MIN";
        };
    }

    /** The index of a reduction along which some operand lies adjacent, or null. */
    private @Nullable Index laneOf(Expr.Reduce r) {
        for (Index index : r.indices().reversed()) {
            if (adjacent(r.body(), index)) {
                return index;
            }
        }
        return null;
    }

    /** Whether some read in {@code expr} has unit stride along {@code index}. */
    boolean adjacent(Expr expr, Index index) {
        if (!e.analysis.mentions(expr, index)) {
            return false;
        }
        if (expr instanceof Expr.Read r) {
            for (int d = 0; d < r.at().size(); d++) {
                Long factor = e.analysis.kind(r.at().get(d)) == Kind.LONG
                        ? e.analysis.factor(e.analysis.linear(r.at().get(d)), index)
                        : null;
                if (factor != null && factor == 1 && e.operands.stride(r.value(), d) == 1) {
                    return true;
                }
            }
            return false;
        }
        return Analysis.parts(expr).stream().anyMatch(part -> adjacent(part, index));
    }

    /**
     * Whether a reduction in {@code expr} reads what lies adjacent along its own index, but not along {@code index}: lanes of
     * {@code index} would then be gathered, one by one.
     */
    boolean runsAcross(Expr expr, Index index) {
        if (expr instanceof Expr.Reduce r && r.indices().stream().anyMatch(i -> readsAcross(r.body(), i, index))) {
            return true;
        }
        return Analysis.parts(expr).stream().anyMatch(part -> runsAcross(part, index));
    }

    private boolean readsAcross(Expr expr, Index along, Index across) {
        if (expr instanceof Expr.Read) {
            return e.analysis.mentions(expr, across) && adjacent(expr, along) && !adjacent(expr, across);
        }
        return Analysis.parts(expr).stream().anyMatch(part -> readsAcross(part, along, across));
    }

    /** Loops over {@code order}, outermost first; {@code body} gets the conditions that still depend on lanes. */
    private void nest(List<Index> order, List<Expr> conditions, @Nullable Index lane, Consumer<List<Expr>> body) {
        Index index = order.getFirst();
        List<Index> inner = order.subList(1, order.size());
        List<Expr> later = new ArrayList<>();
        List<Expr> now = new ArrayList<>();
        for (Expr c : conditions) {
            boolean ready = inner.stream().noneMatch(i -> e.analysis.mentions(c, i));
            (ready ? now : later).add(c);
        }
        Range range = range(index, now);
        Consumer<List<Expr>> inside = rest -> {
            if (inner.isEmpty()) {
                body.accept(rest);
            } else {
                List<Expr> all = new ArrayList<>(later);
                all.addAll(rest);
                nest(inner, all, lane, body);
            }
        };
        if (index == lane) {
            lanes(index, range.low, range.high, () -> inside.accept(range.others));
            return;
        }
        String name = e.fresh("i");
        e.names.put(index, name);
        e.block(
                "for (long " + name + " = " + range.low + "; " + name + " < " + range.high + "; " + name + "++) {",
                "}",
                Set.of(index),
                false,
                e.scope.lane,
                e.scope.mask,
                () -> {
                    List<Expr> vector = range.others.stream().filter(e::varies).toList();
                    List<Expr> scalar =
                            range.others.stream().filter(c -> !e.varies(c)).toList();
                    if (scalar.isEmpty()) {
                        inside.accept(vector);
                    } else {
                        String test = String.join(
                                " && ", scalar.stream().map(e::truth).toList());
                        e.branch(test, () -> inside.accept(vector));
                    }
                });
    }

    /** Bounds of an index as names of long variables, and the conditions they do not cover. */
    record Range(String low, String high, List<Expr> others) {}

    Range range(Index index, List<Expr> conditions) {
        List<String> lows = new ArrayList<>(List.of("0L"));
        List<String> highs = new ArrayList<>(List.of(e.operands.size(index.size())));
        List<Expr> others = new ArrayList<>();
        for (Expr condition : conditions) {
            if (!bound(index, condition, lows, highs)) {
                others.add(condition);
            }
        }
        return new Range(extreme("Math.max", lows), extreme("Math.min", highs), others);
    }

    private String extreme(String function, List<String> all) {
        String text = all.getFirst();
        for (String next : all.subList(1, all.size())) {
            text = function + "(" + text + ", " + next + ")";
        }
        if (all.size() == 1) {
            return text;
        }
        String name = e.fresh("v");
        e.scope.line("final long " + name + " = " + text + ";");
        return name;
    }

    private boolean bound(Index index, Expr condition, List<String> lows, List<String> highs) {
        if (condition instanceof Expr.Unary(UnaryOp op, Expr.Binary(BinaryOp inner, Expr l, Expr r))
                && op == UnaryOp.NOT
                && (inner == BinaryOp.LT || inner == BinaryOp.LE)) {
            return bound(index, new Expr.Binary(inner == BinaryOp.LT ? BinaryOp.LE : BinaryOp.LT, r, l), lows, highs);
        }
        if (!(condition instanceof Expr.Binary(BinaryOp op, Expr l, Expr r))
                || !Emitter.comparison(op)
                || op == BinaryOp.NE
                || e.analysis.kind(l) != Kind.LONG
                || e.analysis.kind(r) != Kind.LONG) {
            return false;
        }
        // right - left = factor * index + rest, to be > 0, >= 0 or == 0
        Linear difference = Analysis.combine(e.analysis.linear(r), e.analysis.linear(l), -1);
        Long factor = e.analysis.factor(difference, index);
        if (factor == null || Math.abs(factor) != 1) {
            return false;
        }
        Expr limit = e.analysis.rest(difference, index, -factor);
        if (e.varies(limit)) {
            return false;
        }
        String at = e.scalars.integer(limit);
        boolean strict = op == BinaryOp.LT;
        if (factor > 0 || op == BinaryOp.EQ) {
            lows.add(at + (strict ? " + 1L" : ""));
        }
        if (factor < 0 || op == BinaryOp.EQ) {
            highs.add(at + (strict ? "" : " + 1L"));
        }
        return true;
    }

    /** Runs {@code body} with {@code index} over the lanes: whole vectors first, then the rest under a mask. */
    void lanes(Index index, String low, String high, Runnable body) {
        String name = e.fresh("i");
        String mask = e.fresh("m");
        e.names.put(index, name);
        e.scope.line("long " + name + " = " + low + ";");
        e.block(
                "for (; " + name + " + Lanes.LENGTH <= " + high + "; " + name + " += Lanes.LENGTH) {",
                "}",
                Set.of(index),
                false,
                index,
                null,
                body);
        e.block(
                "if (" + name + " < " + high + ") {\nfinal VectorMask<Float> " + mask + " = Lanes.first(" + high + " - "
                        + name + ");",
                "}",
                Set.of(index),
                false,
                index,
                mask,
                body);
    }

    /** A fold, one point after another: the plain meaning, for what {@link FoldWriter} has no tiles for. */
    Code fold(Expr.Fold f, boolean varying) {
        return new Folds(e).fold(f, varying);
    }
}
