package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
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
 * The sums of products in a kernel's body that tiles can compute: {@code sum_k left[row, k] * weight[group, column, k]}. What
 * the body does with the sums is the kernel's epilogue.
 *
 * @param column the output index along which every weight is walked and no left side is
 * @param groups the other output indices that some weight depends on; {@link Analysis#BATCH} where it differs by sequence
 * @param rows the remaining output indices, and {@link Analysis#BATCH} where it is none of the groups
 */
record Contractions(Index column, List<Index> groups, List<Index> rows, List<Contraction> all) {
    /**
     * One sum.
     *
     * @param left what is multiplied with the weight, free of the column
     * @param direct whether the left side lies in memory as the tiles read it: floats, adjacent along the reduction
     */
    record Contraction(Expr.Reduce reduce, Expr left, Expr.Read weight, boolean direct) {
        long depth() {
            return reduce.indices().stream()
                    .mapToLong(index -> index.size().constant())
                    .reduce(1, (a, b) -> a * b);
        }

        Index inner() {
            return reduce.indices().getLast();
        }
    }

    /** What tiles can compute of {@code body}, or null. */
    static @Nullable Contractions find(Analysis analysis, Operands operands, List<Index> indices, Expr body) {
        List<Expr.Reduce> sums = new ArrayList<>();
        collect(body, sums, new HashSet<>());
        for (Index column : indices.reversed()) {
            if (!column.size().isConstant()) {
                continue;
            }
            List<Contraction> all = new ArrayList<>();
            for (Expr.Reduce sum : sums) {
                Contraction found = contraction(analysis, operands, sum, column);
                if (found != null) {
                    all.add(found);
                }
            }
            if (!all.isEmpty()) {
                return split(analysis, indices, column, all);
            }
        }
        return null;
    }

    /** Sums outside other loops and outside branches, where computing them always is computing them safely. */
    private static void collect(Expr expr, List<Expr.Reduce> sums, Set<Expr> seen) {
        switch (expr) {
            case Expr.Reduce r -> {
                if (r.monoid() == Monoid.SUM && r.domain().equals(Expr.TRUE) && seen.add(r)) {
                    sums.add(r);
                }
            }
            case Expr.Fold f -> {}
            case Expr.Select s -> collect(s.condition(), sums, seen);
            default -> Analysis.parts(expr).forEach(part -> collect(part, sums, seen));
        }
    }

    private static @Nullable Contraction contraction(
            Analysis analysis, Operands operands, Expr.Reduce sum, Index column) {
        if (!sum.indices().stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        List<Expr> factors = Exprs.factors(sum.body());
        Expr.Read weight = null;
        Expr left = null;
        for (Expr factor : factors) {
            if (!analysis.mentions(factor, column)) {
                left = left == null ? factor : new Expr.Binary(BinaryOp.MUL, left, factor);
            } else if (weight == null && factor instanceof Expr.Read r && walks(analysis, operands, r, sum, column)) {
                weight = r;
            } else {
                return null;
            }
        }
        if (weight == null || left == null || sum.indices().stream().noneMatch(i -> mentions(analysis, factors, i))) {
            return null;
        }
        Expr interned = analysis.intern(left);
        boolean direct = interned instanceof Expr.Read r
                && operands.type(r.value()) == ElementType.F32
                && Access.isOneWalk(analysis, operands, r, sum.indices())
                && Access.step(analysis, operands, r, sum.indices().getLast()).constant() == 1;
        return new Contraction(sum, interned, weight, direct);
    }

    private static boolean mentions(Analysis analysis, List<Expr> factors, Index index) {
        return factors.stream().anyMatch(factor -> analysis.mentions(factor, index));
    }

    private static boolean walks(Analysis analysis, Operands operands, Expr.Read r, Expr.Reduce sum, Index column) {
        List<Index> along = new ArrayList<>(sum.indices());
        along.add(column);
        return along.stream().allMatch(index -> Access.step(analysis, operands, r, index) != null);
    }

    private static Contractions split(Analysis analysis, List<Index> indices, Index column, List<Contraction> all) {
        Set<Index> groups = new LinkedHashSet<>();
        Set<Index> rows = new LinkedHashSet<>(indices);
        rows.add(Analysis.BATCH);
        for (Contraction c : all) {
            for (Index index : analysis.free(c.weight())) {
                if (index != column && rows.remove(index)) {
                    groups.add(index);
                }
            }
        }
        rows.remove(column);
        return new Contractions(column, List.copyOf(groups), List.copyOf(rows), all);
    }
}
