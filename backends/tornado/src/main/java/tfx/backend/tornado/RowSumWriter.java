package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * Rows whose elements have reductions in common, and no others: norms. A group takes a row, or each of its warps one where they
 * are short; the items of a row compute the reductions together, then each of them several columns at a time.
 */
final class RowSumWriter implements KernelWriter {
    private static final int GROUP = 256;
    /** Where there are few rows, each has more items. */
    private static final int FEW = 512;
    /** Columns that a work item computes before it writes them, at most. */
    private static final int EACH = 4;

    /** Columns of an item, at most, where a warp has a row to itself. */
    private static final int SHORT = 8;

    private static final int RESIDENT = 2048;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final int rows;
    private final int group;
    /** Items of a row. */
    private final int lanes;

    private final int warp;

    private RowSumWriter(Emitter emitter, List<Index> indices, Expr body, int rows, int group, int lanes, int warp) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.rows = rows;
        this.group = group;
        this.lanes = lanes;
        this.warp = warp;
    }

    /** A writer for a kernel whose every loop is a reduction that no index of columns is in; null for others. */
    static @Nullable RowSumWriter find(Emitter e, List<Index> indices, Expr body, Platform platform, boolean many) {
        List<Expr.Reduce> all = new ArrayList<>();
        if (!alone(body, all) || all.isEmpty()) {
            return null;
        }
        int rows = 0;
        for (int d = 0; d < indices.size(); d++) {
            Index index = indices.get(d);
            if (all.stream().anyMatch(r -> e.analysis.mentions(r, index))) {
                rows = d + 1;
            }
        }
        List<Index> columns = indices.subList(rows, indices.size());
        if (columns.isEmpty()
                || !columns.stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        int group = Math.min(platform.items(), many ? GROUP : FEW);
        int warp = platform.warp();
        boolean sums = RowHeld.nested(all).stream().allMatch(r -> r.monoid() == Monoid.SUM);
        if (many && sums && warp > 0 && group % warp == 0 && Product.count(columns) <= (long) SHORT * warp) {
            return new RowSumWriter(e, indices, body, rows, group, warp, warp);
        }
        while (group > Math.max(2, warp) && group > Product.count(columns)) {
            group /= 2;
        }
        return new RowSumWriter(e, indices, body, rows, group, group, warp);
    }

    /** Collects the reductions; false where a loop is of another kind or stands in a branch. */
    private static boolean alone(Expr expr, List<Expr.Reduce> all) {
        return switch (expr) {
            case Expr.Reduce r -> all.add(r);
            case Expr.Fold f -> false;
            case Expr.Select s ->
                alone(s.condition(), all) && !Product.loops(s.then()) && !Product.loops(s.otherwise());
            default -> Analysis.parts(expr).stream().allMatch(part -> alone(part, all));
        };
    }

    @Override
    public Written write() {
        List<Index> columns = indices.subList(rows, indices.size());
        long count = Product.count(columns);
        String total = CellWriter.countCells(e, Extent.of(e, indices));
        if (lanes == group) {
            e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + group + ");");
        }
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = " + (lanes == group ? "local" : "local % " + lanes) + ";");
        e.scope.line("final int all = " + total + " / " + count + ";");
        Set<Index> own = new LinkedHashSet<>(indices.subList(0, rows));
        own.add(Analysis.BATCH);
        String step = "context.globalGroupSizeX / " + lanes;
        String begin =
                lanes == group ? "context.groupIdx" : "context.groupIdx * " + group / lanes + " + local / " + lanes;
        e.block("for (int cell = " + begin + "; cell < all; cell = cell + " + step + ") {", "}", own, false, () -> {
            List<Index> leading = indices.subList(0, rows);
            CellWriter.locate(e, leading, Extent.of(e, leading));
            e.lanes = new Lanes(e, e.scope, lanes, warp);
            List<Expr.Reduce> all = new ArrayList<>();
            SharedCellWriter.collect(body, all);
            RowElements elements = new RowElements(e, indices, columns, body);
            RowHeld held = RowHeld.find(e, columns, all, lanes);
            if (held != null) {
                held.read();
                held.reduce(all, e.lanes);
                e.lanes = null;
                e.scope.line("final int first = lane;");
                elements.write(lanes, held.each(), true, held::known);
                return;
            }
            e.lanes.sumTogether(
                    all.stream().filter(r -> !Product.loops(r.body())).toList());
            all.forEach(e::real);
            e.lanes = null;
            int each = (int) Math.min(EACH, (count + lanes - 1) / lanes);
            int stretch = each * lanes;
            boolean whole = count % stretch == 0;
            e.block(
                    "for (int first = lane; first < " + count + "; first = first + " + stretch + ") {",
                    "}",
                    Set.copyOf(columns),
                    false,
                    () -> elements.write(lanes, each, whole));
        });
        return new Written(e, group, true, Written.cells(group, RESIDENT).of(this::pieces));
    }

    /** Groups with a row each, or one for each warp. */
    private long pieces(CallRecord.Call call) {
        long all = Written.ROWS * Extent.ofPosition(Extent.of(e, indices.subList(0, rows)), call);
        return (all * lanes + group - 1) / group;
    }
}
