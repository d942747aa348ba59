package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Elements of many rows, none of which has a loop: only memory counts. A group takes a stretch of a row at a time, so that rows are
 * found once a stretch; each work item computes several of its columns before it writes any, so that their reads are under
 * way together.
 */
final class RowWriter {
    private static final int GROUP = 128;
    /** Columns of a work item, at most. */
    private static final int EACH = 4;
    /** Items that a compute unit holds where each needs few registers. */
    private static final int RESIDENT = 2048;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final int group;
    private final int each;
    private final long columns;

    private RowWriter(Emitter emitter, List<Index> indices, Expr body, int group) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.group = group;
        this.columns = Product.count(columns());
        this.each = (int) Math.min(EACH, columns / group);
    }

    /** A writer for a kernel without loops whose rows have columns for a group; null for others. */
    static @Nullable RowWriter find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        int group = Math.min(GROUP, platform.items());
        boolean rows = indices.size() > 1
                && e.operands.stepped(indices, indices.getFirst())
                && indices.stream().skip(1).allMatch(index -> index.size().isConstant());
        return rows && !Product.loops(body) && Product.count(indices.subList(1, indices.size())) >= group
                ? new RowWriter(e, indices, body, group)
                : null;
    }

    private List<Index> columns() {
        return indices.subList(1, indices.size());
    }

    Written write() {
        Extent extent = Extent.of(e, indices).getFirst();
        CellWriter.countCells(e, Extent.of(e, indices));
        int stretch = group * each;
        long stretches = (columns + stretch - 1) / stretch;
        Set<Index> own = new LinkedHashSet<>(List.of(indices.getFirst(), Analysis.BATCH));
        e.scope.line("final int all = total / " + columns + " * " + stretches + ";");
        String step = "context.globalGroupSizeX / " + group;
        e.block(
                "for (int piece = context.groupIdx; piece < all; piece = piece + " + step + ") {",
                "}",
                own,
                false,
                () -> {
                    String row = e.fresh("i");
                    e.names.put(indices.getFirst(), row);
                    e.scope.line("final int which = piece / " + stretches + ";");
                    e.scope.line("final int " + row + " = " + extent.absolute("which % " + extent.text()) + ";");
                    e.scope.line("final int batch = which / " + extent.text() + ";");
                    e.scope.line("final int first = piece % " + stretches + " * " + stretch + " + context.localIdx;");
                    List<String> values = new ArrayList<>();
                    List<String> places = new ArrayList<>();
                    for (int u = 0; u < each; u++) {
                        element(u, values, places);
                    }
                    for (int u = 0; u < each; u++) {
                        String store = e.operands.store(places.get(u), values.get(u));
                        boolean whole = columns % stretch == 0;
                        String column = "first + " + u * group;
                        e.scope.line(whole ? store : "if (" + column + " < " + columns + ") {\n" + store + "\n}");
                    }
                });
        return new Written(e, group, false, Written.cells(group, RESIDENT));
    }

    /** Computes one element of each item; past the end of a row the last one once more. */
    private void element(int u, List<String> values, List<String> places) {
        String value = e.fresh("r");
        String place = e.fresh("o");
        e.scope.line("float " + value + " = 0f;");
        e.scope.line("int " + place + " = 0;");
        e.block("{", "}", Set.copyOf(columns()), false, () -> {
            String column = e.fresh("c");
            String wanted = "first + " + u * group;
            e.scope.line("final int " + column + " = "
                    + (columns % ((long) group * each) == 0
                            ? wanted
                            : "(" + wanted + " < " + columns + " ? " + wanted + " : " + (columns - 1) + ")")
                    + ";");
            Product.unflatten(e, columns(), column);
            e.scope.line(value + " = " + e.real(body) + ";");
            e.scope.line(place + " = " + CellWriter.place(e, indices) + ";");
        });
        values.add(value);
        places.add(place);
    }
}
