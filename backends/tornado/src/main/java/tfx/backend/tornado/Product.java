package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * A sum of products of a factor that is the same for all columns of a row of the output with one that is the same for all
 * rows: an element of a product of matrices. Rows are the step's positions of every sequence; all other output indices,
 * flattened, are the columns, and all indices of the sum its depth.
 */
record Product(Expr.Reduce sum, Expr row, Expr column) {

    long depth() {
        return count(sum.indices());
    }

    static long count(List<Index> indices) {
        return indices.stream().mapToLong(i -> i.size().constant()).reduce(1, Math::multiplyExact);
    }

    /** The products of a kernel whose every reduction is one; null for any other kernel. */
    static @Nullable List<Product> all(Emitter e, List<Index> indices, Expr body) {
        if (indices.size() < 2
                || !e.operands.stepped(indices, indices.getFirst())
                || !indices.stream().skip(1).allMatch(index -> index.size().isConstant())) {
            return null;
        }
        List<Expr.Reduce> sums = new ArrayList<>();
        SharedCellWriter.collect(body, sums);
        List<Product> products = new ArrayList<>();
        for (Expr.Reduce sum : sums) {
            Product product = of(e, indices, sum);
            if (product == null) {
                return null;
            }
            if (!products.contains(product)) {
                products.add(product);
            }
        }
        return products.isEmpty() ? null : products;
    }

    private static @Nullable Product of(Emitter e, List<Index> indices, Expr.Reduce sum) {
        if (sum.monoid() != Monoid.SUM
                || !sum.domain().equals(Expr.TRUE)
                || !sum.indices().stream().allMatch(i -> i.size().isConstant())) {
            return null;
        }
        List<Expr> factors = Exprs.factors(sum.body());
        List<Index> columns = indices.subList(1, indices.size());
        Expr row = null;
        Expr column = null;
        for (Expr factor : factors) {
            if (columns.stream().noneMatch(index -> e.analysis.mentions(factor, index))) {
                row = row == null ? factor : new Expr.Binary(BinaryOp.MUL, row, factor);
            } else if (!e.analysis.mentions(factor, indices.getFirst())
                    && !e.analysis.mentions(factor, Analysis.BATCH)) {
                column = column == null ? factor : new Expr.Binary(BinaryOp.MUL, column, factor);
            } else {
                return null;
            }
        }
        return row == null || column == null
                ? null
                : new Product(sum, e.analysis.intern(row), e.analysis.intern(column));
    }

    /** Whether a loop stands in an expression. */
    static boolean loops(Expr expr) {
        return expr instanceof Expr.Reduce
                || expr instanceof Expr.Fold
                || Analysis.parts(expr).stream().anyMatch(Product::loops);
    }

    /** Declares the values of indices of known sizes from their flattened number, the last index fastest. */
    static void unflatten(Emitter e, List<Index> indices, String number) {
        String rest = number;
        for (int d = indices.size() - 1; d >= 0; d--) {
            String name = e.fresh("i");
            String size = Long.toString(indices.get(d).size().constant());
            e.scope.line("final int " + name + " = " + (d == 0 ? rest : rest + " % " + size) + ";");
            e.names.put(indices.get(d), name);
            if (d > 0) {
                String further = e.fresh("i");
                e.scope.line("final int " + further + " = " + rest + " / " + size + ";");
                rest = further;
            }
        }
    }
}
