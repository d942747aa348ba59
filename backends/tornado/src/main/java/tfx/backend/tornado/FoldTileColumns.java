package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import tfx.ir.Index;

/** The columns of a fold's tile: each item has some of some rows, with their weighted sums in registers. */
final class FoldTileColumns {
    private final Emitter e;
    private final FoldTile tile;
    private final FoldTileShape shape;

    FoldTileColumns(Emitter e, FoldTileShape shape) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    static String sum(int k, int r, int c) {
        return "a" + k + "_" + r + "_" + c;
    }

    /** Every row and column of this item. */
    void sums(BiConsumer<Integer, Integer> each) {
        for (int r = 0; r < shape.rows() / shape.downSums(); r++) {
            for (int c = 0; c < shape.wide() / shape.acrossColumns(); c++) {
                each.accept(r, c);
            }
        }
    }

    /** Brings the values of a tile of points into the group's memory; 0 where there is no point or column. */
    void values() {
        for (int v = 0; v < tile.values().size(); v++) {
            value(v);
        }
    }

    private void value(int v) {
        Set<Index> own = new LinkedHashSet<>(tile.columns());
        own.add(tile.fold().index());
        String head = "for (int z = item; z < " + shape.points() * shape.wide() + "; z = z + " + shape.items() + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            line("final int which = first + z / " + shape.wide() + ";");
            line("final int across = z % " + shape.wide() + ";");
            line("float number = 0f;");
            e.block("if (which < highest && across < " + shape.width() + ") {", "}", own, true, () -> {
                e.names.put(tile.fold().index(), "which");
                Product.unflatten(e, tile.columns(), "across");
                line("number = " + e.real(tile.values().get(v)) + ";");
            });
            line("value" + v + "[z] = number;");
            line("if (number - number != 0f) {\nodd[0] = 1f;\n}");
        });
    }

    /** Adds this tile's weighted values to the sums of an accumulator. */
    void add(int k, FoldTile.Sum sum) {
        int shift = tile.fold().accumulators().get(k).shift();
        if (shift >= 0) {
            for (int r = 0; r < shape.rows() / shape.downSums(); r++) {
                String factor = e.fresh("v");
                line("final float " + factor + " = factor[" + shift * shape.rows() + " + w + " + r * shape.downSums()
                        + "];");
                for (int c = 0; c < shape.wide() / shape.acrossColumns(); c++) {
                    line(sum(k, r, c) + " = " + sum(k, r, c) + " * " + factor + ";");
                }
            }
        }
        // A point that a row does not have must not count even where its value is no number: the rare tile with one
        // asks. Not an else: TornadoVM gives what two loops that end both branches leave the values of one of them.
        line("final boolean plain_" + k + " = odd[0] == 0f;");
        line("if (plain_" + k + ") {\n" + terms(k, sum, false) + "}");
        line("if (!plain_" + k + ") {\n" + terms(k, sum, true) + "}");
    }

    private String terms(int k, FoldTile.Sum sum, boolean guarded) {
        int rows = shape.rows() / shape.downSums();
        int columns = shape.wide() / shape.acrossColumns();
        StringBuilder text = new StringBuilder("for (int c = 0; c < " + shape.points() + "; c++) {\n");
        for (int r = 0; r < rows; r++) {
            text.append("final float l" + r + " = w" + sum.weight() + "[(w + " + r * shape.downSums() + ") * "
                    + (shape.points() + 1) + " + c];\n");
        }
        for (int c = 0; c < columns; c++) {
            text.append("final float g" + c + " = value" + sum.value() + "[c * " + shape.wide() + " + u + "
                    + c * shape.acrossColumns() + "];\n");
        }
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                String a = sum(k, r, c);
                String more = a + " = " + a + " + l" + r + " * g" + c + ";\n";
                text.append(guarded ? "if (l" + r + " != 0f) {\n" + more + "}\n" : more);
            }
        }
        return text.append("}\n").toString();
    }
}
