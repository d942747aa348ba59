package tfx.compiler.passes;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.Binary;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.Read;
import tfx.ir.Expr.Reduce;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/** The statistics of one fold: other reductions over its index, domain and streamed values. See {@link FoldBuilder}. */
final class Statistics {
    private final FuseReductions values;
    private final Set<Index> outer;
    private final Set<Value> through;
    private final Index index;
    private final Expr domain;
    private final Map<Read, Reduce> known = new HashMap<>();
    private final Set<Read> others = new HashSet<>();

    Statistics(FuseReductions values, Set<Index> outer, Set<Value> through, Index index, Expr domain) {
        this.values = values;
        this.outer = outer;
        this.through = through;
        this.index = index;
        this.domain = domain;
    }

    /** {@code expr}, an expression of the maximum that {@code read} is, is the maximum of {@code body} over the fold's points. */
    record Maximum(Expr expr, Read read, Expr body) {}

    /**
     * What {@code expr} is a maximum of, or null: a statistic, or the greater of one and something free of the fold's index,
     * since {@code max(max[s](a), c)} is {@code max[s](max(a, c))} where there is a point, and a fold's result is asked for
     * only there.
     */
    @Nullable
    Maximum maximum(Expr expr) {
        if (expr instanceof Read read) {
            Reduce reduce = of(read);
            return reduce != null && reduce.monoid() == Monoid.MAX && !heldBy(reduce.body())
                    ? new Maximum(read, read, reduce.body())
                    : null;
        }
        if (!(expr instanceof Binary(BinaryOp op, Expr left, Expr right)) || op != BinaryOp.MAX) {
            return null;
        }
        Maximum inner = maximum(left);
        Expr bound = inner == null ? left : right;
        inner = inner == null ? maximum(right) : inner;
        return inner == null || Exprs.mentions(bound, index) || heldBy(bound)
                ? null
                : new Maximum(expr, inner.read, new Binary(BinaryOp.MAX, inner.body, bound));
    }

    boolean heldBy(Expr expr) {
        boolean[] found = {false};
        Exprs.forEach(expr, part -> found[0] |= part instanceof Read read && of(read) != null);
        return found[0];
    }

    /** The reduction over this fold's index and domain that {@code read} is an element of, or null. */
    @Nullable
    Reduce of(Read read) {
        Reduce reduce = known.get(read);
        if (reduce != null || others.contains(read)) {
            return reduce;
        }
        Reduce found = find(read);
        if (found == null) {
            others.add(read);
        } else {
            known.put(read, found);
        }
        return found;
    }

    private @Nullable Reduce find(Read read) {
        if (!(read.value() instanceof Value.Comprehension value)) {
            return null;
        }
        Reduce reduce = values.reduction(value, through);
        if (reduce == null
                || !outer.containsAll(Exprs.free(read))
                || !reduce.indices().getFirst().size().equals(index.size())) {
            return null;
        }
        Map<Index, Expr> by = new HashMap<>();
        List<Index> indices = values.definition(value).indices();
        for (int i = 0; i < indices.size(); i++) {
            by.put(indices.get(i), read.at().get(i));
        }
        by.put(reduce.indices().getFirst(), new Expr.At(index));
        Expr itsDomain = Exprs.substitute(reduce.domain(), by);
        return FuseReductions.sameDomain(itsDomain, domain)
                ? new Reduce(reduce.monoid(), List.of(index), itsDomain, Exprs.substitute(reduce.body(), by))
                : null;
    }
}
