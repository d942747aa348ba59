package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * A row that a group's items hold in registers, each its columns, while they reduce it and compute its elements: it is read once,
 * and all of an item's reads are under way together.
 *
 * @param columns of the row, flattened; reductions over as many points number them so too
 * @param lanes items of a row; item {@code lane} holds columns {@code lane}, {@code lane + lanes} and so on
 * @param each columns of an item
 * @param reads what is held of each column
 */
record RowHeld(Emitter e, List<Index> columns, int lanes, int each, Map<Expr, List<String>> reads) {
    /** Numbers that an item holds at most: with more registers fewer groups are under way. */
    private static final int MOST = 16;

    /** The row of these reductions; null where they are over other points, or there is too much to hold. */
    static @Nullable RowHeld find(Emitter e, List<Index> columns, List<Expr.Reduce> reductions, int lanes) {
        long count = Product.count(columns);
        Set<Expr> reads = new LinkedHashSet<>();
        for (Expr.Reduce r : nested(reductions)) {
            if (!r.domain().equals(Expr.TRUE) || !sizes(r.indices()).equals(sizes(columns)) || !apart(e, r)) {
                return null;
            }
            Exprs.forEach(r.body(), part -> {
                Expr at = named(e, r, part, columns);
                if (at instanceof Expr.Read read
                        && !(read.value() instanceof Value.Parameter)
                        && within(read)
                        && columns.stream().anyMatch(index -> e.analysis.mentions(at, index))) {
                    reads.add(at);
                }
            });
        }
        if (reads.isEmpty() || count % lanes != 0 || count / lanes * reads.size() > MOST) {
            return null;
        }
        Map<Expr, List<String>> held = new LinkedHashMap<>();
        reads.forEach(read -> held.put(read, new ArrayList<>()));
        return new RowHeld(e, columns, lanes, Math.toIntExact(count / lanes), held);
    }

    /** Whether the reductions within one are the same at all of its points. */
    private static boolean apart(Emitter e, Expr.Reduce r) {
        List<Expr.Reduce> inner = new ArrayList<>();
        SharedCellWriter.collect(r.body(), inner);
        return inner.stream().allMatch(i -> r.indices().stream().noneMatch(index -> e.analysis.mentions(i, index)));
    }

    /** Whether an element is there whatever the indices are, so that it may be read where nothing has asked yet. */
    private static boolean within(Expr.Read read) {
        for (int d = 0; d < read.at().size(); d++) {
            if (!(read.at().get(d) instanceof Expr.At(Index index))
                    || !index.size().equals(read.value().shape().get(d))) {
                return false;
            }
        }
        return true;
    }

    private static List<Object> sizes(List<Index> indices) {
        return indices.stream().<Object>map(Index::size).toList();
    }

    /** An expression of a reduction's point at the column of the same number. */
    private static Expr named(Emitter e, Expr.Reduce r, Expr expr, List<Index> columns) {
        return e.analysis.intern(Exprs.substitute(expr, RowParts.renamed(r.indices(), columns)));
    }

    /** The reductions and those within them, inner ones first. */
    static List<Expr.Reduce> nested(List<Expr.Reduce> reductions) {
        Set<Expr.Reduce> all = new LinkedHashSet<>();
        for (Expr.Reduce r : reductions) {
            List<Expr.Reduce> inner = new ArrayList<>();
            SharedCellWriter.collect(r.body(), inner);
            all.addAll(nested(inner));
            all.add(r);
        }
        return List.copyOf(all);
    }

    /** Reads the row. */
    void read() {
        for (int u = 0; u < each; u++) {
            for (Map.Entry<Expr, List<String>> read : reads.entrySet()) {
                String held = e.fresh("x");
                e.scope.line("float " + held + " = 0f;");
                column(u, () -> e.scope.line(held + " = " + e.real(read.getKey()) + ";"));
                read.getValue().add(held);
            }
        }
    }

    /** Computes the reductions, which are known from then on. */
    void reduce(List<Expr.Reduce> reductions, Lanes lanes) {
        for (Expr.Reduce r : nested(reductions)) {
            String part = e.fresh("s");
            e.scope.line("float " + part + " = " + Loops.identity(r.monoid()) + ";");
            for (int u = 0; u < each; u++) {
                int which = u;
                column(u, () -> {
                    known(which);
                    e.loops.combine(r.monoid(), part, e.real(named(e, r, r.body(), columns)));
                });
            }
            e.scope.known.put(r, new Code(Kind.FLOAT, false, lanes.together(r.monoid(), part)));
        }
    }

    private void column(int u, Runnable code) {
        e.block("{", "}", Set.copyOf(columns), false, () -> {
            String number = e.fresh("c");
            e.scope.line("final int " + number + " = lane + " + u * lanes + ";");
            Product.unflatten(e, columns, number);
            code.run();
        });
    }

    /** What is held of an item's column {@code u} is known in the block that computes it. */
    void known(int u) {
        reads.forEach((read, held) -> e.scope.known.put(read, new Code(Kind.FLOAT, false, held.get(u))));
    }
}
