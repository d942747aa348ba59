package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * A fold that tiles of rows times points can compute. With r a row, s a point and c the column: its accumulators are maxima of
 * what depends on r and s, sums of that, or sums {@code sum_s weight(r, s) * value(s, c)}; inside stand dot products
 * {@code sum_k left(r, k) * right(s, k)}.
 *
 * @param row the output index that steps along the sequence
 * @param columns the last output index, or several last ones that are counted as one
 * @param groups the other output indices
 * @param dots the dot products
 * @param weights distinct factors that depend on row and point
 * @param values distinct factors that depend on point and column
 * @param sums by accumulator: its weight and, where the column counts, its value; null for maxima
 */
record FoldTile(
        Expr.Fold fold,
        Index row,
        List<Index> columns,
        List<Index> groups,
        List<Dot> dots,
        List<Expr> weights,
        List<Expr> values,
        List<@Nullable Sum> sums) {
    /** Columns that the items of a group hold sums of. */
    private static final int WIDEST = 128;

    record Dot(Expr.Reduce sum, Expr left, Expr right) {}

    /** @param value its number, or -1 where the column does not count */
    record Sum(int weight, int value) {}

    /** Such folds, those with the most columns first: more share what a pair of row and point costs. */
    static List<FoldTile> all(Emitter e, List<Index> indices, Expr body) {
        List<FoldTile> all = new ArrayList<>();
        for (int count = indices.size() - 1; count > 0; count--) {
            FoldTile tile = find(e, indices, body, count);
            if (tile != null) {
                all.add(tile);
            }
        }
        return all;
    }

    /** Such a fold whose columns are {@code count} output indices; null where there is none. */
    private static @Nullable FoldTile find(Emitter e, List<Index> indices, Expr body, int count) {
        List<Expr.Fold> folds = new ArrayList<>();
        Streamed.collect(body, folds);
        if (folds.size() != 1 || indices.size() <= count) {
            return null;
        }
        Expr.Fold fold = folds.getFirst();
        List<Index> columns = indices.subList(indices.size() - count, indices.size());
        Index row = indices.stream()
                .filter(index -> e.operands.stepped(indices, index))
                .findFirst()
                .orElse(null);
        if (row == null
                || columns.contains(row)
                || !columns.stream().allMatch(index -> index.size().isConstant())
                || Product.count(columns) > WIDEST
                || columns.stream().anyMatch(index -> Streamed.dependsOn(e, fold, index))
                || !fold.accumulators().stream().allMatch(a -> Streamed.followsMaxima(fold, a.body()))) {
            return null;
        }
        List<Index> groups = indices.stream()
                .filter(index -> !index.equals(row) && !columns.contains(index))
                .toList();
        FoldTile tile = new FoldTile(
                fold, row, columns, groups, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int k = 0; k < fold.accumulators().size(); k++) {
            if (!tile.take(e, k)) {
                return null;
            }
        }
        return tile.dots.isEmpty() || tile.values.isEmpty() ? null : tile;
    }

    /** The output indices before the columns. */
    List<Index> leading(List<Index> indices) {
        return indices.subList(0, indices.size() - columns.size());
    }

    /** How many columns there are. */
    int width() {
        return Math.toIntExact(Product.count(columns));
    }

    private boolean acrossColumns(Emitter e, Expr expr) {
        return columns.stream().anyMatch(index -> e.analysis.mentions(expr, index));
    }

    /** The indices of an element of the output, and what a fold's points depend on. */
    Set<Index> element() {
        Set<Index> all = new LinkedHashSet<>(columns);
        all.add(row);
        all.add(Analysis.FOLD);
        return all;
    }

    boolean maximum(int k) {
        return sums.get(k) == null;
    }

    /** Whether the fold's value is computed from accumulator {@code k}, which otherwise only serves others. */
    boolean published(int k) {
        return reads(fold.result(), k);
    }

    private static boolean reads(Expr expr, int k) {
        return expr.equals(new Expr.Accumulated(k))
                || Analysis.parts(expr).stream().anyMatch(part -> reads(part, k));
    }

    private boolean take(Emitter e, int k) {
        Expr.Accumulator a = fold.accumulators().get(k);
        if (Streamed.rescales(fold, k)) {
            sums.add(null);
            return dots(e, a.body());
        }
        if (a.monoid() != Monoid.SUM) {
            return false;
        }
        Expr weight = null;
        Expr value = null;
        List<Expr> factors = acrossColumns(e, a.body()) ? Exprs.factors(a.body()) : List.of(a.body());
        for (Expr factor : factors) {
            if (!acrossColumns(e, factor)) {
                weight = weight == null ? factor : new Expr.Binary(BinaryOp.MUL, weight, factor);
            } else if (value == null
                    && !e.analysis.mentions(factor, row)
                    && !Product.loops(factor)
                    && !e.analysis.mentions(factor, Analysis.FOLD)) {
                value = factor;
            } else {
                return false;
            }
        }
        if (weight == null) {
            return false;
        }
        Expr known = e.analysis.intern(weight);
        sums.add(new Sum(number(weights, known), value == null ? -1 : number(values, value)));
        return dots(e, known);
    }

    private static int number(List<Expr> all, Expr expr) {
        if (!all.contains(expr)) {
            all.add(expr);
        }
        return all.indexOf(expr);
    }

    /** Whether every loop in an expression is a dot product; they are collected. */
    private boolean dots(Emitter e, Expr expr) {
        if (expr instanceof Expr.Fold) {
            return false;
        }
        if (!(expr instanceof Expr.Reduce sum)) {
            return Analysis.parts(expr).stream().allMatch(part -> dots(e, part));
        }
        if (dots.stream().anyMatch(dot -> dot.sum().equals(sum))) {
            return true;
        }
        if (sum.monoid() != Monoid.SUM
                || !sum.domain().equals(Expr.TRUE)
                || !sum.indices().stream().allMatch(i -> i.size().isConstant())) {
            return false;
        }
        List<Expr> factors = Exprs.factors(sum.body());
        Expr left = null;
        Expr right = null;
        for (Expr factor : factors) {
            if (Product.loops(factor) || e.analysis.mentions(factor, Analysis.FOLD)) {
                return false;
            }
            if (!e.analysis.mentions(factor, fold.index())) {
                left = left == null ? factor : new Expr.Binary(BinaryOp.MUL, left, factor);
            } else if (!e.analysis.mentions(factor, row)) {
                right = right == null ? factor : new Expr.Binary(BinaryOp.MUL, right, factor);
            } else {
                return false;
            }
        }
        if (left == null || right == null) {
            return false;
        }
        dots.add(new Dot(sum, e.analysis.intern(left), e.analysis.intern(right)));
        return true;
    }

    /** The indices that a tile has in common. */
    Set<Index> common() {
        Set<Index> all = new LinkedHashSet<>(groups);
        all.add(Analysis.BATCH);
        return all;
    }
}
