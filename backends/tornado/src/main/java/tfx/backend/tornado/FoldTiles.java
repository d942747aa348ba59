package tfx.backend.tornado;

import java.util.List;
import java.util.Set;
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
            e.scope.line("final int tiles = total / (" + end + " - " + start + ") * tall;");
            String head = "for (int tile = context.groupIdx; tile < tiles; tile = tile + context.globalGroupSizeX / "
                    + items + ") {";
            e.block(head, "}", tile.common(), false, () -> {
                // The last rows have the most points where a mask is causal: they come first.
                e.scope.line("final int top = " + start + " + (tall - 1 - tile % tall) * " + rows + ";");
                e.scope.line("int rest = tile / tall;");
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

    /** Declares from which point ({@code lowest}) up to before which ({@code highest}) any row of a tile has points. */
    static void bounds(Emitter e, FoldTile tile, int rows) {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        e.scope.line("int lowest = " + Integer.MAX_VALUE + ";");
        e.scope.line("int highest = 0;");
        e.block("for (int r = 0; r < " + rows + "; r++) {", "}", Set.of(tile.row()), false, () -> {
            e.scope.line("final int one = top + r;");
            e.names.put(tile.row(), "one");
            e.block("if (one < " + e.operands.record.end() + ") {", "}", Set.of(), true, () -> {
                Loops.Range range = e.loops.range(tile.fold().index(), conditions);
                e.scope.line("final int low = " + range.low() + ";");
                e.scope.line("final int high = " + range.high() + ";");
                e.scope.line("lowest = (low < lowest ? low : lowest);");
                e.scope.line("highest = (high > highest ? high : highest);");
            });
        });
    }
}
