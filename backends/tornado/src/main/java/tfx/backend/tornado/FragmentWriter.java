package tfx.backend.tornado;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold in tiles as {@link FoldTileWriter} has it, on the units that multiply matrices: the factors of its dot products, its
 * weights and its values are rounded to BF16 as the model's weights are, sums are in F32. Each warp has 16 rows of a tile and one
 * part of the fold, and holds all it knows of them in registers (FlashAttention-2, section 3.3, "split-Q"): in the loop over
 * points a group waits once a tile, for the points themselves.
 */
final class FragmentWriter {
    /**
     * By how much a score may exceed what its row is shifted by. Weights up to exp(8) are as exact as others, and sums are seldom
     * rescaled.
     */
    private static final String SLACK = "8f";

    /** Work items that a compute unit holds at once: 128 registers each are left to them. */
    private static final int RESIDENT = 512;

    private final Emitter e;
    private final List<Index> indices;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentFactors factors;
    private final FragmentMemory memory;
    private final FragmentResults results;
    private final Map<FragmentPart, FragmentScores> scores;
    private final Map<FragmentPart, FragmentWeights> weights;
    private final Map<FragmentPart, FragmentSums> sums;

    FragmentWriter(Emitter e, List<Index> indices, Expr body, FragmentFactors factors) {
        this.e = e;
        this.indices = indices;
        this.factors = factors;
        this.shape = factors.shape();
        this.tile = shape.tile();
        this.memory = new FragmentMemory(e, factors);
        this.results = new FragmentResults(e, indices, body, shape);
        this.scores = byPart(part -> new FragmentScores(e, shape, part, memory));
        this.weights = byPart(part -> new FragmentWeights(e, shape, part, scores.get(part)));
        this.sums = byPart(part -> new FragmentSums(e, shape, part, memory, weights.get(part)));
        e.approximate = true;
    }

    private <T> Map<FragmentPart, T> byPart(Function<FragmentPart, T> make) {
        return shape.parts().stream().collect(Collectors.toMap(part -> part, make));
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** What the warps of each part do. */
    private void each(Consumer<FragmentPart> one) {
        for (int p = 0; p < shape.parts().size(); p++) {
            FragmentPart part = shape.parts().get(p);
            if (shape.parts().size() == 1) {
                one.accept(part);
            } else {
                e.block("if (part == " + p + ") {", "}", Set.of(Analysis.FOLD), true, () -> one.accept(part));
            }
        }
    }

    Written write() {
        CellWriter.countCells(e, Extent.of(e, tile.leading(indices)));
        line("final int item = context.localIdx;");
        line("final int lane = item % 32;");
        line("final int warp = item / 32;");
        line("final int part = warp / " + shape.down() + ";");
        line("final int y = warp % " + shape.down() + ";");
        line("final int mine_0 = y * 16 + lane / 4;");
        line("final int mine_1 = mine_0 + 8;");
        factors.declare(e);
        memory.allocate();
        FoldTiles.each(e, indices, tile, shape.rows(), shape.items(), this::tile);
        // More groups than are held: the device gives the next tile to whichever ends first.
        int held = Math.max(1, RESIDENT / shape.items());
        return new Written(e, shape.items(), true, new Written.Groups(2 * held, held));
    }

    private void tile() {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        boolean bounded = FoldTiles.bounds(e, tile, shape.rows());
        // Tiles of points begin where the factors' do.
        line("lowest = lowest / " + shape.points() + " * " + shape.points() + ";");
        registers();
        memory.begin();
        e.block("if (lowest < highest) {", "}", Set.of(), true, () -> memory.copy("lowest", "0"));
        each(memory::rows);
        line("int turn = 0;");
        String head = "for (int first = lowest; first < highest; first = first + " + shape.points() + ") {";
        e.block(head, "}", Set.of(Analysis.FOLD), false, () -> {
            line("context.awaitCopies();");
            line("context.localBarrier();");
            // Every warp is done with the tile before this one: the next one comes in its place.
            line("final int following = first + " + shape.points() + ";");
            e.block("if (following < highest) {", "}", Set.of(), true, () -> memory.copy("following", "(1 - turn)"));
            line("final boolean whole = " + (bounded ? "first >= latest && following <= soonest" : "false") + ";");
            line("final boolean finite = " + memory.finite() + ";");
            memory.here();
            each(part -> {
                scores.get(part).dots();
                scores.get(part).scores(conditions);
                maxima(part);
                weights.get(part).write();
                sums.get(part).add();
            });
            line("turn = 1 - turn;");
        });
        results.write(this::each);
    }

    /** Declares what a warp knows of its rows, whichever its part. */
    private void registers() {
        FragmentScores.rows(h -> line("float met_" + h + " = 0f;"));
        for (int i = 0; i < shape.most(part -> part.maxima().size()); i++) {
            int maximum = i;
            FragmentScores.rows(h -> {
                line("float m" + maximum + "_" + h + " = " + Loops.identity(Monoid.MAX) + ";");
                line("float shift" + maximum + "_" + h + " = 0f;");
            });
        }
        for (int t = 0; t < shape.most(part -> part.totals().size()); t++) {
            int total = t;
            FragmentScores.rows(h -> line("float t" + total + "_" + h + " = 0f;"));
        }
        for (int i = 0; i < shape.most(part -> part.columns().size()); i++) {
            for (int f = 0; f < shape.columnFragments(); f++) {
                line("final float[] " + FragmentSums.name(i, f) + " = new float[4];");
            }
        }
    }

    /**
     * What the rows' sums are shifted by: their maxima, where the fold's value is computed from those; else whatever keeps
     * exponentials in range, so that it changes seldom.
     */
    private void maxima(FragmentPart part) {
        for (int i = 0; i < part.maxima().size(); i++) {
            int maximum = i;
            scores.get(part).best(i);
            if (scores.get(part).published(i)) {
                e.block("{", "}", Set.of(), true, () -> shift(part, maximum));
            } else {
                String beyond =
                        "best" + i + "_0 > m" + i + "_0 + " + SLACK + " || best" + i + "_1 > m" + i + "_1 + " + SLACK;
                e.block("if (" + beyond + ") {", "}", Set.of(), true, () -> shift(part, maximum));
            }
        }
    }

    private void shift(FragmentPart part, int i) {
        int k = part.maxima().get(i);
        FragmentScores.rows(h -> {
            String row = i + "_" + h;
            String before = e.fresh("v");
            line("final float " + before + " = m" + row + ";");
            scores.get(part).extreme(i, "m" + row, "best" + row);
            line("shift" + row + " = " + new Folds(e).finite("m" + row) + ";");
            line("final float factor_" + h + " = TornadoMath.exp2((" + before + " - shift" + row + ") * "
                    + Scalars.LOG2_E + ");");
            for (int t = 0; t < part.totals().size(); t++) {
                if (tile.fold().accumulators().get(part.totals().get(t)).shift() == k) {
                    line("t" + t + "_" + h + " = t" + t + "_" + h + " * factor_" + h + ";");
                }
            }
        });
        sums.get(part).rescale(k);
    }
}
