package tfx.backend.tornado;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Elements of many rows, none of which has a loop: only memory counts. A group takes a stretch of a row at a time, so that rows are
 * found once a stretch, and each work item several of its columns.
 */
final class RowWriter implements KernelWriter {
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

    @Override
    public Written write() {
        int stretch = group * each;
        long stretches = (columns + stretch - 1) / stretch;
        String first = " * " + stretch + " + context.localIdx";
        RowStretches.each(
                e,
                indices,
                columns,
                stretches,
                group,
                first,
                () -> new RowElements(e, indices, columns(), body).write(group, each, columns % stretch == 0));
        return new Written(e, group, false, Written.cells(group, RESIDENT));
    }
}
