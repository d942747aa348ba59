package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * A fold that tiles of rows times points can compute. With r a row, s a point of the fold and c the column, its accumulators
 * are statistics of what depends on r and s, or sums {@code sum_s p(r, s) * value[s, c]}; inside both stand products
 * {@code sum_k left[r, k] * right[s, k]}.
 *
 * @param row the output index that steps along the sequence
 * @param column the last output index
 * @param groups the other output indices, and {@link Analysis#BATCH}
 * @param products by the reduction that each computes
 * @param weighted by accumulator; those that are not in it do not depend on the column
 */
record Streams(
        Expr.Fold fold,
        Index row,
        Index column,
        List<Index> groups,
        Map<Expr.Reduce, Product> products,
        Map<Integer, Weighted> weighted) {

    /** {@code right} is read with the fold's index in dimension {@code axis}, adjacent along the reduction. */
    record Product(Expr.Reduce reduce, Expr left, boolean direct, Expr.Read right, int axis) {
        long depth() {
            return reduce.indices().stream()
                    .mapToLong(index -> index.size().constant())
                    .reduce(1, (a, b) -> a * b);
        }
    }

    /** An accumulator's body taken apart; {@code value} is adjacent along the column. */
    record Weighted(Expr weight, Expr.Read value) {}

    static @Nullable Streams find(Analysis analysis, Operands operands, List<Index> indices, Expr body) {
        List<Expr.Fold> folds = new ArrayList<>();
        collect(body, folds);
        if (folds.size() != 1 || indices.size() < 2) {
            return null;
        }
        Expr.Fold fold = folds.getFirst();
        Index column = indices.getLast();
        Index row = indices.stream()
                .filter(index -> operands.stepped(indices, index))
                .findFirst()
                .orElse(null);
        if (row == null || row == column || !column.size().isConstant() || analysis.mentions(fold.domain(), column)) {
            return null;
        }
        Set<Index> groups = new LinkedHashSet<>(indices);
        groups.remove(row);
        groups.remove(column);
        groups.add(Analysis.BATCH);
        Map<Expr.Reduce, Product> products = new LinkedHashMap<>();
        Map<Integer, Weighted> weighted = new LinkedHashMap<>();
        for (int i = 0; i < fold.accumulators().size(); i++) {
            Expr.Accumulator accumulator = fold.accumulators().get(i);
            Expr inside = accumulator.body();
            if (analysis.mentions(inside, column)) {
                Weighted parts = accumulator.monoid() == Monoid.SUM
                        ? weighted(analysis, operands, inside, fold.index(), column, row)
                        : null;
                if (parts == null) {
                    return null;
                }
                weighted.put(i, parts);
                inside = parts.weight;
            }
            if (!products(analysis, operands, inside, fold.index(), row, products)) {
                return null;
            }
        }
        return weighted.isEmpty() || products.isEmpty()
                ? null
                : new Streams(fold, row, column, List.copyOf(groups), products, weighted);
    }

    private static void collect(Expr expr, List<Expr.Fold> folds) {
        switch (expr) {
            case Expr.Fold f -> {
                if (!folds.contains(f)) {
                    folds.add(f);
                }
            }
            case Expr.Reduce r -> {}
            case Expr.Select s -> collect(s.condition(), folds);
            default -> Analysis.parts(expr).forEach(part -> collect(part, folds));
        }
    }

    private static @Nullable Weighted weighted(
            Analysis analysis, Operands operands, Expr body, Index point, Index column, Index row) {
        List<Expr> factors = Exprs.factors(body);
        Expr weight = null;
        Expr.Read value = null;
        for (Expr factor : factors) {
            if (!analysis.mentions(factor, column)) {
                weight = weight == null ? factor : new Expr.Binary(BinaryOp.MUL, weight, factor);
            } else if (value == null && factor instanceof Expr.Read r && !analysis.mentions(r, row)) {
                value = r;
            } else {
                return null;
            }
        }
        if (value == null || weight == null || operands.type(value.value()) != ElementType.F32) {
            return null;
        }
        Access.Step along = Access.step(analysis, operands, value, column);
        return along != null && along.constant() == 1 && Access.step(analysis, operands, value, point) != null
                ? new Weighted(analysis.intern(weight), value)
                : null;
    }

    /** Finds the products in {@code expr}; false where it holds a loop that is none. */
    private static boolean products(
            Analysis analysis,
            Operands operands,
            Expr expr,
            Index point,
            Index row,
            Map<Expr.Reduce, Product> products) {
        if (expr instanceof Expr.Fold) {
            return false;
        }
        if (expr instanceof Expr.Reduce reduce) {
            Product product = product(analysis, operands, reduce, point, row);
            if (product == null) {
                return false;
            }
            products.put(reduce, product);
            return true;
        }
        return Analysis.parts(expr).stream().allMatch(part -> products(analysis, operands, part, point, row, products));
    }

    private static @Nullable Product product(
            Analysis analysis, Operands operands, Expr.Reduce reduce, Index point, Index row) {
        if (reduce.monoid() != Monoid.SUM
                || !reduce.domain().equals(Expr.TRUE)
                || !reduce.indices().stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        List<Expr> factors = Exprs.factors(reduce.body());
        Expr left = null;
        Expr.Read right = null;
        for (Expr factor : factors) {
            if (!analysis.mentions(factor, point)) {
                left = left == null ? factor : new Expr.Binary(BinaryOp.MUL, left, factor);
            } else if (right == null && factor instanceof Expr.Read r && !analysis.mentions(r, row)) {
                right = r;
            } else {
                return null;
            }
        }
        if (left == null || right == null) {
            return null;
        }
        int axis = right.at().indexOf(new Expr.At(point));
        Expr.Read r = right;
        boolean fits = axis >= 0
                && analysis.free(r).stream().filter(index -> index == point).count() == 1
                && adjacent(analysis, operands, r, reduce.indices())
                && r.at().stream().filter(at -> analysis.mentions(at, point)).count() == 1
                && Access.step(analysis, operands, r, point) != null;
        if (!fits) {
            return null;
        }
        Expr interned = analysis.intern(left);
        boolean direct = interned instanceof Expr.Read l
                && adjacent(analysis, operands, l, reduce.indices())
                && Access.step(analysis, operands, l, row) != null;
        return new Product(reduce, interned, direct, right, axis);
    }

    private static boolean adjacent(Analysis analysis, Operands operands, Expr.Read r, List<Index> indices) {
        return operands.type(r.value()) == ElementType.F32
                && Access.isOneWalk(analysis, operands, r, indices)
                && Access.step(analysis, operands, r, indices.getLast()).constant() == 1;
    }
}
