package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.Accumulated;
import tfx.ir.Expr.Accumulator;
import tfx.ir.Expr.Binary;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.Read;
import tfx.ir.Expr.Reduce;
import tfx.ir.Expr.Unary;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * Makes a sum over s one pass. Its body is taken apart as {@code sum_i c_i * w_i(s)} with c_i free of s (products distribute
 * over sums, divisions by what is free of s are factors), so the sum is {@code sum_i c_i * (sum_s w_i(s))}: each inner sum is an
 * accumulator. A <em>statistic</em> is another reduction over the same s and domain and the same streamed values, such as a
 * softmax's maximum M and denominator. In c_i a statistic is read when the pass is over: it becomes an accumulator itself. In
 * w_i it is needed during the pass, which is possible for a maximum M in a factor {@code exp(a - M)}: the running maximum
 * takes its place and the sum is rescaled as it grows. The same goes for {@code max(M, c)}, as a softmax with a sink has it. Any
 * other statistic stays a value computed before, streamed too.
 */
final class FoldBuilder {
    private final FuseReductions values;
    private final Set<Index> outer;
    private final Set<Value> through;
    private final List<Accumulator> accumulators = new ArrayList<>();
    private final Map<Accumulator, Integer> numbers = new HashMap<>();
    private final Set<Value> absorbed = new LinkedHashSet<>();

    /** By read: what it is with statistics in sight; null where it holds none. */
    private final Map<Read, @Nullable Expr> opened = new HashMap<>();

    private Index index;
    private Statistics statistics;

    FoldBuilder(FuseReductions values, List<Index> outer, Set<Value> through) {
        this.values = values;
        this.outer = new HashSet<>(outer);
        this.through = through;
    }

    /** Statistics that became accumulators. */
    Set<Value> absorbed() {
        return absorbed;
    }

    /** {@code c * w}; null stands for 1. */
    private record Term(@Nullable Expr c, @Nullable Expr w) {}

    /** The sum as a fold, or as it is where it does not run along the sequence. */
    Expr build(Reduce sum) {
        List<Index> along = sum.indices().stream().filter(values::isSequence).toList();
        if (along.size() != 1) {
            return sum;
        }
        index = along.getFirst();
        Expr body = sum.body();
        Expr domain = sum.domain();
        List<Index> rest = FuseReductions.without(sum.indices(), index);
        if (!rest.isEmpty()) {
            Expr inner = Expr.TRUE;
            domain = Expr.TRUE;
            for (Expr conjunct : Exprs.conjuncts(sum.domain())) {
                if (rest.stream().anyMatch(Exprs.free(conjunct)::contains)) {
                    inner = Exprs.and(inner, conjunct);
                } else {
                    domain = Exprs.and(domain, conjunct);
                }
            }
            body = new Reduce(Monoid.SUM, rest, inner, body);
        }
        statistics = new Statistics(values, outer, through, index, domain);
        Expr result = total(linear(opened(body)));
        return new Expr.Fold(index, domain, accumulators, result);
    }

    private Expr total(List<Term> terms) {
        Expr total = null;
        for (Term term : terms) {
            Expr accumulated = new Accumulated(sum(term.w == null ? Exprs.number(1) : term.w));
            Expr scaled = term.c == null ? accumulated : scaled(finished(term.c), accumulated);
            total = total == null ? scaled : Exprs.add(total, scaled);
        }
        return total;
    }

    /** {@code c * a} with a division kept a division. */
    private static Expr scaled(Expr c, Expr a) {
        return switch (c) {
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.DIV -> Exprs.div(left.equals(Expr.TRUE) ? a : scaled(left, a), right);
            case Unary(UnaryOp op, Expr operand) when op == UnaryOp.NEG -> new Unary(UnaryOp.NEG, scaled(operand, a));
            case Expr.Number(double value) when value == 1 -> a;
            default -> Exprs.mul(c, a);
        };
    }

    private int accumulator(Monoid monoid, Expr body, int shift) {
        Accumulator wanted = new Accumulator(monoid, body, shift);
        return numbers.computeIfAbsent(wanted, a -> {
            accumulators.add(a);
            return accumulators.size() - 1;
        });
    }

    /** The accumulator of {@code sum w}, rescaled where w has a factor exp(a - M). */
    private int sum(Expr w) {
        Statistics.Maximum maximum = maximumIn(w);
        if (maximum == null) {
            return accumulator(Monoid.SUM, w, -1);
        }
        Accumulated running = running(maximum);
        return accumulator(
                Monoid.SUM, Exprs.replace(w, part -> part.equals(maximum.expr()) ? running : null), running.number());
    }

    private Accumulated running(Statistics.Maximum maximum) {
        absorbed.add(maximum.read().value());
        return new Accumulated(accumulator(Monoid.MAX, maximum.body(), -1));
    }

    /** The maximum M such that w = exp(a - M) * r with a and r free of M, or null. */
    private Statistics.@Nullable Maximum maximumIn(Expr w) {
        List<Expr> factors = new ArrayList<>();
        factors(w, factors);
        for (Expr factor : factors) {
            if (factor instanceof Unary(UnaryOp op, Expr exponent) && op == UnaryOp.EXP) {
                List<Signed> terms = new ArrayList<>();
                terms(exponent, true, terms);
                for (Signed term : terms) {
                    Statistics.Maximum maximum = term.positive ? null : statistics.maximum(term.expr);
                    if (maximum != null && count(w, maximum.read()) == 1) {
                        return maximum;
                    }
                }
            }
        }
        return null;
    }

    private static int count(Expr expr, Read read) {
        int[] count = {expr.equals(read) ? 1 : 0};
        Exprs.parts(expr, part -> count[0] += count(part, read));
        return count[0];
    }

    private static void factors(Expr expr, List<Expr> all) {
        switch (expr) {
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.MUL -> {
                factors(left, all);
                factors(right, all);
            }
            case Binary(BinaryOp op, Expr left, Expr right) when op == BinaryOp.DIV -> factors(left, all);
            case Unary(UnaryOp op, Expr operand) when op == UnaryOp.NEG -> factors(operand, all);
            default -> all.add(expr);
        }
    }

    private record Signed(Expr expr, boolean positive) {}

    private static void terms(Expr expr, boolean positive, List<Signed> all) {
        switch (expr) {
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.ADD || op == BinaryOp.SUB -> {
                terms(left, positive, all);
                terms(right, positive == (op == BinaryOp.ADD), all);
            }
            case Unary(UnaryOp op, Expr operand) when op == UnaryOp.NEG -> terms(operand, !positive, all);
            default -> all.add(new Signed(expr, positive));
        }
    }

    /** {@code expr}, free of s, with every statistic in it replaced by what the pass has accumulated. */
    private Expr finished(Expr expr) {
        return Exprs.replace(expr, part -> {
            Statistics.Maximum maximum = statistics.maximum(part);
            if (maximum != null) {
                return running(maximum);
            }
            Reduce reduce = part instanceof Read read ? statistics.of(read) : null;
            if (reduce == null || (reduce.monoid() != Monoid.SUM && statistics.heldBy(reduce.body()))) {
                return null;
            }
            absorbed.add(((Read) part).value());
            return reduce.monoid() == Monoid.SUM
                    ? total(linear(opened(reduce.body())))
                    : new Accumulated(accumulator(reduce.monoid(), reduce.body(), -1));
        });
    }

    /** {@code expr} as a sum of products of what is free of s and what is not. */
    private List<Term> linear(Expr expr) {
        if (!Exprs.mentions(expr, index)) {
            return List.of(new Term(expr, null));
        }
        if (!statistics.heldBy(expr)) {
            return List.of(new Term(null, expr));
        }
        return switch (expr) {
            case Unary(UnaryOp op, Expr operand) when op == UnaryOp.NEG -> negated(linear(operand));
            case Unary(UnaryOp op, Expr operand) when op == UnaryOp.EXP -> exponential(operand);
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.ADD || op == BinaryOp.SUB -> {
                List<Term> all = new ArrayList<>(linear(left));
                all.addAll(op == BinaryOp.ADD ? linear(right) : negated(linear(right)));
                yield all;
            }
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.MUL -> {
                List<Term> all = new ArrayList<>();
                for (Term l : linear(left)) {
                    for (Term r : linear(right)) {
                        all.add(new Term(product(l.c, r.c), product(l.w, r.w)));
                    }
                }
                yield all;
            }
            case Binary(BinaryOp op, Expr left, Expr right)
            when op == BinaryOp.DIV && !Exprs.mentions(right, index) -> {
                List<Term> all = new ArrayList<>();
                for (Term l : linear(left)) {
                    all.add(new Term(Exprs.div(l.c == null ? Expr.TRUE : l.c, right), l.w));
                }
                yield all;
            }
            default -> List.of(new Term(null, expr));
        };
    }

    /** exp(a(s) - M + b) is exp(b) * exp(a(s) - M) for b free of s, as in a softmax written with the log of its denominator. */
    private List<Term> exponential(Expr exponent) {
        List<Signed> terms = new ArrayList<>();
        terms(exponent, true, terms);
        Expr inside = null;
        Expr outside = null;
        boolean shifted = false;
        for (Signed term : terms) {
            boolean maximum = !term.positive && !shifted && statistics.maximum(term.expr) != null;
            shifted |= maximum;
            if (maximum || Exprs.mentions(term.expr, index) || !statistics.heldBy(term.expr)) {
                inside = plus(inside, term);
            } else {
                outside = plus(outside, term);
            }
        }
        // Without a maximum to keep the exponent small, taking factors out could overflow.
        if (!shifted || outside == null) {
            return List.of(new Term(null, new Unary(UnaryOp.EXP, exponent)));
        }
        return List.of(new Term(new Unary(UnaryOp.EXP, outside), new Unary(UnaryOp.EXP, inside)));
    }

    private static Expr plus(@Nullable Expr sum, Signed term) {
        if (sum == null) {
            return term.positive ? term.expr : new Unary(UnaryOp.NEG, term.expr);
        }
        return term.positive ? Exprs.add(sum, term.expr) : Exprs.sub(sum, term.expr);
    }

    private static List<Term> negated(List<Term> terms) {
        return terms.stream()
                .map(t -> new Term(new Unary(UnaryOp.NEG, t.c == null ? Exprs.number(1) : t.c), t.w))
                .toList();
    }

    private static @Nullable Expr product(@Nullable Expr a, @Nullable Expr b) {
        return a == null ? b : b == null ? a : Exprs.mul(a, b);
    }

    /** Inlines elementwise values of statistics, such as the root of a sum, so that the statistics show. */
    private Expr opened(Expr expr) {
        return Exprs.replaceReads(expr, read -> {
            // Elementwise values read earlier ones in many ways: each is looked into once.
            if (!opened.containsKey(read)) {
                opened.put(read, opened(read));
            }
            return opened.get(read);
        });
    }

    private @Nullable Expr opened(Read read) {
        if (!(read.value() instanceof Value.Comprehension value) || statistics.of(read) != null) {
            return null;
        }
        Draft.Definition definition = values.definition(value);
        if (Work.reduces(definition.body()) || read.at().stream().anyMatch(at -> Exprs.mentions(at, index))) {
            return null;
        }
        Expr open = opened(Draft.instantiate(definition, read.at()));
        return statistics.heldBy(open) ? open : null;
    }
}
