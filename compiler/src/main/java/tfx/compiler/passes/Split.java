package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * Takes definitions apart: every reduction becomes the whole body of a value of its own, and so does every costly part that
 * depends on fewer indices than the loops around it. What belongs together is put together again later, by cost.
 *
 * <p>A part in a branch of a choice keeps the choice's condition as its domain; where it does not know the indices of that
 * condition it stays where it is, since evaluating it elsewhere could read outside a value.
 */
// The same object means unchanged, which equality would take a walk over the whole expression to find.
@SuppressWarnings("ReferenceEquality")
final class Split {
    private Split() {}

    static Program program(Program program) {
        Draft draft = new Draft(program);
        for (Value value : draft.order()) {
            if (value instanceof Value.Comprehension before) {
                Parts parts = new Parts(before.name());
                draft.define(
                        before, parts.definition(before.indices(), before.domain(), before.body(), before.fused()));
            }
        }
        return draft.freeze();
    }

    private static final class Parts {
        private final String name;
        private int number;

        Parts(String name) {
            this.name = name;
        }

        Draft.Definition definition(List<Index> indices, Expr domain, Expr body, List<String> fused) {
            Scope scope = new Scope(indices, Exprs.conjuncts(domain), List.of());
            Expr d = split(domain, new Scope(indices, List.of(), List.of()), false);
            return new Draft.Definition(indices, d, split(body, scope, true), fused);
        }

        /** {@code root}: this is the whole body, where a reduction may stay. */
        private Expr split(Expr expr, Scope scope, boolean root) {
            if (expr instanceof Expr.Read || expr instanceof Expr.Fold || !Work.isCostly(expr)) {
                return expr;
            }
            Set<Index> free = Exprs.free(expr);
            boolean fewer = !free.containsAll(scope.indices);
            if (fewer || (expr instanceof Expr.Reduce && !root)) {
                Expr.Read read = extract(expr, free, scope);
                if (read != null) {
                    return read;
                }
            }
            return switch (expr) {
                case Expr.Reduce reduce -> {
                    Scope inner = scope.with(reduce.indices());
                    Expr domain = split(reduce.domain(), inner, false);
                    yield rebuilt(
                            reduce, domain, split(reduce.body(), inner.where(Exprs.conjuncts(reduce.domain())), false));
                }
                case Expr.Select(Expr condition, Expr then, Expr otherwise) -> {
                    Expr c = split(condition, scope, false);
                    Expr t = split(then, scope.when(condition), false);
                    Expr o = split(otherwise, scope.when(new Expr.Unary(Expr.UnaryOp.NOT, condition)), false);
                    yield c == condition && t == then && o == otherwise ? expr : new Expr.Select(c, t, o);
                }
                default -> Exprs.map(expr, part -> split(part, scope, false));
            };
        }

        private Expr rebuilt(Expr.Reduce reduce, Expr domain, Expr body) {
            return domain == reduce.domain() && body == reduce.body()
                    ? reduce
                    : new Expr.Reduce(reduce.monoid(), reduce.indices(), domain, body);
        }

        private Expr.@Nullable Read extract(Expr expr, Set<Index> free, Scope scope) {
            Expr domain = Expr.TRUE;
            for (Expr guard : scope.guards) {
                if (!free.containsAll(Exprs.free(guard))) {
                    return null;
                }
                domain = Exprs.and(domain, guard);
            }
            for (Expr fact : scope.facts) {
                if (free.containsAll(Exprs.free(fact))) {
                    domain = Exprs.and(domain, fact);
                }
            }
            List<Index> indices = new ArrayList<>();
            List<Expr> at = new ArrayList<>();
            Map<Index, Expr> by = new HashMap<>();
            // The scope's order, not that of first use, so that equal parts of different values get equal definitions.
            for (Index index : scope.indices) {
                if (free.contains(index)) {
                    Index fresh = new Index(index.name(), index.size());
                    indices.add(fresh);
                    at.add(new Expr.At(index));
                    by.put(index, new Expr.At(fresh));
                }
            }
            String part = Draft.partName(name, ++number);
            Draft.Definition definition =
                    definition(indices, Exprs.substitute(domain, by), Exprs.substitute(expr, by), List.of());
            return new Expr.Read(new Value.Comprehension(part, indices, definition.domain(), definition.body()), at);
        }
    }

    /** The loops around a place, what is known there, and the choices that guard it. */
    private record Scope(LinkedHashSet<Index> indices, List<Expr> facts, List<Expr> guards) {
        Scope(List<Index> indices, List<Expr> facts, List<Expr> guards) {
            this(new LinkedHashSet<>(indices), facts, guards);
        }

        Scope with(List<Index> more) {
            LinkedHashSet<Index> all = new LinkedHashSet<>(indices);
            all.addAll(more);
            return new Scope(all, facts, guards);
        }

        Scope where(List<Expr> more) {
            return new Scope(indices, joined(facts, more), guards);
        }

        Scope when(Expr guard) {
            return new Scope(indices, facts, joined(guards, List.of(guard)));
        }

        private static List<Expr> joined(List<Expr> a, List<Expr> b) {
            List<Expr> all = new ArrayList<>(a);
            all.addAll(b);
            return all;
        }
    }
}
