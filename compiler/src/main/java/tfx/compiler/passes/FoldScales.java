package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.Binary;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Number;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Keys;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Value;

/**
 * Multiplies constants into weights. Of the factors and divisors of a product such as {@code x * r * weight / c}, those that
 * depend on weights and constants alone become one value, {@code weight / c}, computed when the weights are loaded. A sum
 * among the factors takes a constant where each of its terms can do so: {@code (x * weight + bias) / c}.
 *
 * <p>The copy of a weight is no larger than one row of the value it is a factor of (the points of its indices other than the
 * sequence): a norm's weight, never a matrix of a contraction, whose products within the sum stay as they are. A weight that a
 * definition reads several times stays as well: what its products share would be computed for each. A constant is
 * between 2^-16 and 2^16 in size, so that its product with a weight is rounded once, as the product without it was, and
 * neither overflows nor vanishes where that did not.
 */
// The same object is the same place of the expression.
@SuppressWarnings("ReferenceEquality")
final class FoldScales {
    private static final double MOST = 1 << 16;

    private final Set<Value> loaded = new HashSet<>();
    private final Map<String, Value> made = new HashMap<>();
    private final Keys keys = new Keys();

    private FoldScales() {}

    static Program program(Program program) {
        FoldScales pass = new FoldScales();
        for (Value value : Programs.order(program)) {
            if (value instanceof Value.Parameter
                    || (value instanceof Value.Comprehension definition && pass.isLoaded(definition))) {
                pass.loaded.add(value);
            }
        }
        return Draft.rewrite(
                program,
                value -> new Draft.Definition(
                        value.indices(),
                        value.domain(),
                        pass.loaded.contains(value)
                                ? value.body()
                                : pass.new Rewriting(value).apply(value.body(), true),
                        value.fused()));
    }

    private boolean isLoaded(Value.Comprehension value) {
        return value.indices().stream().allMatch(index -> index.size().isConstant())
                && isLoaded(value.domain())
                && isLoaded(value.body());
    }

    /** Whether an expression depends on weights, constants and indices of constant range alone. */
    private boolean isLoaded(Expr expr) {
        boolean[] only = {true};
        Exprs.forEach(
                expr,
                part -> only[0] &= switch (part) {
                    case Expr.Read read -> loaded.contains(read.value());
                    case Expr.At(Index index) -> index.size().isConstant();
                    case Expr.Length(var size) -> size.isConstant();
                    case Expr.Accumulated accumulated -> false;
                    default -> true;
                });
        return only[0];
    }

    /** A value of {@code body} at load time, read where {@code body} stood. */
    private Expr loaded(Expr body) {
        List<Index> indices = new ArrayList<>();
        List<Expr> at = new ArrayList<>();
        Map<Index, Expr> by = new HashMap<>();
        for (Index index : Exprs.free(body)) {
            Index fresh = new Index(index.name(), index.size());
            indices.add(fresh);
            at.add(new Expr.At(index));
            by.put(index, new Expr.At(fresh));
        }
        Expr own = Exprs.substitute(body, by);
        Value value = made.computeIfAbsent(
                keys.of(indices, Expr.TRUE, own),
                key -> new Value.Comprehension(
                        Exprs.reads(own).getFirst().name() + "~scaled", indices, Expr.TRUE, own));
        return new Expr.Read(value, at);
    }

    /** The body of one definition. */
    private final class Rewriting {
        private final double row;
        private final boolean whole;
        private final Expr body;
        private final Map<Value, Double> uses = new HashMap<>();

        Rewriting(Value.Comprehension value) {
            body = value.body();
            row = Work.points(value.indices().stream()
                    .filter(index -> index.size().isConstant())
                    .toList());
            whole = value.domain().equals(Expr.TRUE);
        }

        /** How often the definition reads a weight, as it is written out. */
        private double uses(Value weight) {
            return uses.computeIfAbsent(weight, value -> uses(body, value, new IdentityHashMap<>()));
        }

        private static double uses(Expr expr, Value weight, Map<Expr, Double> done) {
            Double before = done.get(expr);
            if (before == null) {
                double[] sum = {expr instanceof Expr.Read read && read.value() == weight ? 1 : 0};
                Exprs.parts(expr, part -> sum[0] += uses(part, weight, done));
                before = sum[0];
                done.put(expr, before);
            }
            return before;
        }

        /** {@code always}: no choice decides whether the expression is evaluated. */
        Expr apply(Expr expr, boolean always) {
            return switch (expr) {
                case Expr.Reduce reduce -> expr;
                case Expr.Fold fold -> expr;
                case Expr.Read read -> expr;
                case Expr.Select(Expr condition, Expr then, Expr otherwise) -> {
                    Expr t = apply(then, false);
                    Expr o = apply(otherwise, false);
                    yield t == then && o == otherwise ? expr : new Expr.Select(condition, t, o);
                }
                case Binary(BinaryOp op, Expr left, Expr right)
                when op == BinaryOp.MUL || op == BinaryOp.DIV -> {
                    Expr folded = product(expr, always && whole);
                    yield folded != null ? folded : Exprs.map(expr, part -> apply(part, always));
                }
                default -> Exprs.map(expr, part -> apply(part, always));
            };
        }

        /** The product with its weights and constants as one read; null where that would save nothing. */
        private @Nullable Expr product(Expr expr, boolean always) {
            Factors factors = new Factors();
            factors.take(expr);
            factors.choose(factor -> fits(factor, always));
            if (factors.weights() == 0) {
                return factors.constants() == 0 ? null : intoSum(expr, factors, always);
            }
            if (factors.weights() == 1 && factors.constants() == 0) {
                return null;
            }
            Expr weight = loaded(factors.chosen());
            Expr rest = factors.rest(expr, part -> apply(part, always));
            return rest == null ? weight : Exprs.mul(rest, weight);
        }

        /** Whether a weight or an expression of weights can be computed at load time, in no more room than a row. */
        private boolean fits(Expr factor, boolean always) {
            return isLoaded(factor)
                    && !Exprs.reads(factor).isEmpty()
                    && Exprs.reads(factor).stream().allMatch(weight -> uses(weight) == 1)
                    && Work.points(Exprs.free(factor)) <= row
                    && (always || isReadAnywhere(factor));
        }

        /** A read that is inside the value wherever its indices are. */
        private static boolean isReadAnywhere(Expr factor) {
            if (!(factor instanceof Expr.Read(Value value, List<Expr> at))) {
                return false;
            }
            for (int k = 0; k < at.size(); k++) {
                if (!(at.get(k) instanceof Expr.At(Index index)
                        && index.size().equals(value.shape().get(k)))) {
                    return false;
                }
            }
            return true;
        }

        /** The product with its constants in a sum among its factors; null where no sum takes them. */
        private @Nullable Expr intoSum(Expr expr, Factors factors, boolean always) {
            for (Expr factor : factors.multiplied) {
                if (factor instanceof Binary(BinaryOp op, Expr left, Expr right)
                        && (op == BinaryOp.ADD || op == BinaryOp.SUB)) {
                    Expr sum = scaled(factor, factors.chosen(), always);
                    if (sum != null) {
                        return factors.rest(expr, part -> part == factor ? sum : apply(part, always));
                    }
                }
            }
            return null;
        }

        private @Nullable Expr scaled(Expr term, Expr scale, boolean always) {
            if (term instanceof Binary(BinaryOp op, Expr left, Expr right)
                    && (op == BinaryOp.ADD || op == BinaryOp.SUB)) {
                Expr l = scaled(left, scale, always);
                Expr r = l == null ? null : scaled(right, scale, always);
                return r == null ? null : new Binary(op, l, r);
            }
            return product(times(term, scale), always);
        }

        /** {@code scale} is a constant or 1 over one. */
        private static Expr times(Expr term, Expr scale) {
            return scale instanceof Binary(BinaryOp op, Expr one, Expr divisor)
                    ? Exprs.div(term, divisor)
                    : Exprs.mul(term, scale);
        }
    }

    /** The factors and divisors of a product, through all products that it is made of. */
    private static final class Factors {
        final List<Expr> multiplied = new ArrayList<>();
        private final List<Expr> divided = new ArrayList<>();
        private final Set<Expr> taken = Collections.newSetFromMap(new IdentityHashMap<>());
        private int weights;
        private int constants;

        void take(Expr expr) {
            switch (expr) {
                case Binary(BinaryOp op, Expr left, Expr right)
                when op == BinaryOp.MUL -> {
                    take(left);
                    take(right);
                }
                case Binary(BinaryOp op, Expr left, Expr right)
                when op == BinaryOp.DIV -> {
                    take(left);
                    divided.add(right);
                }
                default -> multiplied.add(expr);
            }
        }

        /** Takes the constants, the largest of the weights that fit, and those that need no further indices. */
        void choose(java.util.function.Predicate<Expr> fits) {
            Set<Index> over = new LinkedHashSet<>();
            for (Expr factor : multiplied) {
                if (fits.test(factor) && Exprs.free(factor).size() > over.size()) {
                    over.clear();
                    over.addAll(Exprs.free(factor));
                }
            }
            for (Expr factor : multiplied) {
                if (isScale(factor)) {
                    constants += taken.add(factor) ? 1 : 0;
                } else if (fits.test(factor) && over.containsAll(Exprs.free(factor))) {
                    taken.add(factor);
                    weights++;
                    // What takes computing is worth a value by itself.
                    constants += factor instanceof Expr.Read ? 0 : 1;
                }
            }
            for (Expr divisor : divided) {
                if (isScale(divisor)) {
                    constants += taken.add(divisor) ? 1 : 0;
                }
            }
        }

        private static boolean isScale(Expr expr) {
            return expr instanceof Number(double value) && Math.abs(value) <= MOST && Math.abs(value) >= 1 / MOST;
        }

        int weights() {
            return weights;
        }

        int constants() {
            return constants;
        }

        /** The product of what was taken: {@code weight * c / c'}. */
        Expr chosen() {
            double factor = 1;
            double divisor = 1;
            Expr product = null;
            for (Expr part : multiplied) {
                if (part instanceof Number(double value) && taken.contains(part)) {
                    factor *= value;
                } else if (taken.contains(part)) {
                    product = product == null ? part : Exprs.mul(product, part);
                }
            }
            for (Expr part : divided) {
                divisor *= part instanceof Number(double value) && taken.contains(part) ? value : 1;
            }
            if (product == null) {
                return factor == 1 ? Exprs.div(new Number(1), new Number(divisor)) : new Number(factor / divisor);
            }
            return factor != 1
                    ? Exprs.mul(product, new Number(factor / divisor))
                    : divisor == 1 ? product : Exprs.div(product, new Number(divisor));
        }

        /** The product without what was taken, null where nothing is left; {@code f} is applied to what stays. */
        @Nullable
        Expr rest(Expr expr, java.util.function.UnaryOperator<Expr> f) {
            if (expr instanceof Binary(BinaryOp op, Expr left, Expr right) && op == BinaryOp.MUL) {
                Expr l = rest(left, f);
                Expr r = rest(right, f);
                return l == null ? r : r == null ? l : Exprs.mul(l, r);
            }
            if (expr instanceof Binary(BinaryOp op, Expr left, Expr right) && op == BinaryOp.DIV) {
                Expr l = rest(left, f);
                return taken.contains(right) ? l : Exprs.div(l == null ? new Number(1) : l, f.apply(right));
            }
            return taken.contains(expr) ? null : f.apply(expr);
        }
    }
}
