package tfx.backend.common;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * What code generation asks about the expressions of one kernel. Expressions are interned first: structurally equal ones are
 * one object, so that every question is answered once and common parts are found by identity.
 */
public final class Analysis {
    /** Stands for the sequence of the batch in the free indices of whatever reads more than parameters. */
    public static final Index BATCH = new Index("batch", Size.ONE);
    /** Stands for the enclosing fold in the free indices of its {@link Expr.Accumulated}. */
    public static final Index FOLD = new Index("fold", Size.ONE);

    /** How a number is held in generated code. DOUBLE: a real that depends on indices alone, computed exactly enough to be free. */
    public enum Kind {
        LONG,
        BOOL,
        FLOAT,
        DOUBLE
    }

    private final Map<List<Object>, Expr> interned = new HashMap<>();
    private final Map<Expr, Expr> canonical = new IdentityHashMap<>();
    private final Map<Expr, Set<Index>> free = new IdentityHashMap<>();
    private final Map<Expr, Boolean> costly = new IdentityHashMap<>();
    private final Map<Expr, Kind> kinds = new IdentityHashMap<>();

    public Expr intern(Expr expr) {
        Expr known = canonical.get(expr);
        if (known != null) {
            return known;
        }
        Expr made = folded(
                switch (expr) {
                    case Expr.Number n -> n;
                    case Expr.At at -> at;
                    case Expr.Length(Size size) -> size.isConstant() ? new Expr.Number(size.constant()) : expr;
                    case Expr.Accumulated a -> a;
                    case Expr.Read(Value value, List<Expr> at) ->
                        new Expr.Read(value, at.stream().map(this::intern).toList());
                    case Expr.Unary(UnaryOp op, Expr x) -> new Expr.Unary(op, intern(x));
                    case Expr.Binary(BinaryOp op, Expr l, Expr r) -> new Expr.Binary(op, intern(l), intern(r));
                    case Expr.Select(Expr c, Expr t, Expr o) -> new Expr.Select(intern(c), intern(t), intern(o));
                    case Expr.Reduce(Expr.Monoid m, List<Index> i, Expr d, Expr b) ->
                        new Expr.Reduce(m, i, intern(d), intern(b));
                    case Expr.Fold(Index i, Expr d, List<Expr.Accumulator> as, Expr r) ->
                        new Expr.Fold(
                                i,
                                intern(d),
                                as.stream()
                                        .map(a -> new Expr.Accumulator(a.monoid(), intern(a.body()), a.shift()))
                                        .toList(),
                                intern(r));
                });
        List<Object> key = new ArrayList<>();
        key.add(made.getClass());
        switch (made) {
            case Expr.Number(double v) -> key.add(v);
            case Expr.At(Index i) -> key.add(i);
            case Expr.Length(Size s) -> key.add(s);
            case Expr.Accumulated(int n) -> key.add(n);
            case Expr.Read r -> key.add(r.value());
            case Expr.Unary u -> key.add(u.op());
            case Expr.Binary b -> key.add(b.op());
            case Expr.Select s -> {}
            case Expr.Reduce r -> {
                key.add(r.monoid());
                key.addAll(r.indices());
            }
            case Expr.Fold f -> {
                key.add(f.index());
                f.accumulators().forEach(a -> {
                    key.add(a.monoid());
                    key.add(a.shift());
                });
            }
        }
        for (Expr part : parts(made)) {
            key.add(new Same(part));
        }
        Expr result = interned.computeIfAbsent(key, k -> made);
        canonical.put(expr, result);
        canonical.put(made, result);
        canonical.put(result, result);
        return result;
    }

    private record Same(Expr expr) {
        @Override
        @SuppressWarnings("ReferenceEquality") // interned: identity is the point
        public boolean equals(Object other) {
            return other instanceof Same(Expr that) && that == expr;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(expr);
        }
    }

    /** Arithmetic on literals is done here, in double precision. */
    private Expr folded(Expr expr) {
        return switch (expr) {
            case Expr.Unary(UnaryOp op, Expr.Number(double x)) -> Constants.unary(op, x);
            case Expr.Binary(BinaryOp op, Expr.Number(double x), Expr.Number(double y)) -> Constants.binary(op, x, y);
            case Expr.Binary(BinaryOp op, Expr x, Expr y) when op == BinaryOp.AND && x.equals(Expr.TRUE) -> y;
            case Expr.Binary(BinaryOp op, Expr x, Expr y) when op == BinaryOp.AND && y.equals(Expr.TRUE) -> x;
            case Expr.Select(Expr.Number(double c), Expr t, Expr o) -> c != 0 ? t : o;
            default -> expr;
        };
    }

    public static List<Expr> parts(Expr expr) {
        return switch (expr) {
            case Expr.Read r -> r.at();
            case Expr.Unary u -> List.of(u.operand());
            case Expr.Binary b -> List.of(b.left(), b.right());
            case Expr.Select s -> List.of(s.condition(), s.then(), s.otherwise());
            case Expr.Reduce r -> List.of(r.domain(), r.body());
            case Expr.Fold f -> {
                List<Expr> all = new ArrayList<>();
                all.add(f.domain());
                f.accumulators().forEach(a -> all.add(a.body()));
                all.add(f.result());
                yield all;
            }
            default -> List.of();
        };
    }

    /** Free indices of an interned expression, with the markers {@link #BATCH} and {@link #FOLD}. */
    public Set<Index> free(Expr expr) {
        Set<Index> known = free.get(expr);
        if (known != null) {
            return known;
        }
        Set<Index> all = new LinkedHashSet<>();
        for (Expr part : parts(expr)) {
            all.addAll(free(part));
        }
        switch (expr) {
            case Expr.At(Index index) -> all.add(index);
            case Expr.Accumulated a -> all.add(FOLD);
            case Expr.Read r when !(r.value() instanceof Value.Parameter) -> all.add(BATCH);
            case Expr.Reduce r -> r.indices().forEach(all::remove);
            case Expr.Fold f -> {
                all.remove(f.index());
                all.remove(FOLD);
            }
            default -> {}
        }
        free.put(expr, all);
        return all;
    }

    public boolean mentions(Expr expr, Index index) {
        return free(expr).contains(index);
    }

    /** Whether it reads memory, loops or belongs to a fold's point: what must not be computed unless it is needed. */
    public boolean costly(Expr expr) {
        Boolean known = costly.get(expr);
        if (known == null) {
            known = expr instanceof Expr.Read
                    || expr instanceof Expr.Accumulated
                    || expr instanceof Expr.Reduce
                    || expr instanceof Expr.Fold
                    || parts(expr).stream().anyMatch(this::costly);
            costly.put(expr, known);
        }
        return known;
    }

    public Kind kind(Expr expr) {
        Kind known = kinds.get(expr);
        if (known == null) {
            known = findKind(expr);
            kinds.put(expr, known);
        }
        return known;
    }

    /** Whether it is a real function of indices and literals, without memory or loops. */
    public boolean indexOnly(Expr expr) {
        return kind(expr) == Kind.DOUBLE || (kind(expr) != Kind.FLOAT && !costly(expr));
    }

    private Kind findKind(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v) -> v == Math.rint(v) && Math.abs(v) <= 1 << 20 ? Kind.LONG : Kind.DOUBLE;
            case Expr.At a -> Kind.LONG;
            case Expr.Length l -> Kind.LONG;
            case Expr.Accumulated a -> Kind.FLOAT;
            case Expr.Read r ->
                r.value() instanceof Value.Input input && input.kind() == Value.Kind.INTEGER ? Kind.LONG : Kind.FLOAT;
            case Expr.Unary(UnaryOp op, Expr x) ->
                switch (op) {
                    case NOT -> Kind.BOOL;
                    case NEG, ABS -> kind(x) == Kind.BOOL ? Kind.LONG : kind(x);
                    default -> kind(x) == Kind.FLOAT || reads(x) ? Kind.FLOAT : Kind.DOUBLE;
                };
            case Expr.Binary(BinaryOp op, Expr l, Expr r) ->
                switch (op) {
                    case LT, LE, EQ, NE, AND, OR -> Kind.BOOL;
                    case DIV, POW -> real(l, r);
                    default -> integral(l) && integral(r) ? Kind.LONG : real(l, r);
                };
            case Expr.Select(Expr c, Expr t, Expr o) -> {
                if (kind(t) == Kind.BOOL && kind(o) == Kind.BOOL) {
                    yield Kind.BOOL;
                }
                yield integral(t) && integral(o) ? Kind.LONG : reads(c) ? Kind.FLOAT : real(t, o);
            }
            case Expr.Reduce r -> Kind.FLOAT;
            case Expr.Fold f -> Kind.FLOAT;
        };
    }

    private boolean integral(Expr expr) {
        return kind(expr) == Kind.LONG || kind(expr) == Kind.BOOL;
    }

    private Kind real(Expr l, Expr r) {
        return kind(l) == Kind.FLOAT || kind(r) == Kind.FLOAT || reads(l) || reads(r) ? Kind.FLOAT : Kind.DOUBLE;
    }

    private boolean reads(Expr expr) {
        return costly(expr);
    }

    /** The conjuncts of a predicate, interned. */
    public List<Expr> conjuncts(Expr predicate) {
        List<Expr> all = new ArrayList<>();
        if (predicate instanceof Expr.Binary(BinaryOp op, Expr l, Expr r) && op == BinaryOp.AND) {
            all.addAll(conjuncts(l));
            all.addAll(conjuncts(r));
        } else if (!predicate.equals(Expr.TRUE)) {
            all.add(intern(predicate));
        }
        return all;
    }

    /** An integer expression as {@code constant + sum of factor * atom}; atoms are interned expressions. */
    public record Linear(Map<Expr, Long> factors, long constant) {}

    public Linear linear(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v) when kind(expr) == Kind.LONG -> new Linear(Map.of(), (long) v);
            case Expr.Unary(UnaryOp op, Expr x)
            when op == UnaryOp.NEG && kind(x) == Kind.LONG -> combine(new Linear(Map.of(), 0), linear(x), -1);
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when op == BinaryOp.ADD && kind(expr) == Kind.LONG -> combine(linear(l), linear(r), 1);
            case Expr.Binary(BinaryOp op, Expr l, Expr r)
            when op == BinaryOp.SUB && kind(expr) == Kind.LONG -> combine(linear(l), linear(r), -1);
            case Expr.Binary(BinaryOp op, Expr l, Expr.Number(double n))
            when op == BinaryOp.MUL && kind(expr) == Kind.LONG -> combine(new Linear(Map.of(), 0), linear(l), (long) n);
            case Expr.Binary(BinaryOp op, Expr.Number(double n), Expr r)
            when op == BinaryOp.MUL && kind(expr) == Kind.LONG -> combine(new Linear(Map.of(), 0), linear(r), (long) n);
            default -> new Linear(Map.of(expr, 1L), 0);
        };
    }

    public static Linear combine(Linear a, Linear b, long factor) {
        Map<Expr, Long> sum = new LinkedHashMap<>(a.factors());
        b.factors()
                .forEach((atom, f) -> sum.merge(atom, f * factor, (x, y) -> x + y == 0 ? null : Long.valueOf(x + y)));
        return new Linear(sum, a.constant() + b.constant() * factor);
    }

    /** The factor of {@code index} if the expression is linear in it with every other atom free of it; null otherwise. */
    public @Nullable Long factor(Linear linear, Index index) {
        long factor = 0;
        for (Map.Entry<Expr, Long> term : linear.factors().entrySet()) {
            if (term.getKey() instanceof Expr.At(Index i) && i == index) {
                factor = term.getValue();
            } else if (mentions(term.getKey(), index)) {
                return null;
            }
        }
        return factor;
    }

    /** The linear expression without its term in {@code index}, as an expression, times {@code sign}. */
    public Expr rest(Linear linear, Index index, long sign) {
        Expr sum = new Expr.Number(linear.constant() * sign);
        for (Map.Entry<Expr, Long> term : linear.factors().entrySet()) {
            if (!(term.getKey() instanceof Expr.At(Index i) && i == index)) {
                Expr scaled = new Expr.Binary(BinaryOp.MUL, term.getKey(), new Expr.Number(term.getValue() * sign));
                sum = new Expr.Binary(BinaryOp.ADD, sum, scaled);
            }
        }
        return intern(sum);
    }
}
