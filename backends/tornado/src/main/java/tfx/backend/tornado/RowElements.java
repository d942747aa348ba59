package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Elements of one row, several by each work item of a group: all are computed before the first is written, so that their reads
 * are under way together. {@code first} is the number of an item's first column.
 *
 * @param indices all of the output
 * @param columns those within a row, flattened
 */
record RowElements(Emitter e, List<Index> indices, List<Index> columns, Expr body) {

    /**
     * Writes code for columns {@code first}, {@code first + group} and so on.
     *
     * @param each how many
     * @param whole whether all of them are within the row; if not, those past its end are computed as its last and not written
     */
    void write(int group, int each, boolean whole) {
        write(group, each, whole, u -> {});
    }

    /** @param before called with the number of each column, in the block that computes it */
    void write(int group, int each, boolean whole, IntConsumer before) {
        long count = Product.count(columns);
        List<String> values = new ArrayList<>();
        List<String> places = new ArrayList<>();
        for (int u = 0; u < each; u++) {
            String value = e.fresh("r");
            String place = e.fresh("o");
            e.scope.line("float " + value + " = 0f;");
            e.scope.line("int " + place + " = 0;");
            String wanted = "first + " + u * group;
            int which = u;
            e.block("{", "}", Set.copyOf(columns), false, () -> {
                String column = e.fresh("c");
                e.scope.line("final int " + column + " = "
                        + (whole ? wanted : "(" + wanted + " < " + count + " ? " + wanted + " : " + (count - 1) + ")")
                        + ";");
                Product.unflatten(e, columns, column);
                before.accept(which);
                e.scope.line(value + " = " + e.real(body) + ";");
                e.scope.line(place + " = " + CellWriter.place(e, indices) + ";");
            });
            values.add(value);
            places.add(place);
        }
        for (int u = 0; u < each; u++) {
            String store = e.operands.store(places.get(u), values.get(u));
            String column = "first + " + u * group;
            e.scope.line(whole ? store : "if (" + column + " < " + count + ") {\n" + store + "\n}");
        }
    }
}
