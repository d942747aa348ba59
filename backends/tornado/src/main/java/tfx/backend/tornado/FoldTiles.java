package tfx.backend.tornado;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import tfx.ir.Expr;
import tfx.ir.Index;

/** The loop of groups of work items over the tiles of rows of a fold. */
final class FoldTiles {
    private FoldTiles() {}

    /** Writes {@code one} for each tile: its first row is {@code top}, and the indices of its groups and sequence are known. */
    static void each(Emitter e, List<Index> indices, FoldTile tile, int rows, int items, Runnable one) {
        String end = e.operands.record.end();
        String start = e.operands.record.start();
        e.block("if (total > 0) {", "}", Set.of(), true, () -> {
            e.scope.line("final int tall = (" + end + " - " + start + " + " + (rows - 1) + ") / " + rows + ";");
            e.scope.line("final int wide = total / (" + end + " - " + start + ");");
            e.scope.line("final int tiles = wide * tall;");
            String head = "for (int tile = context.groupIdx; tile < tiles; tile = tile + context.globalGroupSizeX / "
                    + items + ") {";
            e.block(head, "}", tile.common(), false, () -> {
                // The last rows have the most points where a mask is causal: they come first, so that groups end
                // together.
                e.scope.line("final int down = tall - 1 - tile / wide;");
                e.scope.line("final int top = " + start + " + down * " + rows + ";");
                e.scope.line("int rest = tile % wide;");
                for (int d = indices.size() - 1; d >= 0; d--) {
                    if (tile.groups().contains(indices.get(d))) {
                        String name = e.fresh("i");
                        String size = e.operands.size(indices.get(d).size());
                        e.names.put(indices.get(d), name);
                        e.scope.line("final int " + name + " = rest % " + size + ";");
                        e.scope.line("rest = rest / " + size + ";");
                    }
                }
                e.scope.line("final int batch = rest;");
                one.run();
            });
        });
    }

    /**
     * Declares from which point ({@code lowest}) up to before which ({@code highest}) any row of a tile has points, and likewise
     * where every row has ({@code latest}, {@code soonest}), but for what a point is asked by itself.
     *
     * @return whether points are asked nothing else
     */
    static boolean bounds(Emitter e, FoldTile tile, int rows) {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        AtomicBoolean all = new AtomicBoolean();
        e.scope.line("int lowest = " + Integer.MAX_VALUE + ";");
        e.scope.line("int highest = 0;");
        e.scope.line("int latest = 0;");
        e.scope.line("int soonest = " + Integer.MAX_VALUE + ";");
        // Where bounds rise from row to row the first and the last have them all.
        boolean rising = e.loops.rising(tile.fold().index(), conditions, tile.row());
        String step = rising && rows > 1 ? String.valueOf(rows - 1) : "1";
        String last = e.operands.record.end() + " - 1";
        String head = "for (int r = 0; r < " + rows + "; r = r + " + step + ") {";
        e.block(head, "}", Set.of(tile.row()), false, () -> {
            e.scope.line("final int one = (top + r > " + last + " ? " + last + " : top + r);");
            e.names.put(tile.row(), "one");
            Loops.Range range = e.loops.range(tile.fold().index(), conditions);
            e.scope.line("final int low = " + range.low() + ";");
            e.scope.line("final int high = " + range.high() + ";");
            e.scope.line("lowest = (low < lowest ? low : lowest);");
            e.scope.line("highest = (high > highest ? high : highest);");
            e.scope.line("latest = (low > latest ? low : latest);");
            e.scope.line("soonest = (high < soonest ? high : soonest);");
            all.set(range.others().isEmpty());
        });
        return all.get();
    }
}
