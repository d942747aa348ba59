package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
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
    private static final int WARPS = 2;
    /** Words of an item that are under way at a time. */
    private static final int AHEAD = 4;
    /** Items that a compute unit holds where each needs few registers. */
    private static final int RESIDENT = 2048;
    /** Elements between the stretches of a row in the group's memory, so that stores fall into different banks. */
    private static final int GAP = 8;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final int warp;
    private final int group;
    private final int lanes;
    private final int each;
    private final List<Column> columns;
    private final List<Expr> rows;

    /** One product: where its matrix lies, and which of the rows' factors it takes. */
    private record Column(Product product, Matrix matrix, int row) {}

    private RowProducts(
            Emitter e,
            List<Index> indices,
            Expr body,
            Platform platform,
            List<Column> columns,
            List<Expr> rows,
            int each) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.warp = platform.warp();
        this.group = Math.min(ITEMS, platform.items());
        this.columns = columns;
        this.rows = rows;
        this.each = each;
        long depth = columns.getFirst().product().depth();
        int wide = Math.min(WARPS * warp, group);
        this.lanes = depth % ((long) wide * each) == 0 ? wide : warp;
    }

    /** A writer for a kernel whose reductions are such products, all over as many points; null for others. */
    static @Nullable RowProducts find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        List<Product> products = platform.warp() > 1 ? Product.all(e, indices, body) : null;
        if (products == null) {
            return null;
        }
        Product first = products.getFirst();
        List<Column> columns = new ArrayList<>();
        List<Expr> rows = new ArrayList<>();
        int each = Integer.MAX_VALUE;
        for (Product product : products) {
            Matrix matrix = Matrix.of(e, product, indices.subList(1, indices.size()));
            if (matrix == null || matrix.depthStride() != 1 || product.depth() != first.depth()) {
                return null;
            }
            Expr row = e.analysis.intern(Exprs.substitute(product.row(), renamed(product, first)));
            if (Product.loops(row) || !sizes(product).equals(sizes(first))) {
                return null;
            }
            if (!rows.contains(row)) {
                rows.add(row);
            }
            columns.add(new Column(product, matrix, rows.indexOf(row)));
            each = Math.min(each, e.operands.elementsOfWord(matrix));
        }
        long needed = 4 * (rows.size() * (first.depth() + (long) each * GAP) + Math.min(ITEMS, platform.items()));
        return first.depth() % ((long) platform.warp() * each) == 0 && needed <= platform.localMemory()
                ? new RowProducts(e, indices, body, platform, columns, rows, each)
                : null;
    }

    private static List<Long> sizes(Product product) {
        return product.sum().indices().stream().map(i -> i.size().constant()).toList();
    }

    /** The indices of one product's sum for those of another. */
    private static Map<Index, Expr> renamed(Product product, Product as) {
        Map<Index, Expr> by = new LinkedHashMap<>();
        List<Index> own = product.sum().indices();
        for (int d = 0; d < Math.min(own.size(), as.sum().indices().size()); d++) {
            if (own.get(d) != as.sum().indices().get(d)) {
                by.put(own.get(d), new Expr.At(as.sum().indices().get(d)));
            }
        }
        return by;
    }

    private long words() {
        return columns.getFirst().product().depth() / each;
    }

    private long pitch() {
        return each == 1 ? 0 : words() + GAP;
    }

    Written write() {
        columns.forEach(column -> e.operands.readWords(column.matrix(), each));
        CellWriter.countCells(e, Extent.of(e, indices));
        long count = Product.count(indices.subList(1, indices.size()));
        int together = group / lanes;
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = local % " + lanes + ";");
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + group + ");");
        for (int r = 0; r < rows.size(); r++) {
            e.scope.line("final float[] row" + r + " = context.allocateFloatLocalArray("
                    + (each == 1 ? words() : each * pitch()) + ");");
        }
        e.scope.line("final int begin = context.groupIdx * " + together + ";");
        e.scope.line("final int rows = (begin < " + count + " ? total / " + count + " : 0);");
        Set<Index> own = new LinkedHashSet<>(Set.of(indices.getFirst(), Analysis.BATCH));
        e.block("for (int row = 0; row < rows; row++) {", "}", own, false, () -> {
            Extent extent = Extent.of(e, indices).getFirst();
            String position = e.fresh("i");
            e.names.put(indices.getFirst(), position);
            e.scope.line("final int " + position + " = " + extent.absolute("row % " + extent.text()) + ";");
            e.scope.line("final int batch = row / " + extent.text() + ";");
            stage();
            Set<Index> inner = Set.copyOf(indices.subList(1, indices.size()));
            String head = "for (int first = begin; first < " + count + "; first = first + context.globalGroupSizeX / "
                    + lanes + ") {";
            e.block(head, "}", inner, false, () -> columns(count));
            e.scope.line("context.localBarrier();");
        });
        return new Written(e, group, true, Written.cells(group, RESIDENT));
    }

    /** Brings the row's factors into the group's memory: the elements that a word holds side by side lie a stretch apart. */
    private void stage() {
        Product first = columns.getFirst().product();
        Set<Index> own = Set.copyOf(first.sum().indices());
        String head = "for (int u = local; u < " + first.depth() + "; u = u + " + group + ") {";
        e.block(head, "}", own, false, () -> {
            Product.unflatten(e, first.sum().indices(), "u");
            String place = each == 1 ? "u" : "u % " + each + " * " + pitch() + " + u / " + each;
            for (int r = 0; r < rows.size(); r++) {
                e.scope.line("row" + r + "[" + place + "] = " + e.real(rows.get(r)) + ";");
            }
        });
        e.scope.line("context.localBarrier();");
    }

    private void columns(long count) {
        e.scope.line("final int mine = first + local / " + lanes + ";");
        // Lanes past the end compute the last column once more: whoever shares a barrier must reach it.
        e.scope.line("final int column = (mine < " + count + " ? mine : " + (count - 1) + ");");
        Product.unflatten(e, indices.subList(1, indices.size()), "column");
        Lanes all = new Lanes(e, e.scope, lanes, warp);
        List<String> sums = sums();
        for (int n = 0; n < sums.size(); n++) {
            String sum = all.together(Expr.Monoid.SUM, sums.get(n));
            e.scope.known.put(columns.get(n).product().sum(), new Code(Kind.FLOAT, false, sum));
        }
        String value = e.real(body);
        String at = CellWriter.place(e, indices);
        e.scope.line("if (lane == 0 && mine < " + count + ") {\n" + e.operands.store(at, value) + "\n}");
    }

    /** Each item's share of the column's sums. */
    private List<String> sums() {
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
        int ahead = (int) Math.min(Math.max(1, AHEAD / columns.size()), words() / lanes);
        while (words() / lanes % ahead != 0) {
            ahead--;
        }
        int rounds = ahead;
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
                    String[] x = new String[rows.size()];
                    for (int r = 0; r < rows.size(); r++) {
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
