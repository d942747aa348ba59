package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * What comes of a tile of rows when all points are in: the warps of all parts leave their numbers in memory that the group shares,
 * some columns at a time, and every work item computes elements of the output from them.
 */
final class FragmentResults {
    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final FoldTile tile;
    private final FragmentShape shape;
    /** Maxima and totals, in the order of their numbers in memory; before them stands whether a row had a point. */
    private final List<Integer> rowNumbers = new ArrayList<>();

    private final List<Integer> planes = new ArrayList<>();

    FragmentResults(Emitter e, List<Index> indices, Expr body, FragmentShape shape) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.shape = shape;
        this.tile = shape.tile();
        for (FragmentPart part : shape.parts()) {
            rowNumbers.addAll(part.maxima());
            rowNumbers.addAll(part.totals());
            planes.addAll(part.columns());
        }
    }

    private void line(String text) {
        e.scope.line(text);
    }

    void write(ByPart parts) {
        line("context.localBarrier();");
        parts.each(this::giveRows);
        for (int from = 0; from < shape.wide(); from += shape.exchanged()) {
            int first = from;
            if (from > 0) {
                line("context.localBarrier();");
            }
            parts.each(part -> giveColumns(part, first));
            line("context.localBarrier();");
            elements(from);
        }
        // The next rows' points are copied over what was exchanged.
        line("context.localBarrier();");
    }

    /** Something that the warps of each part do. */
    interface ByPart {
        void each(java.util.function.Consumer<FragmentPart> one);
    }

    private void giveRows(FragmentPart part) {
        FragmentScores.rows(h -> {
            for (int t = 0; t < part.totals().size(); t++) {
                String total = "t" + t + "_" + h;
                for (int mask = 1; mask < 4; mask *= 2) {
                    line(total + " = " + total + " + context.simdShuffleXor(" + total + ", " + mask + ");");
                }
            }
            for (int mask = 1; mask < 4; mask *= 2) {
                String met = "met_" + h;
                line(met + " = TornadoMath.max(" + met + ", context.simdShuffleXor(" + met + ", " + mask + "));");
            }
        });
        e.block(
                "if (lane % 4 == 0) {",
                "}",
                Set.of(),
                true,
                () -> FragmentScores.rows(h -> {
                    String row = " * " + shape.rows() + " + mine_" + h + "] = Float.floatToRawIntBits(";
                    if (part.equals(shape.parts().getFirst())) {
                        line("shared[0" + row + "met_" + h + ");");
                    }
                    for (int i = 0; i < part.maxima().size(); i++) {
                        line("shared[" + (1 + rowNumbers.indexOf(part.maxima().get(i))) + row + "m" + i + "_" + h
                                + ");");
                    }
                    for (int t = 0; t < part.totals().size(); t++) {
                        line("shared[" + (1 + rowNumbers.indexOf(part.totals().get(t))) + row + "t" + t + "_" + h
                                + ");");
                    }
                }));
    }

    /** Where a plane's row begins. */
    private String plane(int k, String row) {
        int before = shape.rows() * (shape.rowNumbers() + planes.indexOf(k) * shape.pitch());
        return before + " + " + row + " * " + shape.pitch();
    }

    private void giveColumns(FragmentPart part, int from) {
        int end = Math.min(shape.wide(), from + shape.exchanged());
        for (int i = 0; i < part.columns().size(); i++) {
            for (int f = from / FragmentShape.COLUMNS; f < end / FragmentShape.COLUMNS; f++) {
                for (int r = 0; r < 4; r++) {
                    String at = plane(part.columns().get(i), "mine_" + r / 2) + " + lane % 4 * 2 + "
                            + (f * FragmentShape.COLUMNS - from + r % 2);
                    line("shared[" + at + "] = Float.floatToRawIntBits(" + FragmentSums.name(i, f) + "[" + r + "]);");
                }
            }
        }
    }

    private static String number(String at) {
        return "Float.intBitsToFloat(shared[" + at + "])";
    }

    /** The elements of the output in the columns that were given, side by side in neighbouring work items. */
    private void elements(int from) {
        int count = Math.min(shape.width(), from + shape.exchanged()) - from;
        if (count <= 0) {
            return;
        }
        // Where groups have whole rows, a work item stays in its column.
        boolean still = shape.items() % count == 0;
        String head = still
                ? "for (int in = item / " + count + "; in < " + shape.rows() + "; in = in + " + shape.items() / count
                        + ") {"
                : "for (int z = item; z < " + shape.rows() * count + "; z = z + " + shape.items() + ") {";
        e.block(head, "}", tile.element(), false, () -> {
            if (!still) {
                line("final int in = z / " + count + ";");
            }
            line("final int across = " + (still ? "item" : "z") + " % " + count + ";");
            String row = e.fresh("i");
            String column = e.fresh("i");
            line("final int " + row + " = top + in;");
            line("final int " + column + " = " + from + " + across;");
            Set<Index> none = Set.of();
            e.block("if (" + row + " < " + e.operands.record.end() + ") {", "}", none, true, () -> {
                e.names.put(tile.row(), row);
                Product.unflatten(e, tile.columns(), column);
                String[] names = new String[tile.sums().size()];
                for (int k : rowNumbers) {
                    names[k] =
                            e.scalars.variable("float", number((1 + rowNumbers.indexOf(k)) * shape.rows() + " + in"));
                }
                for (int k : planes) {
                    names[k] = e.scalars.variable("float", number(plane(k, "in") + " + across"));
                }
                e.scope.known.put(tile.fold(), new Folds(e).result(tile.fold(), names, number("in") + " != 0f"));
                line(e.operands.store(CellWriter.place(e, indices), e.real(body)));
            });
        });
    }
}
