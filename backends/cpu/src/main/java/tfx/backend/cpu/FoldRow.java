package tfx.backend.cpu;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/** What one row of a tile makes of the products with the tile's points: statistics, weights, and what a new maximum rescales. */
final class FoldRow {
    private final FoldLayout layout;

    FoldRow(FoldLayout layout) {
        this.layout = layout;
    }

    /** Accumulators in passes, since some need the maxima of others. */
    void write(Emitter e, String row) {
        Index point = layout.streams.fold().index();
        Loops.Range range = layout.range(e);
        List<Expr> scalar = range.others().stream()
                .filter(c -> !layout.analysis.mentions(c, point))
                .toList();
        List<Expr> byLane = range.others().stream()
                .filter(c -> layout.analysis.mentions(c, point))
                .toList();
        String low = e.fresh("l");
        String high = e.fresh("h");
        e.scope.line("final long " + low + " = Math.min(high, Math.max(low, " + range.low() + "));");
        String limit = "Math.max(" + low + ", Math.min(high, " + range.high() + "))";
        e.scope.line("final long " + high + " = "
                + (scalar.isEmpty()
                        ? limit
                        : String.join(" && ", scalar.stream().map(e::truth).toList()) + " ? " + limit + " : " + low)
                + ";");
        layout.weights.forEach((k, at) -> e.scope.line("Gemm.fill(" + at + " + " + row + " * " + 4 * FoldLayout.POINTS
                + "L, " + FoldLayout.POINTS + "L, 0f);"));
        Set<Index> own = Set.of(Analysis.FOLD);
        e.block("if (" + low + " < " + high + ") {", "}", own, true, null, null, () -> {
            int done = 0;
            while (done < layout.streams.fold().accumulators().size()) {
                int next = passEnd(done);
                pass(e, row, done, next, low, high, byLane, done == 0);
                done = next;
            }
        });
    }

    /** The first accumulator from {@code from} on that needs one of those between. */
    private int passEnd(int from) {
        int k = from;
        while (k < layout.streams.fold().accumulators().size()) {
            int first = from;
            int here = k;
            Expr.Accumulator accumulator = layout.streams.fold().accumulators().get(k);
            boolean[] needs = {false};
            tfx.ir.Exprs.forEach(
                    accumulator.body(),
                    part -> needs[0] |= part instanceof Expr.Accumulated(int n) && n >= first && n < here);
            if (needs[0] || (accumulator.shift() >= from && accumulator.shift() < k)) {
                break;
            }
            k++;
        }
        return k;
    }

    private void pass(
            Emitter e, String row, int from, int to, String low, String high, List<Expr> byLane, boolean first) {
        Index point = layout.streams.fold().index();
        Map<Integer, String> partial = new HashMap<>();
        for (int k = from; k < to; k++) {
            if (layout.statistics.containsKey(k)) {
                String name = e.fresh("s");
                partial.put(k, name);
                e.scope.line("FloatVector " + name + " = Memory.loadF32(" + layout.statistic(k, row) + ");");
            }
        }
        String any = e.fresh("a");
        e.scope.line("boolean " + any + " = " + byLane.isEmpty() + ";");
        e.loops.lanes(point, low, high, () -> {
            for (int k = 0; k < layout.products.size(); k++) {
                String score = e.fresh("v");
                e.scope.line("final FloatVector " + score + " = Memory.loadF32("
                        + layout.cell(e, layout.scores.get(k), row) + ");");
                e.scope.known.put(layout.products.get(k).reduce(), new Code(Kind.FLOAT, true, score));
            }
            e.loops.filtered(byLane, mask -> {
                if (!byLane.isEmpty()) {
                    e.scope.line(any + " |= " + mask + ".anyTrue();");
                }
                for (int k = from; k < to; k++) {
                    point(e, k, partial.get(k), mask, row);
                }
            });
        });
        partial.forEach((k, name) -> {
            Expr.Accumulator accumulator = layout.streams.fold().accumulators().get(k);
            if (accumulator.monoid() == Monoid.MAX && isShift(k)) {
                maximum(e, k, name, row);
            }
            e.scope.line("Memory.storeF32(" + layout.statistic(k, row) + ", " + name + ");");
        });
        if (first) {
            e.scope.line("if (" + any + ") {\nMemory.putF32(" + layout.seen(row) + ", 1f);\n}");
        }
    }

    private void point(Emitter e, int k, String partial, String mask, String row) {
        Expr.Accumulator accumulator = layout.streams.fold().accumulators().get(k);
        String masked = mask == null ? "" : ", " + mask;
        if (partial != null) {
            e.scope.line(partial + " = " + partial + ".lanewise(VectorOperators." + Loops.operator(accumulator.monoid())
                    + ", " + e.vector(accumulator.body()) + masked + ");");
        } else {
            e.scope.line("Memory.storeF32(" + layout.cell(e, layout.weights.get(k), row) + ", "
                    + e.vector(layout.streams.weighted().get(k).weight()) + masked + ");");
        }
    }

    private boolean isShift(int k) {
        return layout.streams.fold().accumulators().stream().anyMatch(a -> a.shift() == k);
    }

    /** The maximum of a row has been taken further: what is relative to the old one is rescaled. */
    private void maximum(Emitter e, int k, String name, String row) {
        String old = e.fresh("v");
        String now = e.fresh("v");
        String factor = e.fresh("v");
        e.scope.line("final float " + old + " = Memory.getF32(" + layout.statistic(k, row) + ");");
        e.scope.line("final float " + now + " = " + name + ".reduceLanes(VectorOperators.MAX);");
        e.scope.line(name + " = Lanes.splat(" + now + ");");
        // While nothing finite was seen the maximum counts as 0, so that exp(-inf - M) is 0 and not NaN.
        String safe = e.fresh("v");
        e.scope.line("final float " + safe + " = VectorMath.finite(" + now + ");");
        e.scope.known.put(layout.analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, false, safe));
        e.scope.line("if (" + old + " != " + now + ") {\nfinal float " + factor + " = (float) Math.exp(" + old + " - "
                + safe + ");");
        for (int j = 0; j < layout.streams.fold().accumulators().size(); j++) {
            if (layout.streams.fold().accumulators().get(j).shift() == k) {
                e.scope.line(
                        layout.statistics.containsKey(j)
                                ? "Gemm.scale(" + layout.statistic(j, row) + ", " + Lanes.LENGTH + "L, " + factor + ");"
                                : "Gemm.scale(" + layout.sum(j, row) + ", " + layout.width() + "L, " + factor + ");");
            }
        }
        e.scope.line("}");
    }
}
