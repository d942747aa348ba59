package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tfx.backend.tornado.RowParts.Column;
import tfx.backend.tornado.RowParts.Part;

/**
 * The words of matrices that an item reads for one column after another of its group. Those of the next column are asked for
 * before the sums of one are complete, and those of the first before the row is there: memory is busy meanwhile.
 */
final class ColumnWords {
    /** Words of an item that are under way, at most. */
    private static final int AHEAD = 12;

    private final Emitter e;
    private final RowParts all;
    private final long[] ends;
    private final int lanes;
    private final int together;
    private final int ahead;

    /**
     * @param ends one past the number of each part's last column, counted over all parts
     * @param together columns that a group computes at a time
     */
    ColumnWords(Emitter e, RowParts all, long[] ends, int lanes, int together) {
        this.e = e;
        this.all = all;
        this.ends = ends;
        this.lanes = lanes;
        this.together = together;
        this.ahead = ahead(all, lanes);
    }

    /** Words of each matrix that an item has under way where so many share a column: as many as divide its share. */
    static int ahead(RowParts all, int lanes) {
        long share = all.words() / lanes;
        int ahead = (int) Math.min(Math.max(1, AHEAD / all.matrices()), share);
        while (share % ahead != 0) {
            ahead--;
        }
        return ahead;
    }

    void declare() {
        for (int u = 0; u < ahead; u++) {
            for (int n = 0; n < all.matrices(); n++) {
                e.scope.line((all.each() > 1 ? "long " : "float ") + word(u, n) + " = 0;");
            }
        }
    }

    private static String word(int u, int n) {
        return "w" + n + "_" + u;
    }

    /** Asks for the first words of column {@code number}. */
    void ask(String number) {
        ask(number, "lane");
    }

    private void ask(String number, String behind) {
        e.operands.reading(Reads.ONCE, () -> askEach(number, behind));
    }

    private void askEach(String number, String behind) {
        for (int p = 0; p < ends.length; p++) {
            Part part = all.parts().get(p);
            String column = column(number, p);
            e.block(ends.length == 1 ? "{" : "if (" + within(number, p) + ") {", "}", Set.of(), true, () -> {
                for (int n = 0; n < all.matrices(); n++) {
                    Matrix matrix = part.columns().get(n).matrix();
                    String base = e.operands.record.base(matrix.operand());
                    String place = e.scalars.variable(
                            "int",
                            "(" + base + " + " + matrix.offset() + ") / " + all.each() + " + " + column + " * "
                                    + matrix.columnStride() / all.each() + " + " + behind);
                    for (int u = 0; u < ahead; u++) {
                        String at = place + " + " + u * lanes;
                        e.scope.line(word(u, n) + " = " + e.operands.word(matrix, all.each(), at) + ";");
                    }
                }
            });
        }
    }

    /** Each item's share of the sums of column {@code number}, whose first words were asked for. */
    List<String> sums(String number, RowStage stage) {
        List<String> sums = new ArrayList<>();
        for (int n = 0; n < all.matrices(); n++) {
            sums.add(e.fresh("s"));
            e.scope.line("float " + sums.get(n) + " = 0f;");
        }
        int step = ahead * lanes;
        if (step == all.words()) {
            take(sums, "lane", stage);
            return sums;
        }
        String head = "for (int c = lane; c < " + all.words() + "; c = c + " + step + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            take(sums, "c", stage);
            String more = "if (c + " + step + " < " + all.words() + ") {";
            e.block(more, "}", Set.of(), true, () -> ask(number, "c + " + step));
        });
        return sums;
    }

    /** Takes the words there are into the sums. */
    private void take(List<String> sums, String first, RowStage stage) {
        List<Column> columns = all.parts().getFirst().columns();
        for (int u = 0; u < ahead; u++) {
            for (int k = 0; k < all.each(); k++) {
                String[] x = new String[all.rows().size()];
                for (int r = 0; r < x.length; r++) {
                    String at = first + " + " + (k * stage.pitch() + (long) u * lanes);
                    x[r] = e.scalars.variable("float", "row" + r + "[" + at + "]");
                }
                for (int n = 0; n < sums.size(); n++) {
                    String w = Operands.element(word(u, n), all.each(), k);
                    e.scope.line(sums.get(n) + " = " + sums.get(n) + " + "
                            + x[columns.get(n).row()] + " * " + w + ";");
                }
            }
        }
    }

    /** Whether column {@code number} is of part {@code p}. */
    String within(String number, int p) {
        String to = number + " < " + ends[p];
        return p == 0 ? to : number + " >= " + ends[p - 1] + " && " + to;
    }

    /** The item's column of part {@code p} where the group's first is {@code number}; past the end the last once more. */
    private String column(String number, int p) {
        long count = all.parts().get(p).count();
        String mine = "(" + mine(number, p) + ")";
        return count % together == 0 ? mine : "(" + mine + " < " + count + " ? " + mine + " : " + (count - 1) + ")";
    }

    /** The same, past the end too. */
    String mine(String number, int p) {
        return number + (p == 0 ? "" : " - " + ends[p - 1]) + " + local / " + lanes;
    }
}
