package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Sums of products over many rows: a group computes a tile of rows times columns, each work item several of each in registers;
 * a stretch of both factors at a time lies in the group's memory.
 */
final class TileWriter implements KernelWriter {
    /** Rows and columns of one work item. */
    private static final int ROWS = 8;

    private static final int COLUMNS = 4;
    /** Points of the sum that lie in the group's memory at a time; one place more in a row, so that banks differ. */
    private static final int DEPTH = 16;

    private static final int PITCH = DEPTH + 1;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final int items;
    private final List<Product> products;
    private final int across;
    private final int down;

    private TileWriter(Emitter e, List<Index> indices, Expr body, int items, List<Product> products) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.items = items;
        this.products = products;
        // Twice as many items along columns as along rows, or as near as that gets: tiles come out square.
        int wide = 1;
        while (wide * wide * ROWS / COLUMNS < items * ROWS / COLUMNS && wide * wide < 2 * items) {
            wide *= 2;
        }
        this.across = wide;
        this.down = items / wide;
    }

    /** A writer for a kernel whose every reduction is a sum of products of one row with one column; null for others. */
    static @Nullable TileWriter find(Emitter e, List<Index> indices, Expr body, int items) {
        List<Product> products = Product.all(e, indices, body);
        return products == null || products.size() > 2 ? null : new TileWriter(e, indices, body, items, products);
    }

    @Override
    public Written write() {
        CellWriter.countCells(e, Extent.of(e, indices));
        long columns = Product.count(columns());
        e.scope.line("final int rows = total / " + columns + ";");
        int high = down * ROWS;
        int wide = across * COLUMNS;
        e.block("{", "}", Set.of(), true, () -> {
            e.scope.line("final float[] left = context.allocateFloatLocalArray(" + high * PITCH + ");");
            e.scope.line("final float[] right = context.allocateFloatLocalArray(" + wide * PITCH + ");");
            e.scope.line("final int item = context.localIdx;");
            e.scope.line("final int x = item % " + across + ";");
            e.scope.line("final int y = item / " + across + ";");
            e.scope.line("final int tall = (rows + " + (high - 1) + ") / " + high + ";");
            String tiles = "tall * " + (columns + wide - 1) / wide;
            String step = "context.globalGroupSizeX / " + items;
            e.block(
                    "for (int tile = context.groupIdx; tile < " + tiles + "; tile = tile + " + step + ") {",
                    "}",
                    Set.of(),
                    false,
                    () -> {
                        e.scope.line("final int top = tile % tall * " + high + ";");
                        e.scope.line("final int side = tile / tall * " + wide + ";");
                        for (int n = 0; n < products.size(); n++) {
                            sum(n, columns);
                        }
                        store(columns);
                    });
        });
        return new Written(e, items, true, Written.cells(items));
    }

    private List<Index> columns() {
        return indices.subList(1, indices.size());
    }

    private static String accumulator(int n, int r, int c) {
        return "a" + n + "_" + r + "_" + c;
    }

    private void sum(int n, long columns) {
        Product product = products.get(n);
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < COLUMNS; c++) {
                e.scope.line("float " + accumulator(n, r, c) + " = 0f;");
            }
        }
        String p = e.fresh("p");
        e.block(
                "for (int " + p + " = 0; " + p + " < " + product.depth() + "; " + p + " = " + p + " + " + DEPTH + ") {",
                "}",
                Set.of(),
                false,
                () -> {
                    load(
                            "left",
                            down * ROWS,
                            product,
                            p,
                            product.row(),
                            "top",
                            "rows",
                            () -> locateRow("which"),
                            Set.of(indices.getFirst(), Analysis.BATCH));
                    load(
                            "right",
                            across * COLUMNS,
                            product,
                            p,
                            product.column(),
                            "side",
                            Long.toString(columns),
                            () -> Product.unflatten(e, columns(), "which"),
                            Set.copyOf(columns()));
                    e.scope.line("context.localBarrier();");
                    StringBuilder inner = new StringBuilder("for (int d = 0; d < " + DEPTH + "; d++) {\n");
                    for (int r = 0; r < ROWS; r++) {
                        inner.append("final float x")
                                .append(r)
                                .append(" = left[(y + ")
                                .append(r * down)
                                .append(") * ")
                                .append(PITCH)
                                .append(" + d];\n");
                    }
                    for (int c = 0; c < COLUMNS; c++) {
                        inner.append("final float w")
                                .append(c)
                                .append(" = right[(x + ")
                                .append(c * across)
                                .append(") * ")
                                .append(PITCH)
                                .append(" + d];\n");
                    }
                    for (int r = 0; r < ROWS; r++) {
                        for (int c = 0; c < COLUMNS; c++) {
                            String a = accumulator(n, r, c);
                            inner.append(a)
                                    .append(" = ")
                                    .append(a)
                                    .append(" + x")
                                    .append(r)
                                    .append(" * w")
                                    .append(c)
                                    .append(";\n");
                        }
                    }
                    e.scope.line(inner.append("}").toString());
                    e.scope.line("context.localBarrier();");
                });
    }

    /** Fills one side's stretch: rows or columns from {@code first} on times points from {@code p} on; 0 outside of either. */
    private void load(
            String into,
            int count,
            Product product,
            String p,
            Expr expr,
            String first,
            String limit,
            Runnable bind,
            Set<Index> bound) {
        Set<Index> own = new LinkedHashSet<>(bound);
        own.addAll(product.sum().indices());
        e.block("for (int u = item; u < " + count * DEPTH + "; u = u + " + items + ") {", "}", Set.of(), false, () -> {
            e.scope.line("final int which = " + first + " + u / " + DEPTH + ";");
            e.scope.line("final int point = " + p + " + u % " + DEPTH + ";");
            e.scope.line("float value = 0f;");
            e.block("if (which < " + limit + " && point < " + product.depth() + ") {", "}", own, true, () -> {
                bind.run();
                Product.unflatten(e, product.sum().indices(), "point");
                e.scope.line("value = " + e.real(expr) + ";");
            });
            e.scope.line(into + "[u / " + DEPTH + " * " + PITCH + " + u % " + DEPTH + "] = value;");
        });
    }

    /** The position and the sequence of a row. */
    private void locateRow(String row) {
        Extent extent = Extent.of(e, indices).getFirst();
        String name = e.fresh("i");
        e.names.put(indices.getFirst(), name);
        e.scope.line("final int " + name + " = " + extent.absolute(row + " % " + extent.text()) + ";");
        e.scope.line("final int batch = " + row + " / " + extent.text() + ";");
    }

    private void store(long columns) {
        Set<Index> own = new LinkedHashSet<>(indices);
        own.add(Analysis.BATCH);
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < COLUMNS; c++) {
                String row = e.fresh("r");
                String column = e.fresh("c");
                int y = r;
                int x = c;
                e.scope.line("final int " + row + " = top + y + " + r * down + ";");
                e.scope.line("final int " + column + " = side + x + " + c * across + ";");
                e.block("if (" + row + " < rows && " + column + " < " + columns + ") {", "}", own, true, () -> {
                    locateRow(row);
                    Product.unflatten(e, columns(), column);
                    for (int n = 0; n < products.size(); n++) {
                        e.scope.known.put(products.get(n).sum(), new Code(Kind.FLOAT, false, accumulator(n, y, x)));
                    }
                    String value = e.real(body);
                    e.scope.line(e.operands.store(CellWriter.place(e, indices), value));
                });
            }
        }
    }
}
