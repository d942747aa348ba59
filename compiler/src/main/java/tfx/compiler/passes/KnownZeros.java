package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.Number;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * Leaves out of sums what an element of a small parameter makes zero. A sum whose elements are all zero is gone, and with it
 * what only it reads. Where some are, the sum is written out over those that are not, for each value of the output indices that
 * the parameter is read at, as long as that is short: such a definition is code, not a loop. What is multiplied by zero counts
 * as finite.
 */
final class KnownZeros {
    /** Terms that a definition is written out to: what stays within the size of a method that is compiled at run time. */
    private static final int MOST_TERMS = 128;

    private final Known known;
    private final Map<Value.Parameter, double[]> elements = new HashMap<>();

    private KnownZeros(Known known) {
        this.known = known;
    }

    static Program remove(Program program, Known known) {
        if (known.equals(Known.NOTHING)) {
            return program;
        }
        KnownZeros zeros = new KnownZeros(known);
        return Draft.rewrite(
                program,
                value -> new Draft.Definition(value.indices(), value.domain(), zeros.body(value), value.fused()));
    }

    private Expr body(Value.Comprehension value) {
        Expr body = withoutEmpty(value.body());
        Set<Index> outer = new LinkedHashSet<>();
        int terms = terms(body, value.indices(), outer);
        if (terms < 0) {
            return body;
        }
        List<Index> over = List.copyOf(outer);
        if (terms > MOST_TERMS || points(over) > MOST_TERMS) {
            return body;
        }
        return choices(body, over, new HashMap<>());
    }

    /** The body for each point of {@code over}, by nested choices. */
    private Expr choices(Expr body, List<Index> over, Map<Index, Expr> fixed) {
        if (fixed.size() == over.size()) {
            return writtenOut(Exprs.substitute(body, fixed));
        }
        Index index = over.get(fixed.size());
        Expr all = null;
        for (long i = index.size().constant() - 1; i >= 0; i--) {
            Map<Index, Expr> next = new HashMap<>(fixed);
            next.put(index, Exprs.number(i));
            Expr here = choices(body, over, next);
            all = all == null
                    ? here
                    : new Expr.Select(
                            new Expr.Binary(Expr.BinaryOp.EQ, new Expr.At(index), Exprs.number(i)), here, all);
        }
        return all;
    }

    /** Sums without any element that is not zero are 0. */
    private Expr withoutEmpty(Expr expr) {
        Expr inner = Exprs.map(expr, this::withoutEmpty);
        Slice slice = slice(inner);
        return slice != null && slice.nonZero() == 0 ? new Number(0) : added(inner);
    }

    private static Expr added(Expr expr) {
        if (expr instanceof Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) && op == Expr.BinaryOp.ADD) {
            return left.equals(Expr.FALSE) ? right : right.equals(Expr.FALSE) ? left : expr;
        }
        return expr;
    }

    /**
     * How many terms all sums with some zeros come to when they are written out, or -1 where there is none.
     *
     * @param indices of the definition
     * @param outer takes those of them that such a sum's parameter is read at
     */
    private int terms(Expr expr, List<Index> indices, Set<Index> outer) {
        int[] sum = {-1};
        Exprs.forEach(expr, part -> {
            Slice slice = slice(part);
            if (slice != null && slice.nonZero() < slice.points()) {
                sum[0] = Math.max(0, sum[0]) + slice.nonZero();
                slice.indices().stream().filter(indices::contains).forEach(outer::add);
            }
        });
        // Sums without zeros are repeated for every point of the indices written out.
        if (sum[0] >= 0) {
            Exprs.forEach(expr, part -> {
                Slice slice = slice(part);
                if (part instanceof Expr.Reduce && (slice == null || slice.nonZero() == slice.points())) {
                    sum[0] += (int) points(List.copyOf(outer));
                }
            });
        }
        return sum[0];
    }

    private Expr writtenOut(Expr expr) {
        Slice slice = slice(expr);
        if (slice == null || slice.nonZero() == slice.points()) {
            return added(Exprs.map(expr, this::writtenOut));
        }
        Expr.Reduce reduce = (Expr.Reduce) expr;
        List<Index> rest = reduce.indices().stream()
                .filter(index -> !slice.indices().contains(index))
                .toList();
        Expr all = Exprs.number(0);
        for (Map<Index, Expr> point : slice.pointsThatCount()) {
            Expr domain = Simplify.expression(Exprs.substitute(reduce.domain(), point));
            Expr body = Exprs.substitute(reduce.body(), point);
            Expr term = !rest.isEmpty()
                    ? new Expr.Reduce(reduce.monoid(), rest, domain, body)
                    : domain.equals(Expr.TRUE) ? body : new Expr.Select(domain, body, new Number(0));
            all = all.equals(Expr.FALSE) ? term : new Expr.Binary(Expr.BinaryOp.ADD, all, term);
        }
        return all;
    }

    /** A sum of products with a known parameter among the factors, read at plain indices and numbers. */
    private record Slice(List<Index> indices, List<Map<Index, Expr>> pointsThatCount, long points) {
        int nonZero() {
            return pointsThatCount.size();
        }
    }

    private @Nullable Slice slice(Expr expr) {
        if (!(expr instanceof Expr.Reduce reduce) || reduce.monoid() != Expr.Monoid.SUM) {
            return null;
        }
        List<Expr> factors = Exprs.factors(reduce.body());
        for (Expr factor : factors) {
            if (factor instanceof Expr.Read(Value value, List<Expr> at) && value instanceof Value.Parameter parameter) {
                Slice slice = slice(parameter, at, reduce.indices());
                if (slice != null) {
                    return slice;
                }
            }
        }
        return null;
    }

    private @Nullable Slice slice(Value.Parameter parameter, List<Expr> at, List<Index> reduced) {
        double[] all = elements(parameter);
        if (all == null) {
            return null;
        }
        List<Index> indices = new ArrayList<>();
        long offset = 0;
        long[] steps = new long[at.size()];
        long step = 1;
        for (int k = at.size() - 1; k >= 0; k--) {
            switch (at.get(k)) {
                case Number(double number) -> offset += (long) number * step;
                case Expr.At(Index index)
                when index.size().isConstant() && !indices.contains(index) -> {
                    steps[indices.size()] = step;
                    indices.add(index);
                }
                default -> {
                    return null;
                }
            }
            step *= parameter.shape().get(k).constant();
        }
        if (indices.stream().noneMatch(reduced::contains)) {
            return null;
        }
        List<Map<Index, Expr>> counting = new ArrayList<>();
        long points = points(indices);
        for (long point = 0; point < points; point++) {
            long place = offset;
            long rest = point;
            Map<Index, Expr> by = new HashMap<>();
            for (int i = indices.size() - 1; i >= 0; i--) {
                long size = indices.get(i).size().constant();
                place += rest % size * steps[i];
                by.put(indices.get(i), Exprs.number(rest % size));
                rest /= size;
            }
            if (all[(int) place] != 0) {
                counting.add(by);
            }
        }
        return new Slice(List.copyOf(indices), counting, points);
    }

    private double @Nullable [] elements(Value.Parameter parameter) {
        if (!elements.containsKey(parameter)) {
            double[] all = Known.small(parameter) ? known.elements(parameter) : null;
            boolean some = false;
            for (int i = 0; all != null && i < all.length && !some; i++) {
                some = all[i] == 0;
            }
            elements.put(parameter, some ? all : null);
        }
        return elements.get(parameter);
    }

    private static long points(List<Index> indices) {
        long points = 1;
        for (Index index : indices) {
            points = Math.min(Known.MOST_ELEMENTS, points * index.size().constant());
        }
        return points;
    }
}
