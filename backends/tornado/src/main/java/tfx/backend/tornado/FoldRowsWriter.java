package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * Writes the kernel of a fold over few rows that gives each group a stretch of the points of some rows, and hands on what their
 * accumulators hold at the end. In each round all that an item reads is asked for first; then come dot products, weights, and the
 * sums of the columns.
 */
final class FoldRowsWriter {
    /** Items that a compute unit holds, each with many numbers under way. */
    private static final int RESIDENT = 512;

    private final Emitter e;
    private final List<Index> indices;
    private final FoldRows rows;
    private final FoldTile tile;
    private final StretchRoom room;
    private final FoldRowsDots dots;
    private final FoldRowsWeights weights;
    private final List<String> values = new ArrayList<>();

    FoldRowsWriter(Emitter emitter, List<Index> indices, FoldRows rows, StretchRoom room) {
        this.e = emitter;
        this.indices = indices;
        this.rows = rows;
        this.tile = rows.tile();
        this.room = room;
        this.dots = new FoldRowsDots(emitter, rows);
        this.weights = new FoldRowsWeights(emitter, rows);
    }

    Written write() {
        List<Index> leading = tile.leading(indices);
        rows.items(e);
        e.scope.line("final int own = local / " + rows.warp() + ";");
        e.scope.line("final float[] shared = context.allocateFloatLocalArray("
                + rows.columns().size() * rows.rows() * rows.items() + ");");
        dots.declare();
        weights.declare();
        Set<Index> own = new LinkedHashSet<>(leading);
        own.add(Analysis.BATCH);
        String cells = room.cells(e, leading, rows);
        String head = "for (int piece = context.groupIdx; piece < " + cells + " * " + room.count()
                + "; piece = piece + context.globalGroupSizeX / " + rows.items() + ") {";
        e.block(head, "}", own, false, () -> {
            // The first stretches of all rows stand in front: where there are few points, only those have any.
            e.scope.line("final int stretch = piece / " + cells + ";");
            e.scope.line("final int cell = piece - stretch * " + cells + ";");
            room.locate(e, leading, rows);
            piece();
        });
        return new Written(e, rows.items(), true, Written.cells(rows.items(), RESIDENT));
    }

    private Index point() {
        return tile.fold().index();
    }

    private void piece() {
        Loops.Range range =
                e.loops.range(point(), e.analysis.conjuncts(tile.fold().domain()));
        e.scope.line("final int low = " + range.low() + ";");
        e.scope.line("final int high = " + range.high() + ";");
        weights.begin();
        for (int k : rows.columns()) {
            for (int i = 0; i < rows.rows(); i++) {
                e.scope.line("float " + sum(k, i) + " = 0f;");
            }
        }
        String head = "for (int round = low + stretch * " + rows.points() + "; round < high; round = round + "
                + room.count() * rows.points() + ") {";
        e.block(head, "}", Set.of(Analysis.FOLD), false, () -> {
            // In every round: there is one mostly, and what it reads is under way before the rows' factors are.
            points();
            dots.lefts();
            e.scope.line("context.localBarrier();");
            dots.multiply();
            e.scope.line("context.localBarrier();");
            weights.write(range.others());
            e.scope.line("context.localBarrier();");
            take(!range.others().isEmpty());
        });
        finish();
    }

    /** Asks for the numbers of the round's points. Those that earlier steps left are there before the kernels of this one have ended. */
    private void points() {
        if (!kept()) {
            values();
            dots.rights();
            return;
        }
        String newest = "round + " + rows.points() + " > " + e.operands.record.earlier();
        e.scope.line(Inputs.awaitedIf(newest));
        e.operands.reading(Reads.EARLIER, () -> {
            values();
            dots.rights();
        });
        e.scope.line(Inputs.AWAITED);
    }

    /** Whether all that is read for a point, beside weights, is of its position: steps keep it and write their own positions only. */
    private boolean kept() {
        List<Expr.Read> reads = new ArrayList<>();
        Stream.concat(tile.values().stream(), tile.dots().stream().map(FoldTile.Dot::right))
                .forEach(expr -> Exprs.forEach(expr, part -> {
                    if (part instanceof Expr.Read read) {
                        reads.add(read);
                    }
                }));
        return reads.stream()
                .allMatch(read -> read.value() instanceof Value.Parameter
                        || e.operands.ofPosition(read.value(), read.at(), point()));
    }

    private static String sum(int k, int i) {
        return "sum" + k + "_" + i;
    }

    /** Asks for the item's values: those of every point that its part of the column takes. */
    private void values() {
        values.clear();
        int each = rows.points() / rows.parts();
        int last = tile.width() - 1;
        Set<Index> own = new LinkedHashSet<>(tile.columns());
        own.add(point());
        for (int j = 0; j < each; j++) {
            for (int v = 0; v < tile.values().size(); v++) {
                values.add(e.fresh("value"));
                e.scope.line("float " + values.getLast() + " = 0f;");
            }
            int from = values.size() - tile.values().size();
            int number = j;
            e.block("{", "}", own, false, () -> {
                e.names.put(point(), rows.point(e, "part * " + each + " + " + number));
                Product.unflatten(
                        e,
                        tile.columns(),
                        last + 1 == rows.width() ? "column" : "(column < " + last + " ? column : " + last + ")");
                for (int v = 0; v < tile.values().size(); v++) {
                    e.scope.line(
                            values.get(from + v) + " = " + e.real(tile.values().get(v)) + ";");
                }
            });
        }
    }

    /**
     * Takes the round's values into the sums of every row.
     *
     * @param some whether a row may lack points: their values count nothing, whatever they are
     */
    private void take(boolean some) {
        for (int k : rows.columns()) {
            int shift = tile.fold().accumulators().get(k).shift();
            for (int i = 0; i < rows.rows() && shift >= 0; i++) {
                String factor = "factors[" + (shift * rows.rows() + i) + "]";
                e.scope.line(sum(k, i) + " = " + sum(k, i) + " * " + factor + ";");
            }
        }
        int each = rows.points() / rows.parts();
        String from = e.scalars.variable("int", "part * " + each * rows.rows());
        for (int j = 0; j < each; j++) {
            for (int i = 0; i < rows.rows(); i++) {
                String[] weights = new String[tile.weights().size()];
                for (int w = 0; w < weights.length; w++) {
                    String at = from + " + " + (j * rows.rows() + i);
                    weights[w] = e.scalars.variable("float", "weight" + w + "[" + at + "]");
                }
                for (int k : rows.columns()) {
                    FoldTile.Sum of = tile.sums().get(k);
                    String value = values.get(j * tile.values().size() + of.value());
                    String term = weights[of.weight()] + " * " + value;
                    String there = "there[" + from + " + " + (j * rows.rows() + i) + "] != 0f";
                    e.scope.line(sum(k, i) + " = " + sum(k, i) + " + "
                            + (some ? "(" + there + " ? " + term + " : 0f)" : term) + ";");
                }
            }
        }
    }

    /** The parts of each column added, and everything handed on. */
    private void finish() {
        String base = room.place(e, "(cell * " + rows.rows() + " + own)", "stretch", rows);
        String any = StretchRoom.maximum(e, "met", rows.warp());
        e.block("if (lane == 0 && own < " + rows.rows() + ") {", "}", Set.of(), true, () -> {
            String at = e.scalars.variable("int", base);
            int n = 0;
            for (int k : rows.scalars()) {
                e.scope.line(room.store(e, at + " + " + n++, "all" + k));
            }
            e.scope.line(room.store(e, at + " + " + n, any));
        });
        int items = rows.items();
        List<Integer> columns = rows.columns();
        for (int c = 0; c < columns.size(); c++) {
            for (int i = 0; i < rows.rows(); i++) {
                e.scope.line("shared[local + " + (c * rows.rows() + i) * items + "] = " + sum(columns.get(c), i) + ";");
            }
        }
        e.scope.line("context.localBarrier();");
        // The parts of a column each add up some rows.
        for (int q = 0; q * rows.parts() < rows.rows(); q++) {
            String row = e.scalars.variable("int", "part + " + q * rows.parts());
            String at = room.place(e, "(cell * " + rows.rows() + " + " + row + ")", "stretch", rows);
            e.block("if (" + row + " < " + rows.rows() + ") {", "}", Set.of(), true, () -> {
                for (int c = 0; c < columns.size(); c++) {
                    StringBuilder total = new StringBuilder();
                    for (int p = 0; p < rows.parts(); p++) {
                        total.append(p == 0 ? "" : " + ")
                                .append("shared[(" + c * rows.rows() + " + " + row + ") * " + items + " + "
                                        + p * rows.width() + " + column]");
                    }
                    String place = at + " + " + (rows.scalars().size() + 1 + c * rows.width()) + " + column";
                    e.scope.line(room.store(e, place, total.toString()));
                }
            });
        }
        e.scope.line("context.localBarrier();");
    }
}
