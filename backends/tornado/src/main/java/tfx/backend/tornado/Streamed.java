package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold that a group of work items can take in rounds of points: running values in its bodies are maxima that sums are shifted
 * by, which rounds and stretches of points can have of their own and join later.
 *
 * @param column the last output index, where which points there are and the maxima are the same in all columns; else null
 * @param width the columns, rounded up to a power of two; 1 without a column
 * @param parts the largest expressions that cost something and are the same in every column
 */
record Streamed(Expr.Fold fold, @Nullable Index column, int width, List<Expr> parts) {
    /** Columns of a row for which the items of one group suffice. */
    private static final int WIDEST = 256;
    /** Arrays of a number for each item that fit the group's memory many times over. */
    private static final int MOST_PARTS = 6;

    /** The only fold of a kernel where it is such a one; null for others. */
    static @Nullable Streamed find(Emitter e, List<Index> indices, Expr body) {
        List<Expr.Fold> folds = new ArrayList<>();
        collect(body, folds);
        if (folds.size() != 1
                || !folds.getFirst().accumulators().stream().allMatch(a -> followsMaxima(folds.getFirst(), a.body()))) {
            return null;
        }
        Expr.Fold fold = folds.getFirst();
        Index last = indices.isEmpty() ? null : indices.getLast();
        Index column =
                last != null && e.analysis.mentions(fold, last) && narrow(e, indices, last) && !dependsOn(e, fold, last)
                        ? last
                        : null;
        int width = 1;
        while (column != null && width < column.size().constant()) {
            width *= 2;
        }
        List<Expr> parts = new ArrayList<>();
        for (int k = 0; k < fold.accumulators().size(); k++) {
            if (!rescales(fold, k)) {
                parts(e, fold.accumulators().get(k).body(), column, fold, parts);
            }
        }
        if (parts.size() > MOST_PARTS) {
            return null;
        }
        return new Streamed(fold, column, width, List.copyOf(parts));
    }

    /** Whether the running values that a body reads are maxima it is shifted by: of others the order of the points shows. */
    static boolean followsMaxima(Expr.Fold fold, Expr expr) {
        return switch (expr) {
            case Expr.Accumulated(int k) -> rescales(fold, k);
            case Expr.Fold inner -> true;
            default -> Analysis.parts(expr).stream().allMatch(part -> followsMaxima(fold, part));
        };
    }

    /** Whether accumulator {@code k} is a maximum that others are shifted by. */
    static boolean rescales(Expr.Fold fold, int k) {
        return fold.accumulators().get(k).monoid() == Monoid.MAX && Folds.shifts(fold, k);
    }

    private static boolean narrow(Emitter e, List<Index> indices, Index index) {
        return index.size().isConstant()
                && index.size().constant() <= WIDEST
                && index.size().constant() > 0
                && !e.operands.stepped(indices, index);
    }

    /** Whether which points there are, or a maximum, differs from column to column. */
    static boolean dependsOn(Emitter e, Expr.Fold fold, Index column) {
        if (e.analysis.mentions(fold.domain(), column)) {
            return true;
        }
        for (int k = 0; k < fold.accumulators().size(); k++) {
            if (Folds.shifts(fold, k)
                    && e.analysis.mentions(fold.accumulators().get(k).body(), column)) {
                return true;
            }
        }
        return false;
    }

    /** The folds outside of loops and branches. */
    static void collect(Expr expr, List<Expr.Fold> all) {
        switch (expr) {
            case Expr.Fold f -> {
                if (!all.contains(f)) {
                    all.add(f);
                }
            }
            case Expr.Reduce r -> {}
            case Expr.Select s -> collect(s.condition(), all);
            default -> Analysis.parts(expr).forEach(part -> collect(part, all));
        }
    }

    /** The largest expressions that cost something and are the same in every column. */
    private static void parts(Emitter e, Expr expr, @Nullable Index column, Expr.Fold fold, List<Expr> all) {
        boolean same = column == null || !e.analysis.mentions(expr, column);
        if (same && e.analysis.costly(expr) && e.analysis.kind(expr) == Kind.FLOAT) {
            if (!all.contains(expr) && !(expr instanceof Expr.Accumulated)) {
                all.add(expr);
            }
        } else if (!(expr instanceof Expr.Reduce || expr instanceof Expr.Fold || expr instanceof Expr.Select)) {
            Analysis.parts(expr).forEach(part -> parts(e, part, column, fold, all));
        }
    }
}
