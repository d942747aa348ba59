package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * Outputs whose reductions are products of the same rows with matrices that lie along the sum's depth, all over as many points
 * and as many of each output.
 *
 * @param rows the distinct factors of rows, at the points of the first product
 * @param each elements that one load brings of every matrix
 */
record RowParts(List<Part> parts, List<Expr> rows, int each) {
    /**
     * One product: where its matrix lies, and which of the rows' factors it takes.
     *
     * @param outside the factor that is the same for all points, taken out of the sum; null where there is none
     */
    record Column(
            Product product,
            Matrix matrix,
            int row,
            @Nullable Expr outside) {}

    /** One output, whose elements of a row are columns of the products. */
    record Part(Template.Output output, List<Column> columns) {
        List<Index> indices() {
            return output.indices().subList(1, output.indices().size());
        }

        long count() {
            return Product.count(indices());
        }
    }

    /** The outputs as such parts, or null. */
    static @Nullable RowParts find(Emitter e, List<Template.Output> outputs) {
        List<Part> parts = new ArrayList<>();
        List<Expr> rows = new ArrayList<>();
        Product first = null;
        for (Template.Output output : outputs) {
            List<Product> products = Product.all(e, output.indices(), output.body());
            if (products == null || folds(output.body())) {
                return null;
            }
            first = first == null ? products.getFirst() : first;
            List<Expr> own = new ArrayList<>();
            List<Column> columns = new ArrayList<>();
            for (Product product : products) {
                Column column = column(e, output, product, first, own);
                if (column == null) {
                    return null;
                }
                columns.add(column);
            }
            boolean alike = parts.isEmpty()
                    || (rows.equals(own)
                            && numbers(columns).equals(numbers(parts.getFirst().columns()))
                            && output.indices().getFirst()
                                    == outputs.getFirst().indices().getFirst());
            if (!alike) {
                return null;
            }
            rows = own;
            parts.add(new Part(output, columns));
        }
        int each = parts.stream()
                .flatMap(part -> part.columns().stream())
                .mapToInt(column -> e.operands.elementsOfWord(column.matrix()))
                .min()
                .orElse(1);
        return new RowParts(List.copyOf(parts), List.copyOf(rows), each);
    }

    /** @param rows the factors so far; that of the product is added where it is new */
    private static @Nullable Column column(
            Emitter e, Template.Output output, Product product, Product first, List<Expr> rows) {
        List<Index> points = first.sum().indices();
        Matrix matrix = Matrix.of(
                e, product, output.indices().subList(1, output.indices().size()));
        Expr whole = e.analysis.intern(
                Exprs.substitute(product.row(), renamed(product.sum().indices(), points)));
        Expr row = factor(e, whole, points, true);
        if (matrix == null
                || matrix.depthStride() != 1
                || row == null
                || !sizes(product.sum()).equals(sizes(first.sum()))
                || !apart(e, row, points)) {
            return null;
        }
        if (!rows.contains(row)) {
            rows.add(row);
        }
        return new Column(product, matrix, rows.indexOf(row), factor(e, whole, points, false));
    }

    private static List<Integer> numbers(List<Column> columns) {
        return columns.stream().map(Column::row).toList();
    }

    /** How many matrices a column of the output needs, the same of each part. */
    int matrices() {
        return parts.getFirst().columns().size();
    }

    /** How many words a column of a matrix has. */
    long words() {
        return depth() / each;
    }

    Product first() {
        return parts.getFirst().columns().getFirst().product();
    }

    long depth() {
        return first().depth();
    }

    private static boolean folds(Expr expr) {
        return expr instanceof Expr.Fold || Analysis.parts(expr).stream().anyMatch(RowParts::folds);
    }

    /** Whether the loops in a row's factor are the same for all of its points, so that the group runs each once. */
    private static boolean apart(Emitter e, Expr row, List<Index> points) {
        return row instanceof Expr.Reduce r
                ? points.stream().noneMatch(index -> e.analysis.mentions(r, index)) && !Product.loops(r.body())
                : !(row instanceof Expr.Select s && (Product.loops(s.then()) || Product.loops(s.otherwise())))
                        && Analysis.parts(row).stream().allMatch(part -> apart(e, part, points));
    }

    /** The factors of a row that are different, or the same, for the points of a sum; null where there are none. */
    private static @Nullable Expr factor(Emitter e, Expr row, List<Index> points, boolean different) {
        return Exprs.factors(row).stream()
                .filter(f -> points.stream().anyMatch(index -> e.analysis.mentions(f, index)) == different)
                .reduce(Exprs::mul)
                .map(e.analysis::intern)
                .orElse(null);
    }

    private static List<Long> sizes(Expr.Reduce sum) {
        return sum.indices().stream().map(i -> i.size().constant()).toList();
    }

    /** Indices called as others. */
    static Map<Index, Expr> renamed(List<Index> own, List<Index> as) {
        Map<Index, Expr> by = new LinkedHashMap<>();
        for (int d = 0; d < Math.min(own.size(), as.size()); d++) {
            if (own.get(d) != as.get(d)) {
                by.put(own.get(d), new Expr.At(as.get(d)));
            }
        }
        return by;
    }

    /** The sums outside of the products that are over as many points: a row's statistics, found while its factors are read. */
    List<Expr.Reduce> statistics() {
        List<Expr.Reduce> all = new ArrayList<>();
        for (Part part : parts) {
            for (Column column : part.columns()) {
                if (column.outside() != null) {
                    SharedCellWriter.collect(column.outside(), all);
                }
            }
        }
        return all.stream()
                .distinct()
                .filter(r -> r.monoid() == Expr.Monoid.SUM
                        && r.domain().equals(Expr.TRUE)
                        && r.indices().stream().allMatch(i -> i.size().isConstant())
                        && sizes(r).equals(sizes(first().sum()))
                        && !Product.loops(r.body()))
                .toList();
    }
}
