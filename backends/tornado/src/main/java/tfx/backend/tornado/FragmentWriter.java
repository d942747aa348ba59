package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.tornado.FragmentFactors.Side;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold in tiles as {@link FoldTileWriter} has it, on the units that multiply matrices: the factors of its dot products, its
 * weights and its values are rounded to BF16 as the model's weights are, sums are in F32. Each warp has 16 rows of a tile; what
 * a row's work items each know of it they exchange once for its maxima in a tile of points, and once for its totals at the end.
 */
final class FragmentWriter {
    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final FragmentFactors factors;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentMemory memory;
    private final FragmentProducts products;
    private final FragmentScores scores;
    private final FragmentSums sums;

    FragmentWriter(Emitter e, List<Index> indices, Expr body, FragmentFactors factors, Platform platform) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.factors = factors;
        this.shape = factors.shape();
        this.tile = shape.tile();
        this.memory = new FragmentMemory(e, factors);
        this.products = new FragmentProducts(e, platform);
        this.scores = new FragmentScores(e, shape, memory, products);
        this.sums = new FragmentSums(e, shape, products);
    }

    private void line(String text) {
        e.scope.line(text);
    }

    Written write() {
        CellWriter.countCells(e, Extent.of(e, indices.subList(0, indices.size() - 1)));
        line("final int item = context.localIdx;");
        line("final int lane = item % 32;");
        line("final int warp = item / 32;");
        // A single column of warps is said to be one: addresses are then known but for the lane.
        line("final int x = " + (shape.across() == 1 ? "0" : "warp / " + shape.down()) + ";");
        line("final int y = " + (shape.across() == 1 ? "warp" : "warp % " + shape.down()) + ";");
        line("final int mine_0 = y * 16 + lane / 4;");
        line("final int mine_1 = mine_0 + 8;");
        line("final int shifted = item << 16;");
        line("final int other = lane << 16;");
        factors.declare(e);
        memory.allocate();
        products.allocate(shape);
        line("final float[] joined = context.allocateFloatLocalArray(" + shape.exchanged() + ");");
        line("final float[] odd = context.allocateFloatLocalArray(1);");
        FoldTiles.each(e, indices, tile, shape.rows(), shape.items(), this::tile);
        return new Written(e, shape.items(), true, Written.cells(shape.items()));
    }

    private void tile() {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        boolean bounded = FoldTiles.bounds(e, tile, shape.rows());
        // Tiles of points begin where the factors' do.
        line("lowest = lowest / " + shape.points() + " * " + shape.points() + ";");
        FragmentScores.rows(h -> line("float met_" + h + " = 0f;"));
        for (int k : shape.maxima()) {
            FragmentScores.rows(h -> line("float m" + k + "_" + h + " = " + Loops.identity(Monoid.MAX) + ";"));
        }
        for (int k : shape.totals()) {
            FragmentScores.rows(h -> line("float t" + k + "_" + h + " = 0f;"));
        }
        for (int k : shape.columns()) {
            sums.each((h, f, j) -> line("float " + FragmentSums.name(k, h, f, j) + " = 0f;"));
        }
        line("if (item == 0) {\nodd[0] = 0f;\n}");
        // The first points are under way while the rows come.
        memory.begin();
        scores.rows();
        String head = "for (int first = lowest; first < highest; first = first + " + shape.points() + ") {";
        e.block(head, "}", Set.of(Analysis.FOLD), false, () -> {
            // Others may still compute with what is written over: rows' factors, and the tile before.
            line("context.localBarrier();");
            for (int v = 0; v < tile.values().size(); v++) {
                memory.write(Side.VALUES, v);
            }
            memory.write(Side.POINTS, 0);
            scores.dots();
            line("final int following = first + " + shape.points() + ";");
            memory.read("(following < highest ? following : first)");
            line("final boolean whole = "
                    + (bounded ? "first >= latest && first + " + shape.points() + " <= soonest" : "false") + ";");
            scores.scores(conditions);
            maxima();
            scores.weights();
            line("context.localBarrier();");
            sums.add();
        });
        finish();
    }

    private String place(int plane, int h) {
        return (plane * shape.rows() * shape.lanes()) + " + mine_" + h + " * " + shape.lanes();
    }

    private void give(int plane, int h, String number) {
        line("joined[" + place(plane, h) + " + x * 4 + lane % 4] = " + number + ";");
    }

    private String given(int plane, int h, int l) {
        return "joined[" + place(plane, h) + " + " + l + "]";
    }

    /** Combines what the work items of a row gave, all in one order. */
    private String together(Monoid monoid, int plane, int h) {
        String all = e.fresh("s");
        line("float " + all + " = " + given(plane, h, 0) + ";");
        for (int l = 1; l < shape.lanes(); l++) {
            e.loops.combine(monoid, all, given(plane, h, l));
        }
        return all;
    }

    /** The maxima of the rows with this tile's points; what was shifted by the ones before is rescaled. */
    private void maxima() {
        int[] maxima = shape.maxima();
        for (int m = 0; m < maxima.length; m++) {
            int plane = m;
            FragmentScores.rows(h -> {
                give(plane, h, "best" + maxima[plane] + "_" + h);
            });
        }
        if (maxima.length > 0) {
            line("context.localBarrier();");
        }
        for (int m = 0; m < maxima.length; m++) {
            int k = maxima[m];
            int plane = m;
            FragmentScores.rows(h -> {
                String old = e.fresh("v");
                String name = "m" + k + "_" + h;
                line("final float " + old + " = " + name + ";");
                for (int l = 0; l < shape.lanes(); l++) {
                    scores.extreme(k, name, given(plane, h, l));
                }
                line("final float shift" + k + "_" + h + " = " + new Folds(e).finite(name) + ";");
                line("final float factor" + k + "_" + h + " = TornadoMath.exp(" + old + " - shift" + k + "_" + h
                        + ");");
                for (int j : shape.totals()) {
                    if (tile.fold().accumulators().get(j).shift() == k) {
                        line("t" + j + "_" + h + " = t" + j + "_" + h + " * factor" + k + "_" + h + ";");
                    }
                }
            });
        }
    }

    private void finish() {
        int[] totals = shape.totals();
        FragmentScores.rows(h -> {
            for (int t = 0; t < totals.length; t++) {
                give(t, h, "t" + totals[t] + "_" + h);
            }
            give(totals.length, h, "met_" + h);
        });
        line("context.localBarrier();");
        String[][] names = new String[FragmentScores.OWN][tile.sums().size()];
        String[] met = new String[FragmentScores.OWN];
        FragmentScores.rows(h -> {
            for (int t = 0; t < totals.length; t++) {
                names[h][totals[t]] = together(Monoid.SUM, t, h);
            }
            met[h] = together(Monoid.MAX, totals.length, h);
            Arrays.stream(shape.maxima()).forEach(k -> names[h][k] = "m" + k + "_" + h);
        });
        Set<Index> own = Set.of(tile.row(), tile.column(), Analysis.FOLD);
        sums.each((h, f, j) -> {
            String row = e.fresh("i");
            String column = e.fresh("i");
            line("final int " + row + " = top + mine_" + h + ";");
            line("final int " + column + " = x * " + shape.wide() / shape.across() + " + lane % 4 * 2 + "
                    + (f * FragmentShape.COLUMNS + j) + ";");
            String inside = row + " < " + e.operands.record.end() + " && " + column + " < " + shape.width();
            e.block("if (" + inside + ") {", "}", own, true, () -> {
                e.names.put(tile.row(), row);
                e.names.put(tile.column(), column);
                for (int k : shape.columns()) {
                    names[h][k] = FragmentSums.name(k, h, f, j);
                }
                e.scope.known.put(tile.fold(), new Folds(e).result(tile.fold(), names[h], met[h] + " != 0f"));
                line(e.operands.store(CellWriter.place(e, indices), e.real(body)));
            });
        });
    }
}
