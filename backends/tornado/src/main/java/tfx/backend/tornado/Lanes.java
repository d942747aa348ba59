package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/** Reductions of a cell that several work items, its lanes, compute together: each takes every so many-th point. */
final class Lanes {
    private final Emitter e;
    private final Scope cell;
    private final int count;
    private final int warp;
    private final String lane;

    /** Most points that a lane has under way at a time: memory answers late, and only many questions at once keep it busy. */
    private static final int AHEAD = 16;

    /**
     * @param cell the scope that all lanes of all cells of a group run through together
     * @param count lanes of a cell, a power of two
     * @param warp neighbouring lanes that add without barriers, a power of two; 0 where none do
     */
    Lanes(Emitter emitter, Scope cell, int count, int warp) {
        this(emitter, cell, count, warp, "lane");
    }

    /** @param lane the variable that holds an item's number among the lanes of its cell */
    Lanes(Emitter emitter, Scope cell, int count, int warp, String lane) {
        this.lane = lane;
        this.warp = warp;
        this.e = emitter;
        this.cell = cell;
        this.count = count;
    }

    /** Whether a reduction that is computed in {@code scope} is theirs: in a loop or a branch no lane may wait for another. */
    @SuppressWarnings("ReferenceEquality") // scopes have identity
    boolean take(Scope scope) {
        return scope == cell;
    }

    Code reduce(Expr.Reduce r) {
        String part = e.fresh("s");
        e.scope.line("float " + part + " = " + Loops.identity(r.monoid()) + ";");
        Runnable point = () -> e.loops.combine(r.monoid(), part, e.real(r.body()));
        if (even(r)) {
            ahead(List.of(r), List.of(part));
            return new Code(Kind.FLOAT, false, together(r.monoid(), part));
        }
        List<Index> indices = r.indices();
        List<Expr> conditions = e.analysis.conjuncts(r.domain());
        if (conditions.isEmpty() && indices.stream().allMatch(i -> i.size().isConstant())) {
            flat(indices, point);
        } else {
            nested(indices, conditions, point);
        }
        return new Code(Kind.FLOAT, false, together(r.monoid(), part));
    }

    /** One loop over all points, numbered with the last index fastest. */
    private void flat(List<Index> indices, Runnable point) {
        long points = 1;
        for (Index index : indices) {
            points = Math.multiplyExact(points, index.size().constant());
        }
        String at = e.fresh("i");
        String head = "for (int " + at + " = " + lane + "; " + at + " < " + points + "; " + at + " = " + at + " + "
                + count + ") {";
        e.block(head, "}", Set.copyOf(indices), false, () -> {
            Product.unflatten(e, indices, at);
            point.run();
        });
    }

    /** The most points at a time that divide a lane's. */
    private int ahead(List<Index> indices) {
        long points = Product.count(indices) / count;
        int most = (int) Math.min(AHEAD, points);
        while (most > 1 && points % most != 0) {
            most--;
        }
        return most;
    }

    /** Whether a reduction is a plain sum of as many points for each lane. */
    private boolean even(Expr.Reduce r) {
        return r.monoid() == Monoid.SUM
                && r.domain().equals(Expr.TRUE)
                && r.indices().stream().allMatch(i -> i.size().isConstant())
                && Product.count(r.indices()) % count == 0
                && ahead(r.indices()) > 1;
    }

    /** Sums over equally many points in one loop, which reads what they have in common once; they are known from then on. */
    void sumTogether(List<Expr.Reduce> all) {
        Map<Long, List<Expr.Reduce>> alike = new LinkedHashMap<>();
        all.stream()
                .distinct()
                .filter(this::even)
                .forEach(r -> alike.computeIfAbsent(Product.count(r.indices()), n -> new ArrayList<>())
                        .add(r));
        for (List<Expr.Reduce> sums : alike.values()) {
            List<String> names = new ArrayList<>();
            for (Expr.Reduce r : sums) {
                names.add(e.fresh("s"));
                e.scope.line("float " + names.getLast() + " = 0f;");
            }
            ahead(sums, names);
            for (int k = 0; k < names.size(); k++) {
                e.scope.known.put(sums.get(k), new Code(Kind.FLOAT, false, together(Monoid.SUM, names.get(k))));
            }
        }
    }

    /** Sums of several points at a time, none of which waits for another. */
    private void ahead(List<Expr.Reduce> sums, List<String> names) {
        Set<Index> own = new LinkedHashSet<>();
        sums.forEach(r -> own.addAll(r.indices()));
        int ahead = Math.max(2, ahead(sums.getFirst().indices()) / sums.size());
        long points = Product.count(sums.getFirst().indices());
        while (points / count % ahead != 0) {
            ahead++;
        }
        int each = ahead;
        String at = e.fresh("i");
        String head = "for (int " + at + " = " + lane + "; " + at + " < " + points + "; " + at + " = " + at + " + "
                + count * each + ") {";
        e.block(head, "}", own, false, () -> {
            List<StringBuilder> totals = names.stream().map(StringBuilder::new).toList();
            for (int u = 0; u < each; u++) {
                String number = e.fresh("i");
                e.scope.line("final int " + number + " = " + at + " + " + u * count + ";");
                for (int k = 0; k < names.size(); k++) {
                    String term = e.fresh("s");
                    e.scope.line("float " + term + " = 0f;");
                    Expr.Reduce r = sums.get(k);
                    e.block("{", "}", own, false, () -> {
                        Product.unflatten(e, r.indices(), number);
                        e.scope.line(term + " = " + e.real(r.body()) + ";");
                    });
                    totals.get(k).append(" + ").append(term);
                }
            }
            for (int k = 0; k < names.size(); k++) {
                e.scope.line(names.get(k) + " = " + totals.get(k) + ";");
            }
        });
    }

    /** The points of the first index divided among the lanes, the others' in each. */
    private void nested(List<Index> indices, List<Expr> conditions, Runnable point) {
        Index first = indices.getFirst();
        List<Index> inner = indices.subList(1, indices.size());
        List<Expr> now = conditions.stream()
                .filter(c -> inner.stream().noneMatch(i -> e.analysis.mentions(c, i)))
                .toList();
        List<Expr> later = conditions.stream().filter(c -> !now.contains(c)).toList();
        Loops.Range range = e.loops.range(first, now);
        String at = e.fresh("i");
        e.names.put(first, at);
        String head = "for (int " + at + " = " + range.low() + " + " + lane + "; " + at + " < " + range.high() + "; "
                + at + " = " + at + " + " + count + ") {";
        e.block(
                head,
                "}",
                Set.of(first),
                false,
                () -> e.branch(range.others(), () -> {
                    if (inner.isEmpty()) {
                        point.run();
                    } else {
                        e.loops.nest(inner, later, point);
                    }
                }));
    }

    /** The combination of all lanes' parts, in every lane. */
    String together(Monoid monoid, String part) {
        String value = e.fresh("v");
        if (warp > 0 && warp <= count && monoid == Monoid.SUM) {
            String sum = e.fresh("v");
            e.scope.line("final float " + sum + " = context.simdSum(" + part + ");");
            if (warp == count) {
                return sum;
            }
            e.scope.line("if (" + lane + " % " + warp + " == 0) {\nshared[local / " + warp + "] = " + sum + ";\n}");
            e.scope.line("context.localBarrier();");
            StringBuilder all = new StringBuilder();
            for (int w = 0; w < count / warp; w++) {
                all.append(w == 0 ? "" : " + ").append("shared[(local - " + lane + ") / " + warp + " + " + w + "]");
            }
            e.scope.line("final float " + value + " = " + all + ";");
            e.scope.line("context.localBarrier();");
            return value;
        }
        tree(e, monoid, part, "local", lane, count);
        e.scope.line("final float " + value + " = shared[local - " + lane + "];");
        e.scope.line("context.localBarrier();");
        return value;
    }

    /** Combines a variable over {@code count} neighbouring work items into the place of the first of them in {@code shared}. */
    static void tree(Emitter e, Monoid monoid, String part, String item, String number, int count) {
        e.scope.line("shared[" + item + "] = " + part + ";");
        e.scope.line("context.localBarrier();");
        String half = e.fresh("h");
        e.block(
                "for (int " + half + " = " + count / 2 + "; " + half + " > 0; " + half + " = " + half + " / 2) {",
                "}",
                Set.of(),
                false,
                () -> {
                    e.block("if (" + number + " < " + half + ") {", "}", Set.of(), true, () -> {
                        String sum = e.fresh("s");
                        String other = e.fresh("v");
                        e.scope.line("float " + sum + " = shared[" + item + "];");
                        e.scope.line("final float " + other + " = shared[" + item + " + " + half + "];");
                        e.loops.combine(monoid, sum, other);
                        e.scope.line("shared[" + item + "] = " + sum + ";");
                    });
                    e.scope.line("context.localBarrier();");
                });
    }
}
