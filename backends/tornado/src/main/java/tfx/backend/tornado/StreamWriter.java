package tfx.backend.tornado;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold whose points a group of work items takes in rounds. In each round every item computes one point's parts that are the
 * same for a whole row of the output (scores, their maxima, their weights) into the group's memory; then the items stand for
 * the row's columns, several for each where there are fewer columns than items, and take the points in.
 */
final class StreamWriter implements KernelWriter {
    /** Points that an item has under way at a time: memory answers late. */
    private static final int AHEAD = 16;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final Expr.Fold fold;
    private final @Nullable Index column;
    private final int width;
    private final int items;
    private final List<Expr> parts;
    private final WarpDots dots;
    private final Split.@Nullable Room stretches;

    /**
     * @param warp items that add without barriers; 0 where none do
     * @param stretches where a row's points are divided among groups; null where one takes all
     */
    StreamWriter(
            Emitter emitter,
            List<Index> indices,
            Expr body,
            Streamed streamed,
            int items,
            int warp,
            Split.@Nullable Room stretches) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.fold = streamed.fold();
        this.column = streamed.column();
        this.width = streamed.width();
        this.items = Math.max(items, width);
        this.parts = streamed.parts();
        this.dots = new WarpDots(emitter, streamed, warp);
        this.stretches = stretches;
    }

    @Override
    public Written write() {
        List<Index> rows = column == null ? indices : indices.subList(0, indices.size() - 1);
        List<Extent> extents = Extent.of(e, rows);
        CellWriter.countCells(e, extents);
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int column = local % " + width + ";");
        e.scope.line("final int part = local / " + width + ";");
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + items + ");");
        for (int k = 0; k < parts.size(); k++) {
            e.scope.line("final float[] w" + k + " = context.allocateFloatLocalArray(" + items + ");");
        }
        Set<Index> own = new LinkedHashSet<>(rows);
        own.add(Analysis.BATCH);
        int share = stretches == null ? 1 : stretches.count();
        String head = "for (int piece = context.groupIdx; piece < total * " + share
                + "; piece = piece + context.globalGroupSizeX / " + items + ") {";
        e.block(head, "}", own, false, () -> {
            e.scope.line("final int cell = piece / " + share + ";");
            CellWriter.locate(e, rows, extents);
            row();
        });
        return new Written(e, items, true, Written.cells(items));
    }

    private void row() {
        int count = fold.accumulators().size();
        String[] names = new String[count];
        for (int k = 0; k < count; k++) {
            names[k] = e.fresh("s");
            e.scope.line("float " + names[k] + " = "
                    + Loops.identity(fold.accumulators().get(k).monoid()) + ";");
        }
        Loops.Range range = e.loops.range(fold.index(), e.analysis.conjuncts(fold.domain()));
        String low = e.fresh("v");
        String high = e.fresh("v");
        String met = e.fresh("any");
        bounds(range, low, high);
        e.scope.line("float " + met + " = 0f;");
        String round = e.fresh("r");
        String head = "for (int " + round + " = " + low + "; " + round + " < " + high + "; " + round + " = " + round
                + " + " + items + ") {";
        e.block(head, "}", Set.of(Analysis.FOLD), false, () -> round(names, round, high, met, range.others()));
        finish(names, met);
    }

    /** The points that the group takes: all, or its stretch of them, of whole rounds. */
    private void bounds(Loops.Range range, String low, String high) {
        if (stretches == null) {
            e.scope.line("final int " + low + " = " + range.low() + ";");
            e.scope.line("final int " + high + " = " + range.high() + ";");
            return;
        }
        int count = stretches.count();
        e.scope.line("final int begin = " + range.low() + ";");
        e.scope.line("final int end_ = " + range.high() + ";");
        e.scope.line("final int all = (end_ > begin ? end_ - begin : 0);");
        e.scope.line("final int length = ((all + " + (count - 1) + ") / " + count + " + " + (items - 1) + ") / " + items
                + " * " + items + ";");
        e.scope.line("final int " + low + " = begin + piece % " + count + " * length;");
        e.scope.line("final int " + high + " = (" + low + " + length < end_ ? " + low + " + length : end_);");
    }

    private void round(String[] names, String round, String high, String met, List<Expr> others) {
        String point = e.fresh("i");
        String valid = e.fresh("ok");
        e.scope.line("final int " + point + " = " + round + " + local;");
        e.scope.line("boolean " + valid + " = " + point + " < " + high + ";");
        Set<Index> own = Set.of(fold.index());
        if (!others.isEmpty()) {
            e.names.put(fold.index(), point);
            e.block("if (" + valid + ") {", "}", own, true, () -> e.scope.line(valid + " = " + e.truth(others) + ";"));
        }
        dots.compute(round, high, others);
        Map<Expr, String> computed = new HashMap<>();
        for (int k = 0; k < names.length; k++) {
            if (Streamed.rescales(fold, k)) {
                computed.put(fold.accumulators().get(k).body(), maximum(k, names, point, valid));
            }
        }
        e.names.put(fold.index(), point);
        e.block("if (" + valid + ") {", "}", own, true, () -> {
            dots.publish();
            computed.forEach((expr, name) -> e.scope.known.put(expr, new Code(Kind.FLOAT, false, name)));
            for (int p = 0; p < parts.size(); p++) {
                e.scope.line("w" + p + "[local] = " + e.real(parts.get(p)) + ";");
            }
        });
        e.scope.line("shared[local] = (" + valid + " ? 1f : 0f);");
        e.scope.line("context.localBarrier();");
        columns(names, round, high, met, others);
        e.scope.line("context.localBarrier();");
    }

    /**
     * The new maximum of all points so far, in every item; what was shifted by the old one is rescaled.
     *
     * @return what the item's own point gives
     */
    private String maximum(int k, String[] names, String point, String valid) {
        Folds folds = new Folds(e);
        e.names.put(fold.index(), point);
        String mine = e.fresh("s");
        e.scope.line("float " + mine + " = " + Loops.LOWEST + ";");
        e.block("if (" + valid + ") {", "}", Set.of(fold.index()), true, () -> {
            dots.publish();
            e.scope.line(mine + " = " + e.real(fold.accumulators().get(k).body()) + ";");
        });
        Lanes.tree(e, Monoid.MAX, mine, "local", "local", items);
        String old = e.fresh("v");
        String found = e.fresh("v");
        e.scope.line("final float " + old + " = " + names[k] + ";");
        e.scope.line("final float " + found + " = shared[0];");
        e.scope.line("context.localBarrier();");
        e.loops.combine(Monoid.MAX, names[k], found);
        String safe = folds.finite(names[k]);
        String factor = e.fresh("v");
        e.scope.line("final float " + factor + " = TornadoMath.exp(" + old + " - " + safe + ");");
        for (int j = 0; j < names.length; j++) {
            if (fold.accumulators().get(j).shift() == k) {
                e.scope.line(names[j] + " = " + names[j] + " * " + factor + ";");
            }
        }
        folds.publish(k, safe);
        return mine;
    }

    /** Every item takes its share of the round's points into its column. */
    private void columns(String[] names, String round, String high, String met, List<Expr> others) {
        Runnable points = () -> {
            String j = e.fresh("j");
            e.scope.line("int " + j + " = part * " + width + ";");
            String last = e.fresh("v");
            String there = e.fresh("v");
            e.scope.line("final int " + there + " = " + high + " - " + round + ";");
            e.scope.line("final int " + last + " = (" + j + " + " + width + " < " + there + " ? " + j + " + " + width
                    + " : " + there + ");");
            String ahead =
                    "for (; " + j + " + " + (AHEAD - 1) + " < " + last + "; " + j + " = " + j + " + " + AHEAD + ") {";
            e.block(ahead, "}", Set.of(fold.index()), false, () -> {
                for (int u = 0; u < AHEAD; u++) {
                    point(names, round, j + " + " + u, met, others);
                }
            });
            e.block("for (; " + j + " < " + last + "; " + j + "++) {", "}", Set.of(fold.index()), false, () -> {
                point(names, round, j, met, others);
            });
        };
        if (column == null) {
            points.run();
        } else {
            e.names.put(column, "column");
            e.block("if (column < " + column.size().constant() + ") {", "}", Set.of(column), true, points);
        }
    }

    /** Takes the round's point number {@code j} in; where conditions decide whether there is one, only then. */
    private void point(String[] names, String round, String j, String met, List<Expr> others) {
        String at = e.fresh("i");
        Set<Index> own = Set.of(fold.index());
        Runnable take = () -> {
            for (int p = 0; p < parts.size(); p++) {
                e.scope.known.put(parts.get(p), new Code(Kind.FLOAT, false, "w" + p + "[" + j + "]"));
            }
            e.scope.line(met + " = 1f;");
            for (int k = 0; k < names.length; k++) {
                Expr.Accumulator a = fold.accumulators().get(k);
                if (!(Streamed.rescales(fold, k))) {
                    e.loops.combine(a.monoid(), names[k], e.real(a.body()));
                }
            }
        };
        e.block("{", "}", own, false, () -> {
            e.scope.line("final int " + at + " = " + round + " + " + j + ";");
            e.names.put(fold.index(), at);
            if (others.isEmpty()) {
                take.run();
            } else {
                e.block("if (shared[" + j + "] != 0f) {", "}", own, true, take);
            }
        });
    }

    /** The parts of each column joined, and the column's element stored. */
    private void finish(String[] names, String met) {
        join(Monoid.MAX, met);
        for (int k = 0; k < names.length; k++) {
            Expr.Accumulator a = fold.accumulators().get(k);
            if (!(Streamed.rescales(fold, k))) {
                join(a.monoid(), names[k]);
            }
        }
        String first = "part == 0"
                + (column == null ? "" : " && column < " + column.size().constant());
        Set<Index> own = column == null ? Set.of() : Set.of(column);
        if (column != null) {
            e.names.put(column, "column");
        }
        e.block("if (" + first + ") {", "}", own, true, () -> {
            if (stretches != null) {
                stretches.store(e, names, met, width, column == null ? "0" : "column");
                return;
            }
            e.scope.known.put(fold, new Folds(e).result(fold, names, met + " != 0f"));
            String value = e.real(body);
            e.scope.line(e.operands.store(CellWriter.place(e, indices), value));
        });
    }

    /** Combines a variable over the parts of its column. */
    private void join(Monoid monoid, String name) {
        if (items == width) {
            return;
        }
        e.scope.line("shared[local] = " + name + ";");
        e.scope.line("context.localBarrier();");
        String p = e.fresh("h");
        e.block(
                "if (part == 0) {",
                "}",
                Set.of(),
                true,
                () -> e.block(
                        "for (int " + p + " = " + width + "; " + p + " < " + items + "; " + p + " = " + p + " + "
                                + width + ") {",
                        "}",
                        Set.of(),
                        false,
                        () -> {
                            String other = e.fresh("v");
                            e.scope.line("final float " + other + " = shared[" + p + " + column];");
                            e.loops.combine(monoid, name, other);
                        }));
        e.scope.line("context.localBarrier();");
    }
}
