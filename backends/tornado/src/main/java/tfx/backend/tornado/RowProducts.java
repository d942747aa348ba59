package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.RowParts.Part;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Index;

/**
 * Products of few rows with matrices that lie along the sum's depth. A group brings a row's factor into its memory once; then
 * its warps take a column each. Reading the matrices is all that counts: words are as wide as elements allow, and every item
 * has some of them under way at all times, from before the row is there.
 */
final class RowProducts implements KernelWriter {
    /** Items of a group: more share a row's factor, fewer wait for it. */
    private static final int ITEMS = 512;
    /** Warps of a column, so that the columns of a small matrix occupy as many. */
    private static final int WARPS = 4;
    /** Items that a compute unit holds: the words that are under way take registers. */
    private static final int RESIDENT = 1024;

    private final Emitter e;
    private final int warp;
    private final int group;
    private final int lanes;
    private final RowParts all;
    private final List<Part> parts;
    private final RowStage stage;

    private RowProducts(Emitter e, Platform platform, RowParts all) {
        this.e = e;
        this.warp = platform.warp();
        this.group = Math.min(ITEMS, platform.items());
        this.all = all;
        this.parts = all.parts();
        this.stage = new RowStage(e, all, group, warp);
        int most = Math.min(WARPS * warp, group);
        while (all.words() % most != 0 || (most > warp && ColumnWords.ahead(all, most) == 1)) {
            most /= 2;
        }
        this.lanes = most;
    }

    /** A writer for a kernel of such products, where there are warps to compute them; null for others. */
    static @Nullable RowProducts find(Emitter e, List<Template.Output> outputs, Platform platform) {
        RowParts all = platform.warp() > 1 ? RowParts.find(e, outputs) : null;
        if (all == null || all.depth() % ((long) platform.warp() * all.each()) != 0) {
            return null;
        }
        int group = Math.min(ITEMS, platform.items());
        return RowStage.bytes(all, group) <= platform.localMemory() ? new RowProducts(e, platform, all) : null;
    }

    /** Columns that a group computes at a time. */
    private int together() {
        return group / lanes;
    }

    @Override
    public Written write() {
        parts.forEach(part -> part.columns().forEach(column -> e.operands.readWords(column.matrix(), all.each())));
        List<Index> indices = parts.getFirst().output().indices();
        String total = CellWriter.countCells(e, Extent.of(e, indices));
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = local % " + lanes + ";");
        stage.declare();
        // The group's for sums that are no statistics, and then what the warps of a column have.
        int exchanged = Math.max(group, 2 * all.matrices() * group / warp);
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + exchanged + ");");
        if (lanes > warp) {
            e.scope.line("int turn = 0;");
        }
        // Each part begins with a group of its own: what a group does at a time is of one part.
        long[] ends = new long[parts.size()];
        for (int p = 0; p < ends.length; p++) {
            long rounded = (parts.get(p).count() + together() - 1) / together() * together();
            ends[p] = (p == 0 ? 0 : ends[p - 1]) + rounded;
        }
        long end = ends[ends.length - 1];
        ColumnWords words = new ColumnWords(e, all, ends, lanes, together());
        e.scope.line("final int begin = context.groupIdx * " + together() + ";");
        e.scope.line("final int step = context.globalGroupSizeX / " + lanes + ";");
        e.scope.line("final int rows = (begin < " + end + " ? " + total + " / "
                + parts.getFirst().count() + " : 0);");
        // Counted on and not divided: what is read first depends on it.
        e.scope.line("int place = 0;");
        e.scope.line("int sequence = 0;");
        Set<Index> own = new LinkedHashSet<>(Set.of(indices.getFirst(), Analysis.BATCH));
        e.block("for (int row = 0; row < rows; row++) {", "}", own, false, () -> {
            Extent extent = Extent.of(e, indices).getFirst();
            String position = e.fresh("i");
            e.names.put(indices.getFirst(), position);
            e.scope.line("final int " + position + " = " + extent.absolute("place") + ";");
            e.scope.line("final int batch = sequence;");
            // 0, which the device's compiler cannot tell: what was the same for all rows it would keep in registers.
            e.scope.line("final int zero = sequence >> 24;");
            words.declare();
            words.ask(e.scalars.variable("int", "begin + zero"));
            e.scope.line(Inputs.AWAITED);
            stage.write();
            String head = "for (int first = begin; first < " + end + "; first = first + step) {";
            e.block(head, "}", Set.of(), false, () -> columns(words, end));
            e.scope.line("place = place + 1;");
            e.scope.line("if (place == " + extent.text() + ") {\nplace = 0;\nsequence = sequence + 1;\n}");
            e.scope.line("context.localBarrier();");
        });
        long pieces = end / together();
        return new Written(e, group, true, Written.cells(group, RESIDENT).of(call -> pieces));
    }

    /** The group's next columns. */
    private void columns(ColumnWords words, long end) {
        List<String> shares = words.sums("first", stage);
        List<String> sums = totals(shares, () -> {
            String later = e.scalars.variable("int", "first + step");
            e.block("if (" + later + " < " + end + ") {", "}", Set.of(), true, () -> words.ask(later));
        });
        for (int p = 0; p < parts.size(); p++) {
            Part part = parts.get(p);
            String column = e.scalars.variable("int", words.mine("first", p));
            String test = words.within("first", p) + " && " + column + " < " + part.count();
            e.block("if (lane == 0 && " + test + ") {", "}", Set.copyOf(part.indices()), true, () -> {
                Product.unflatten(e, part.indices(), column);
                for (int n = 0; n < sums.size(); n++) {
                    RowParts.Column of = part.columns().get(n);
                    String sum = of.outside() == null
                            ? sums.get(n)
                            : e.scalars.variable("float", sums.get(n) + " * " + e.real(of.outside()));
                    e.scope.known.put(of.product().sum(), new Code(Kind.FLOAT, false, sum));
                }
                String value = e.real(part.output().body());
                e.operands.computing(part.output().number(), () -> {
                    String at = CellWriter.place(e, part.output().indices());
                    e.scope.line(e.operands.store(at, value));
                });
            });
        }
    }

    /**
     * The shares of all lanes of a column added, in every lane of it.
     *
     * @param meanwhile what is written as soon as the shares are there
     */
    private List<String> totals(List<String> shares, Runnable meanwhile) {
        int warps = group / warp;
        List<String> totals = new ArrayList<>();
        for (String share : shares) {
            totals.add(e.scalars.variable("float", "context.simdSum(" + share + ")"));
        }
        if (lanes == warp) {
            meanwhile.run();
            return totals;
        }
        StringBuilder stores = new StringBuilder("if (local % " + warp + " == 0) {\n");
        for (int n = 0; n < totals.size(); n++) {
            stores.append("shared[turn + ")
                    .append(n * warps)
                    .append(" + local / ")
                    .append(warp)
                    .append("] = ");
            stores.append(totals.get(n)).append(";\n");
        }
        e.scope.line(stores + "}");
        e.scope.line("context.localBarrier();");
        meanwhile.run();
        List<String> sums = new ArrayList<>();
        for (int n = 0; n < totals.size(); n++) {
            StringBuilder sum = new StringBuilder();
            for (int w = 0; w < lanes / warp; w++) {
                sum.append(w == 0 ? "" : " + ")
                        .append("shared[turn + (local - lane) / " + warp + " + " + (n * warps + w) + "]");
            }
            sums.add(e.scalars.variable("float", sum.toString()));
        }
        // The next sums go elsewhere: who is late may still read these, and everyone has by the barrier after that.
        e.scope.line("turn = " + totals.size() * warps + " - turn;");
        return sums;
    }
}
