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
 * Elements whose reductions several work items compute together, reading neighbouring numbers: products of matrices with few
 * rows, norms.
 */
final class SharedCellWriter implements KernelWriter {
    private static final int LANES = 32;
    private static final int CELLS = 4;
    /** Items that a compute unit holds where each needs few registers, as many as there can be. */
    private static final int RESIDENT = 2048;
    /** With so many points for each item of a group, all of them take one cell: more of its numbers are under way. */
    private static final int POINTS = 4;
    /** Fewer points are not worth the wait for one another. */
    private static final int LEAST_POINTS = 32;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final int lanes;
    private final int group;
    private final int warp;

    private SharedCellWriter(Emitter emitter, List<Index> indices, Expr body, int lanes, int group, int warp) {
        this.group = group;
        this.warp = warp;
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.lanes = lanes;
    }

    /** A writer for the kernel, or null where its reductions are short or do not walk along memory. */
    static @Nullable SharedCellWriter find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        int items = platform.items();
        List<Expr.Reduce> all = new ArrayList<>();
        collect(body, all);
        boolean worthwhile = all.stream().anyMatch(r -> points(r) >= Math.min(LEAST_POINTS, items));
        boolean along = all.stream().allMatch(r -> walksAlong(e, r));
        int lanes = items >= LANES * CELLS ? LANES : items / 2;
        int group = Math.min(items, LANES * CELLS);
        boolean wide = platform.warp() > 0 && all.stream().anyMatch(r -> points(r) >= (long) POINTS * group);
        return worthwhile && along
                ? new SharedCellWriter(e, indices, body, wide ? group : lanes, group, platform.warp())
                : null;
    }

    /** The reductions outside of loops and branches. */
    static void collect(Expr expr, List<Expr.Reduce> all) {
        switch (expr) {
            case Expr.Reduce r -> all.add(r);
            case Expr.Fold f -> {}
            case Expr.Select s -> collect(s.condition(), all);
            default -> Analysis.parts(expr).forEach(part -> collect(part, all));
        }
    }

    /** Points of a reduction; many where that depends on the sequence. */
    private static long points(Expr.Reduce r) {
        long points = 1;
        for (Index index : r.indices()) {
            points *= index.size().isConstant() ? index.size().constant() : LEAST_POINTS;
        }
        return points;
    }

    /** Whether most of what the body reads lies side by side along the last index. */
    private static boolean walksAlong(Emitter e, Expr.Reduce r) {
        List<Expr.Read> reads = new ArrayList<>();
        reads(r.body(), reads);
        Index last = r.indices().getLast();
        long with =
                reads.stream().filter(read -> e.analysis.mentions(read, last)).count();
        long adjacent = reads.stream().filter(read -> adjacent(e, read, last)).count();
        return 2 * adjacent >= with;
    }

    private static void reads(Expr expr, List<Expr.Read> all) {
        if (expr instanceof Expr.Read read) {
            all.add(read);
        }
        Analysis.parts(expr).forEach(part -> reads(part, all));
    }

    private static boolean adjacent(Emitter e, Expr.Read read, Index index) {
        for (int d = 0; d < read.at().size(); d++) {
            if (e.analysis.mentions(read.at().get(d), index)) {
                Long factor = e.analysis.factor(e.analysis.linear(read.at().get(d)), index);
                if (factor == null || factor != 1 || !e.operands.adjacent(read.value(), d)) {
                    return false;
                }
            }
        }
        return e.analysis.mentions(read, index);
    }

    @Override
    public Written write() {
        CellWriter.countCells(e, Extent.of(e, indices));
        loop();
        return new Written(e, group(), true, Written.cells(group(), RESIDENT));
    }

    int group() {
        return group;
    }

    /** The loop over all cells. */
    void loop() {
        List<Extent> extents = Extent.of(e, indices);
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + group() + ");");
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = local % " + lanes + ";");
        Set<Index> own = new LinkedHashSet<>(indices);
        own.add(Analysis.BATCH);
        int cells = group() / lanes;
        String step = "context.globalGroupSizeX / " + lanes;
        String head =
                "for (int first = context.groupIdx * " + cells + "; first < total; first = first + " + step + ") {";
        e.block(head, "}", own, false, () -> {
            e.scope.line("final int mine = first + local / " + lanes + ";");
            // Lanes past the end compute the last element once more: whoever shares a barrier must reach it.
            e.scope.line("final int cell = (mine < total ? mine : total - 1);");
            CellWriter.locate(e, indices, extents);
            e.lanes = new Lanes(e, e.scope, lanes, warp);
            List<Expr.Reduce> all = new ArrayList<>();
            collect(body, all);
            e.lanes.sumTogether(
                    all.stream().filter(r -> !Product.loops(r.body())).toList());
            String value = e.real(body);
            e.lanes = null;
            String at = CellWriter.place(e, indices);
            e.scope.line("if (lane == 0 && mine < total) {\n" + e.operands.store(at, value) + "\n}");
        });
    }
}
