package tfx.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr.Accumulator;
import tfx.ir.Expr.At;
import tfx.ir.Expr.Binary;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Fold;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.Number;
import tfx.ir.Expr.Read;
import tfx.ir.Expr.Reduce;
import tfx.ir.Expr.Select;
import tfx.ir.Expr.Unary;
import tfx.ir.Expr.UnaryOp;

/** Traversal, substitution and short constructors for {@link Expr}. Nothing here changes an expression's meaning. */
// The same object means unchanged, which equality would take a walk over the whole expression to find.
@SuppressWarnings("ReferenceEquality")
public final class Exprs {
    private Exprs() {}

    public static Expr number(double value) {
        return new Number(value);
    }

    public static Expr at(Index index) {
        return new At(index);
    }

    public static Read read(Value value, Expr... at) {
        return new Read(value, List.of(at));
    }

    /** An element of {@code value} at plain indices. */
    public static Read read(Value value, Index... at) {
        List<Expr> exprs = new ArrayList<>();
        for (Index index : at) {
            exprs.add(new At(index));
        }
        return new Read(value, exprs);
    }

    public static Expr add(Expr left, Expr right) {
        return new Binary(BinaryOp.ADD, left, right);
    }

    public static Expr sub(Expr left, Expr right) {
        return new Binary(BinaryOp.SUB, left, right);
    }

    public static Expr mul(Expr left, Expr right) {
        return new Binary(BinaryOp.MUL, left, right);
    }

    public static Expr div(Expr left, Expr right) {
        return new Binary(BinaryOp.DIV, left, right);
    }

    public static Expr le(Expr left, Expr right) {
        return new Binary(BinaryOp.LE, left, right);
    }

    public static Expr lt(Expr left, Expr right) {
        return new Binary(BinaryOp.LT, left, right);
    }

    public static Expr unary(UnaryOp op, Expr operand) {
        return new Unary(op, operand);
    }

    public static Expr sum(Index index, Expr domain, Expr body) {
        return new Reduce(Monoid.SUM, List.of(index), domain, body);
    }

    public static Expr max(Index index, Expr domain, Expr body) {
        return new Reduce(Monoid.MAX, List.of(index), domain, body);
    }

    /**
     * Conjunction that leaves out what is {@link Expr#TRUE}, and what is said twice. Conjuncts that read nothing come first: they
     * say which elements there are to read.
     */
    public static Expr and(Expr left, Expr right) {
        if (left.equals(Expr.TRUE)) {
            return right;
        }
        Set<Expr> all = new LinkedHashSet<>(conjuncts(left));
        all.addAll(conjuncts(right));
        return Stream.concat(
                        all.stream().filter(c -> reads(c).isEmpty()),
                        all.stream().filter(c -> !reads(c).isEmpty()))
                .reduce((l, r) -> new Binary(BinaryOp.AND, l, r))
                .orElse(Expr.TRUE);
    }

    /** The conjuncts of a predicate, in order; none for {@link Expr#TRUE}. */
    public static List<Expr> conjuncts(Expr predicate) {
        List<Expr> all = new ArrayList<>();
        conjuncts(predicate, all);
        return all;
    }

    private static void conjuncts(Expr predicate, List<Expr> all) {
        if (predicate instanceof Binary(BinaryOp op, Expr left, Expr right) && op == BinaryOp.AND) {
            conjuncts(left, all);
            conjuncts(right, all);
        } else if (!predicate.equals(Expr.TRUE)) {
            all.add(predicate);
        }
    }

    /** The factors of a product, in order; {@code expr} alone where it is none. */
    public static List<Expr> factors(Expr expr) {
        List<Expr> all = new ArrayList<>();
        factors(expr, all);
        return all;
    }

    private static void factors(Expr expr, List<Expr> all) {
        if (expr instanceof Binary(BinaryOp op, Expr left, Expr right) && op == BinaryOp.MUL) {
            factors(left, all);
            factors(right, all);
        } else {
            all.add(expr);
        }
    }

    /** The expression with {@code f} applied to each direct part; the same object where no part changes. */
    public static Expr map(Expr expr, UnaryOperator<Expr> f) {
        return switch (expr) {
            case Read(Value value, List<Expr> at) -> {
                List<Expr> mapped = mapAll(at, f);
                yield mapped == at ? expr : new Read(value, mapped);
            }
            case Unary(UnaryOp op, Expr operand) -> {
                Expr mapped = f.apply(operand);
                yield mapped == operand ? expr : new Unary(op, mapped);
            }
            case Binary(BinaryOp op, Expr left, Expr right) -> {
                Expr l = f.apply(left);
                Expr r = f.apply(right);
                yield l == left && r == right ? expr : new Binary(op, l, r);
            }
            case Select(Expr condition, Expr then, Expr otherwise) -> {
                Expr c = f.apply(condition);
                Expr t = f.apply(then);
                Expr o = f.apply(otherwise);
                yield c == condition && t == then && o == otherwise ? expr : new Select(c, t, o);
            }
            case Reduce(Monoid monoid, List<Index> indices, Expr domain, Expr body) -> {
                Expr d = f.apply(domain);
                Expr b = f.apply(body);
                yield d == domain && b == body ? expr : new Reduce(monoid, indices, d, b);
            }
            case Fold(Index index, Expr domain, List<Accumulator> accumulators, Expr result) -> {
                Expr d = f.apply(domain);
                boolean same = d == domain;
                List<Accumulator> mapped = new ArrayList<>(accumulators.size());
                for (Accumulator accumulator : accumulators) {
                    Expr body = f.apply(accumulator.body());
                    same &= body == accumulator.body();
                    mapped.add(new Accumulator(accumulator.monoid(), body, accumulator.shift()));
                }
                Expr r = f.apply(result);
                yield same && r == result ? expr : new Fold(index, d, mapped, r);
            }
            default -> expr;
        };
    }

    private static List<Expr> mapAll(List<Expr> all, UnaryOperator<Expr> f) {
        List<Expr> mapped = null;
        for (int i = 0; i < all.size(); i++) {
            Expr before = all.get(i);
            Expr after = f.apply(before);
            if (after != before && mapped == null) {
                mapped = new ArrayList<>(all);
            }
            if (mapped != null) {
                mapped.set(i, after);
            }
        }
        return mapped == null ? all : mapped;
    }

    /** Shows every direct part of {@code expr} to {@code f}: domains before bodies. */
    public static void parts(Expr expr, Consumer<Expr> f) {
        switch (expr) {
            case Read read -> read.at().forEach(f);
            case Unary unary -> f.accept(unary.operand());
            case Binary binary -> {
                f.accept(binary.left());
                f.accept(binary.right());
            }
            case Select select -> {
                f.accept(select.condition());
                f.accept(select.then());
                f.accept(select.otherwise());
            }
            case Reduce reduce -> {
                f.accept(reduce.domain());
                f.accept(reduce.body());
            }
            case Fold fold -> {
                f.accept(fold.domain());
                fold.accumulators().forEach(accumulator -> f.accept(accumulator.body()));
                f.accept(fold.result());
            }
            default -> {}
        }
    }

    /** Shows {@code expr} and everything within it to {@code f}, outer first, each shared part once. */
    public static void forEach(Expr expr, Consumer<Expr> f) {
        walk(expr, f, java.util.Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    private static void walk(Expr expr, Consumer<Expr> f, Set<Expr> seen) {
        if (seen.add(expr)) {
            f.accept(expr);
            parts(expr, part -> walk(part, f, seen));
        }
    }

    /** The index variables that {@code expr} does not bind itself, in order of first appearance. */
    public static LinkedHashSet<Index> free(Expr expr) {
        LinkedHashSet<Index> found = new LinkedHashSet<>();
        free(expr, new HashSet<>(), found);
        return found;
    }

    private static void free(Expr expr, Set<Index> bound, Set<Index> found) {
        List<Index> binds = binds(expr);
        if (binds.isEmpty()) {
            if (expr instanceof At(Index index)) {
                if (!bound.contains(index)) {
                    found.add(index);
                }
            } else {
                parts(expr, part -> free(part, bound, found));
            }
            return;
        }
        List<Index> added = binds.stream().filter(bound::add).toList();
        parts(expr, part -> free(part, bound, found));
        added.forEach(bound::remove);
    }

    /** The index variables that this very node binds. */
    public static List<Index> binds(Expr expr) {
        return switch (expr) {
            case Reduce reduce -> reduce.indices();
            case Fold fold -> List.of(fold.index());
            default -> List.of();
        };
    }

    /** The reduction or fold with other bound variables; its parts are left as they are. */
    public static Expr bind(Expr expr, List<Index> indices) {
        return switch (expr) {
            case Reduce reduce -> new Reduce(reduce.monoid(), indices, reduce.domain(), reduce.body());
            case Fold fold -> new Fold(indices.getFirst(), fold.domain(), fold.accumulators(), fold.result());
            default -> throw new IllegalArgumentException("binds nothing: " + expr);
        };
    }

    /** The distinct values that the expressions read, in order of first appearance. */
    public static LinkedHashSet<Value> reads(Expr... exprs) {
        LinkedHashSet<Value> found = new LinkedHashSet<>();
        for (Expr expr : exprs) {
            forEach(expr, part -> {
                if (part instanceof Read read) {
                    found.add(read.value());
                }
            });
        }
        return found;
    }

    public static boolean mentions(Expr expr, Index index) {
        return free(expr).contains(index);
    }

    /** Replaces free indices by expressions, renaming bound ones where a replacement would be captured. */
    public static Expr substitute(Expr expr, Map<Index, Expr> by) {
        return by.isEmpty() ? expr : new Substitution(by).apply(expr);
    }

    private static final class Substitution implements UnaryOperator<Expr> {
        private final Map<Index, Expr> by;
        private final Set<Index> range = new HashSet<>();
        private final Map<Expr, Expr> done = new IdentityHashMap<>();

        Substitution(Map<Index, Expr> by) {
            this.by = by;
            by.values().forEach(expr -> range.addAll(free(expr)));
        }

        @Override
        public Expr apply(Expr expr) {
            if (expr instanceof At(Index index)) {
                return by.getOrDefault(index, expr);
            }
            Expr before = done.get(expr);
            if (before == null) {
                before = binds(expr).stream().anyMatch(index -> range.contains(index) || by.containsKey(index))
                        ? renamed(expr)
                        : map(expr, this);
                done.put(expr, before);
            }
            return before;
        }

        private Expr renamed(Expr expr) {
            Map<Index, Expr> inner = new HashMap<>(by);
            List<Index> fresh = new ArrayList<>();
            for (Index index : binds(expr)) {
                Index other = new Index(index.name(), index.size());
                inner.put(index, new At(other));
                fresh.add(other);
            }
            return bind(map(expr, new Substitution(inner)), fresh);
        }
    }

    /** Replaces reads, innermost first; {@code by} gives null for a read that stays. */
    public static Expr replaceReads(Expr expr, Function<Read, @Nullable Expr> by) {
        return once(expr, (part, inner) -> {
            Expr after = map(part, inner);
            Expr replaced = after instanceof Read read ? by.apply(read) : null;
            return replaced == null ? after : replaced;
        });
    }

    /** Replaces parts, outermost first; {@code by} gives null for a part that stays and whose own parts are looked at. */
    public static Expr replace(Expr expr, Function<Expr, @Nullable Expr> by) {
        return once(expr, (part, inner) -> {
            Expr replaced = by.apply(part);
            return replaced == null ? map(part, inner) : replaced;
        });
    }

    /** {@code f} of an expression, given itself for the parts; of an object that stands in several places once. */
    private static Expr once(Expr expr, BiFunction<Expr, UnaryOperator<Expr>, Expr> f) {
        Map<Expr, Expr> done = new IdentityHashMap<>();
        UnaryOperator<Expr> rewrite = new UnaryOperator<>() {
            @Override
            public Expr apply(Expr part) {
                Expr after = done.get(part);
                if (after == null) {
                    after = f.apply(part, this);
                    done.put(part, after);
                }
                return after;
            }
        };
        return rewrite.apply(expr);
    }

    /** The same expression with structurally equal parts made one object, so that an engine finds what is shared by identity. */
    public static Expr share(Expr expr) {
        Map<Expr, Expr> seen = new HashMap<>();
        UnaryOperator<Expr> rewrite = new UnaryOperator<>() {
            @Override
            public Expr apply(Expr part) {
                Expr after = map(part, this);
                Expr before = seen.putIfAbsent(after, after);
                return before == null ? after : before;
            }
        };
        return rewrite.apply(expr);
    }
}
