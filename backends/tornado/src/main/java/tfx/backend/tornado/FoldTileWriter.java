package tfx.backend.tornado;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold in tiles: a group takes a tile of rows, and points in tiles from the first to the last that any of its rows has. For
 * each tile of points it computes dot products in registers, from them maxima of each row, weights in its memory, and adds
 * weighted values to sums in registers. No score outlives its tile.
 */
final class FoldTileWriter implements KernelWriter {
    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final FoldTile tile;
    private final FoldTileShape shape;
    private final FoldTilePairs pairs;
    private final FoldTileColumns columns;

    private FoldTileWriter(Emitter e, List<Index> indices, Expr body, FoldTileShape shape) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.tile = shape.tile();
        this.shape = shape;
        this.pairs = new FoldTilePairs(e, shape);
        this.columns = new FoldTileColumns(e, shape);
    }

    /** A writer for the kernel, or null where it is no such fold or its tiles are too large. */
    static @Nullable FoldTileWriter find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        return FoldTile.all(e, indices, body).stream()
                .map(tile -> FoldTileShape.of(tile, platform.items(), platform.localMemory()))
                .filter(Objects::nonNull)
                .findFirst()
                .map(shape -> new FoldTileWriter(e, indices, body, shape))
                .orElse(null);
    }

    @Override
    public Written write() {
        List<Extent> extents = Extent.of(e, tile.leading(indices));
        CellWriter.countCells(e, extents);
        int sums = tile.sums().size();
        if (shape.whole()) {
            for (int n = 0; n < tile.dots().size(); n++) {
                local("left" + n, shape.rows() * shape.pitch(n));
            }
        } else {
            local("left", shape.rows() * (shape.depth() + 1));
        }
        local("right", shape.points() * (shape.whole() ? shape.longest() : shape.depth() + 1));
        for (int p = 0; p < shape.planes(); p++) {
            local("w" + p, shape.plane());
        }
        for (int v = 0; v < tile.values().size(); v++) {
            local("value" + v, shape.points() * shape.wide());
        }
        // By accumulator and row: a maximum as it shifts, what it rescales by, and final values.
        local("shift", sums * shape.rows());
        local("factor", sums * shape.rows());
        local("last", sums * shape.rows());
        local("met", shape.rows());
        local("joined", shape.items());
        local("odd", 1);
        line("final int item = context.localIdx;");
        line("final int x = item % " + shape.acrossPoints() + ";");
        line("final int y = item / " + shape.acrossPoints() + ";");
        line("final int u = item % " + shape.acrossColumns() + ";");
        line("final int w = item / " + shape.acrossColumns() + ";");
        line("final int mine = item / " + shape.lanes() + ";");
        line("final int lane = item % " + shape.lanes() + ";");
        FoldTiles.each(e, indices, tile, shape.rows(), shape.items(), () -> tile(e.operands.record.end()));
        return new Written(e, shape.items(), true, Written.cells(shape.items()));
    }

    private void local(String name, long size) {
        line("final float[] " + name + " = context.allocateFloatLocalArray(" + size + ");");
    }

    private void line(String text) {
        e.scope.line(text);
    }

    private void tile(String end) {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        FoldTiles.bounds(e, tile, shape.rows());
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum == null) {
                line("float m" + k + " = " + Loops.identity(Monoid.MAX) + ";");
            } else if (sum.value() < 0) {
                line("float t" + k + " = 0f;");
            } else {
                int accumulator = k;
                columns.sums((r, c) -> line("float " + FoldTileColumns.sum(accumulator, r, c) + " = 0f;"));
            }
        }
        line("if (lane == 0) {\nmet[mine] = 0f;\n}");
        line("if (item == 0) {\nodd[0] = 0f;\n}");
        pairs.rows(end);
        line("context.localBarrier();");
        e.block(
                "for (int first = lowest; first < highest; first = first + " + shape.points() + ") {",
                "}",
                Set.of(Analysis.FOLD),
                false,
                () -> points(end, conditions));
        finish(end);
    }

    private void points(String end, List<Expr> conditions) {
        columns.values();
        pairs.dots(end);
        pairs.scores(end, conditions);
        line("context.localBarrier();");
        int[] maxima = shape.maxima().toArray();
        for (int m = 0; m < maxima.length; m++) {
            maximum(maxima[m], m);
        }
        pairs.weights(end);
        line("context.localBarrier();");
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum != null && sum.value() < 0) {
                line("for (int c = lane; c < " + shape.points() + "; c = c + " + shape.lanes() + ") {\nt" + k + " = t"
                        + k + " + w" + sum.weight() + "[mine * " + (shape.points() + 1) + " + c];\n}");
            } else if (sum != null) {
                columns.add(k, sum);
            }
        }
        line("context.localBarrier();");
    }

    /** The maximum of each row with this tile's points; what was shifted by the one before is rescaled. */
    private void maximum(int k, int plane) {
        String best = e.fresh("s");
        line("float " + best + " = " + Loops.identity(Monoid.MAX) + ";");
        e.block(
                "for (int c = lane; c < " + shape.points() + "; c = c + " + shape.lanes() + ") {",
                "}",
                Set.of(),
                false,
                () -> e.loops.combine(Monoid.MAX, best, "w" + plane + "[mine * " + (shape.points() + 1) + " + c]"));
        line("joined[item] = " + best + ";");
        line("context.localBarrier();");
        String old = e.fresh("v");
        line("final float " + old + " = m" + k + ";");
        for (int l = 0; l < shape.lanes(); l++) {
            e.loops.combine(Monoid.MAX, "m" + k, "joined[mine * " + shape.lanes() + " + " + l + "]");
        }
        String safe = new Folds(e).finite("m" + k);
        String factor = e.fresh("v");
        line("final float " + factor + " = TornadoMath.exp(" + old + " - " + safe + ");");
        line("if (lane == 0) {\nshift[" + k * shape.rows() + " + mine] = " + safe + ";\nfactor[" + k * shape.rows()
                + " + mine] = " + factor + ";\n}");
        for (int j = 0; j < tile.sums().size(); j++) {
            FoldTile.Sum sum = tile.sums().get(j);
            if (sum != null
                    && sum.value() < 0
                    && tile.fold().accumulators().get(j).shift() == k) {
                line("t" + j + " = t" + j + " * " + factor + ";");
            }
        }
        line("context.localBarrier();");
    }

    private void finish(String end) {
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum == null) {
                line("if (lane == 0) {\nlast[" + k * shape.rows() + " + mine] = m" + k + ";\n}");
            } else if (sum.value() < 0) {
                line("joined[item] = t" + k + ";");
                line("context.localBarrier();");
                StringBuilder all = new StringBuilder("joined[item]");
                for (int l = 1; l < shape.lanes(); l++) {
                    all.append(" + joined[item + " + l + "]");
                }
                line("if (lane == 0) {\nlast[" + k * shape.rows() + " + mine] = " + all + ";\n}");
                line("context.localBarrier();");
            }
        }
        line("context.localBarrier();");
        Set<Index> own = tile.element();
        columns.sums((r, c) -> {
            String row = e.fresh("i");
            String column = e.fresh("i");
            String at = "w + " + r * shape.downSums();
            line("final int " + row + " = top + " + at + ";");
            line("final int " + column + " = u + " + c * shape.acrossColumns() + ";");
            e.block(
                    "if (" + row + " < " + end + " && " + column + " < " + shape.width() + ") {",
                    "}",
                    own,
                    true,
                    () -> {
                        e.names.put(tile.row(), row);
                        Product.unflatten(e, tile.columns(), column);
                        String[] names = new String[tile.sums().size()];
                        for (int k = 0; k < names.length; k++) {
                            FoldTile.Sum sum = tile.sums().get(k);
                            names[k] = sum != null && sum.value() >= 0
                                    ? FoldTileColumns.sum(k, r, c)
                                    : "last[" + k * shape.rows() + " + " + at + "]";
                        }
                        e.scope.known.put(
                                tile.fold(), new Folds(e).result(tile.fold(), names, "met[" + at + "] != 0f"));
                        String value = e.real(body);
                        line(e.operands.store(CellWriter.place(e, indices), value));
                    });
        });
        line("context.localBarrier();");
    }
}
