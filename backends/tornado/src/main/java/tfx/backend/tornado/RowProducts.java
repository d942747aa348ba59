package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.RowParts.Column;
import tfx.backend.tornado.RowParts.Part;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * Products of few rows with matrices that lie along the sum's depth. A group brings a row's factor into its memory once; then
 * its warps take a column each, a few words of the matrix under way at a time. Reading the matrices is all that counts: words
 * are as wide as elements allow, and few registers leave room for many items.
 */
final class RowProducts {
    /** Items of a group: more share a row's factor, fewer wait for it. */
    private static final int ITEMS = 512;
    /** Warps of a column, so that the columns of a small matrix occupy as many. */
    private static final int WARPS = 4;
    /** Words of an item that are under way at a time. */
    private static final int AHEAD = 4;
    /** Items that a compute unit holds where each needs few registers, and where a row's statistics take some. */
    private static final int RESIDENT = 2048;

    private static final int RESIDENT_FEWER = 1024;
    /** Elements between the stretches of a row in the group's memory, so that stores fall into different banks. */
    private static final int GAP = 8;

    private final Emitter e;
    private final int warp;
    private final int group;
    private final int lanes;
    private final RowParts all;
    private final List<Part> parts;
    private final int each;

    private RowProducts(Emitter e, Platform platform, RowParts all) {
        this.e = e;
        this.warp = platform.warp();
        this.group = Math.min(ITEMS, platform.items());
        this.all = all;
        this.parts = all.parts();
        this.each = all.each();
        int most = Math.min(WARPS * warp, group);
        while (all.depth() % ((long) most * each) != 0 || (most > warp && ahead(most, 1) == 1)) {
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
        long needed = 4
                * (all.rows().size() * (all.depth() + (long) all.each() * GAP)
                        + 2L * Math.min(ITEMS, platform.items()));
        return needed <= platform.localMemory() ? new RowProducts(e, platform, all) : null;
    }

    private long words() {
        return all.depth() / each;
    }

    /** Words of each of so many matrices that an item has under way at a time: as many as divide its share of a column. */
    private int ahead(int lanes, int matrices) {
        long share = words() / lanes;
        int ahead = (int) Math.min(Math.max(1, AHEAD / matrices), share);
        while (share % ahead != 0) {
            ahead--;
        }
        return ahead;
    }

    private long pitch() {
        return each == 1 ? 0 : words() + GAP;
    }

    /** Columns that a group computes at a time. */
    private int together() {
        return group / lanes;
    }

    Written write() {
        parts.forEach(part -> part.columns().forEach(column -> e.operands.readWords(column.matrix(), each)));
        List<Index> indices = parts.getFirst().output().indices();
        CellWriter.countCells(e, Extent.of(e, indices));
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = local % " + lanes + ";");
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + group + ");");
        for (int r = 0; r < all.rows().size(); r++) {
            e.scope.line("final float[] row" + r + " = context.allocateFloatLocalArray("
                    + (each == 1 ? words() : each * pitch()) + ");");
        }
        for (int k = 0; k < all.statistics().size(); k++) {
            e.scope.line("final float[] parts" + k + " = context.allocateFloatLocalArray(" + group / warp + ");");
        }
        // Each part begins with a group of its own: what a group does at a time is of one part.
        long[] ends = new long[parts.size()];
        for (int p = 0; p < ends.length; p++) {
            long rounded = (parts.get(p).count() + together() - 1) / together() * together();
            ends[p] = (p == 0 ? 0 : ends[p - 1]) + rounded;
        }
        long end = ends[ends.length - 1];
        e.scope.line("final int begin = context.groupIdx * " + together() + ";");
        e.scope.line("final int rows = (begin < " + end + " ? total / "
                + parts.getFirst().count() + " : 0);");
        Set<Index> own = new LinkedHashSet<>(Set.of(indices.getFirst(), Analysis.BATCH));
        e.block("for (int row = 0; row < rows; row++) {", "}", own, false, () -> {
            Extent extent = Extent.of(e, indices).getFirst();
            String position = e.fresh("i");
            e.names.put(indices.getFirst(), position);
            e.scope.line("final int " + position + " = " + extent.absolute("row % " + extent.text()) + ";");
            e.scope.line("final int batch = row / " + extent.text() + ";");
            stage();
            String head = "for (int first = begin; first < " + end + "; first = first + context.globalGroupSizeX / "
                    + lanes + ") {";
            e.block(head, "}", Set.of(), false, () -> {
                for (int p = 0; p < ends.length; p++) {
                    String test = (p == 0 ? "" : "first >= " + ends[p - 1])
                            + (p > 0 && p + 1 < ends.length ? " && " : "")
                            + (p + 1 < ends.length ? "first < " + ends[p] : "");
                    Part part = parts.get(p);
                    String from = p == 0 ? "" : " - " + ends[p - 1];
                    e.block(
                            test.isEmpty() ? "{" : "if (" + test + ") {",
                            "}",
                            Set.copyOf(part.indices()),
                            !test.isEmpty(),
                            () -> columns(part, from));
                }
            });
            e.scope.line("context.localBarrier();");
        });
        return new Written(
                e, group, true, Written.cells(group, all.statistics().isEmpty() ? RESIDENT : RESIDENT_FEWER));
    }

    /** Brings the row's factors into the group's memory: the elements that a word holds side by side lie a stretch apart. */
    private void stage() {
        e.lanes = new Lanes(e, e.scope, group, warp, "local");
        List<Expr.Reduce> statistics = all.statistics();
        List<String> shares = new ArrayList<>();
        for (int k = 0; k < statistics.size(); k++) {
            shares.add(e.fresh("s"));
            e.scope.line("float " + shares.getLast() + " = 0f;");
        }
        List<Index> points = all.first().sum().indices();
        String head = "for (int u = local; u < " + all.depth() + "; u = u + " + group + ") {";
        e.block(head, "}", Set.copyOf(points), false, () -> {
            Product.unflatten(e, points, "u");
            String place = each == 1 ? "u" : "u % " + each + " * " + pitch() + " + u / " + each;
            for (int r = 0; r < all.rows().size(); r++) {
                e.scope.line(
                        "row" + r + "[" + place + "] = " + e.real(all.rows().get(r)) + ";");
            }
            for (int k = 0; k < shares.size(); k++) {
                Expr.Reduce r = statistics.get(k);
                Expr term = e.analysis.intern(Exprs.substitute(r.body(), RowParts.renamed(r.indices(), points)));
                e.scope.line(shares.get(k) + " = " + shares.get(k) + " + " + e.real(term) + ";");
            }
        });
        List<String> totals = new ArrayList<>();
        for (int k = 0; k < shares.size(); k++) {
            String sum = e.fresh("v");
            e.scope.line("final float " + sum + " = context.simdSum(" + shares.get(k) + ");");
            e.scope.line("if (local % " + warp + " == 0) {\nparts" + k + "[local / " + warp + "] = " + sum + ";\n}");
        }
        e.scope.line("context.localBarrier();");
        for (int k = 0; k < shares.size(); k++) {
            StringBuilder sum = new StringBuilder("parts" + k + "[0]");
            for (int w = 1; w < group / warp; w++) {
                sum.append(" + parts").append(k).append('[').append(w).append(']');
            }
            totals.add(e.scalars.variable("float", sum.toString()));
            e.scope.known.put(statistics.get(k), new Code(Kind.FLOAT, false, totals.get(k)));
        }
        // Here and not where a column needs them: whoever shares their loops must be here.
        for (Part part : parts) {
            part.columns().stream()
                    .filter(column -> column.outside() != null)
                    .forEach(column -> e.real(column.outside()));
        }
        e.lanes = null;
    }

    /** @param from what is subtracted from a column's number among all parts' */
    private void columns(Part part, String from) {
        long count = part.count();
        e.scope.line("final int mine = first" + from + " + local / " + lanes + ";");
        // Lanes past the end compute the last column once more: whoever shares a barrier must reach it.
        e.scope.line("final int column = (mine < " + count + " ? mine : " + (count - 1) + ");");
        Product.unflatten(e, part.indices(), "column");
        Lanes together = new Lanes(e, e.scope, lanes, warp);
        List<String> sums = sums(part.columns());
        for (int n = 0; n < sums.size(); n++) {
            String sum = together.together(Expr.Monoid.SUM, sums.get(n));
            if (part.columns().get(n).outside() != null) {
                sum = e.scalars.variable(
                        "float", sum + " * " + e.real(part.columns().get(n).outside()));
            }
            e.scope.known.put(part.columns().get(n).product().sum(), new Code(Kind.FLOAT, false, sum));
        }
        String value = e.real(part.output().body());
        int which = Operands.OUTPUT - part.output().number();
        String at = CellWriter.place(e, which, part.output().indices());
        e.scope.line("if (lane == 0 && mine < " + count + ") {\n" + e.operands.store(which, at, value) + "\n}");
    }

    /** Each item's share of the column's sums. */
    private List<String> sums(List<Column> columns) {
        List<String> sums = new ArrayList<>();
        List<String> bases = new ArrayList<>();
        for (Column column : columns) {
            sums.add(e.fresh("s"));
            e.scope.line("float " + sums.getLast() + " = 0f;");
            bases.add(e.fresh("v"));
            Matrix matrix = column.matrix();
            String base = e.operands.record.base(matrix.operand());
            String offset = matrix.offset() == 0 ? base : "(" + base + " + " + matrix.offset() + ")";
            e.scope.line("final int " + bases.getLast() + " = " + (each == 1 ? offset : offset + " / " + each)
                    + " + column * " + matrix.columnStride() / each + ";");
        }
        int rounds = ahead(lanes, columns.size());
        String head = "for (int c = lane; c < " + words() + "; c = c + " + lanes * rounds + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            String[][] words = new String[rounds][columns.size()];
            for (int u = 0; u < rounds; u++) {
                for (int n = 0; n < columns.size(); n++) {
                    words[u][n] = e.fresh("w");
                    e.scope.line(e.operands.word(
                            columns.get(n).matrix(), each, words[u][n], bases.get(n) + " + c + " + u * lanes));
                }
            }
            for (int u = 0; u < rounds; u++) {
                for (int k = 0; k < each; k++) {
                    String[] x = new String[all.rows().size()];
                    for (int r = 0; r < all.rows().size(); r++) {
                        x[r] = e.fresh("x");
                        e.scope.line("final float " + x[r] + " = row" + r + "[c + " + (k * pitch() + (long) u * lanes)
                                + "];");
                    }
                    for (int n = 0; n < columns.size(); n++) {
                        String w = Operands.element(words[u][n], each, k);
                        e.scope.line(sums.get(n) + " = " + sums.get(n) + " + "
                                + x[columns.get(n).row()] + " * " + w + ";");
                    }
                }
            }
        });
        return sums;
    }
}
