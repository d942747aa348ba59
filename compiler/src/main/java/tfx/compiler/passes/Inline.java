package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * Decides which values are stored. With P the points of a value and N the points at which its readers would compute it again
 * (equal reads of one reader once):
 * <ul>
 *   <li>what a stored value would cost one read anyway (constants, index arithmetic, renamed or repeated dimensions) is inlined;
 *   <li>a reduction or transcendental function is inlined only where N is at most P; a reduction moreover only as the
 *       beginning of an elementwise reader (an epilogue of the contraction), never into another loop or a branch;
 *   <li>other arithmetic is inlined where computing it N - P times more costs less than storing: work * (N - P) at most 2 P;
 *   <li>the only reader of a reduction is stored unless it has but one reader itself: it is the reduction's epilogue.
 * </ul>
 */
final class Inline {
    private static final double STORE = 2;

    private final Draft draft;
    private final Map<Value, Set<Value.Comprehension>> readers = new HashMap<>();

    private final Map<Value, Integer> uses = new HashMap<>();

    private Inline(Draft draft) {
        this.draft = draft;
    }

    static Program program(Program program) {
        Draft draft = new Draft(program);
        new Inline(draft).run();
        return draft.freeze();
    }

    private void run() {
        for (Value value : draft.order()) {
            if (value instanceof Value.Comprehension definition) {
                Draft.Definition now = draft.definition(definition);
                Exprs.reads(now.domain(), now.body()).forEach(read -> uses.merge(read, 1, Integer::sum));
            }
        }
        Set<Value> outputs = new HashSet<>(draft.program().outputs().values());
        for (Value value : draft.order().reversed()) {
            if (value instanceof Value.Comprehension definition) {
                Set<Value.Comprehension> users = readers.getOrDefault(definition, Set.of());
                if (outputs.contains(definition) || !pays(definition, users)) {
                    register(definition);
                } else {
                    users.forEach(user -> inline(definition, user));
                }
            }
        }
    }

    private void register(Value.Comprehension reader) {
        Draft.Definition definition = draft.definition(reader);
        for (Value read : Exprs.reads(definition.domain(), definition.body())) {
            readers.computeIfAbsent(read, v -> new LinkedHashSet<>()).add(reader);
        }
    }

    private void inline(Value.Comprehension value, Value.Comprehension user) {
        Draft.Definition inlined = draft.definition(value);
        Draft.Definition before = draft.definition(user);
        Expr domain = expand(before.domain(), value, inlined);
        Expr body = expand(before.body(), value, inlined);
        List<String> fused = Draft.joined(before.fused(), value.name(), inlined.fused());
        draft.define(
                user,
                new Draft.Definition(before.indices(), Simplify.expression(domain), Simplify.expression(body), fused));
        register(user);
    }

    private static Expr expand(Expr expr, Value value, Draft.Definition inlined) {
        return Exprs.replaceReads(expr, read -> read.value() == value ? Draft.instantiate(inlined, read.at()) : null);
    }

    private boolean beginsWithReduction(Draft.Definition definition) {
        return Exprs.reads(definition.body()).stream()
                .anyMatch(read -> read instanceof Value.Comprehension operand
                        && uses.getOrDefault(operand, 0) == 1
                        && Work.reduces(draft.definition(operand).body()));
    }

    private boolean pays(Value.Comprehension value, Set<Value.Comprehension> users) {
        Draft.Definition definition = draft.definition(value);
        List<Site> sites = new ArrayList<>();
        for (Value.Comprehension user : users) {
            Draft.Definition reader = draft.definition(user);
            Sites found = new Sites(value);
            found.walk(reader.domain(), Work.points(reader.indices()), false, false);
            found.walk(reader.body(), Work.points(reader.indices()), false, false);
            sites.addAll(found.sites.values());
        }
        double again = 0;
        for (Site site : sites) {
            again += site.points;
        }
        double points = Work.points(definition.indices());
        if (Work.isCostly(definition.body())) {
            if (again > points) {
                return false;
            }
            return !Work.reduces(definition.body())
                    || sites.stream().allMatch(site -> !site.inLoop && !site.inBranch && site.plain);
        }
        if (again > points && beginsWithReduction(definition)) {
            return false;
        }
        return Work.light(definition.body()) * Math.max(0, again - points) <= STORE * points;
    }

    /** One place of a reader: how often it is evaluated, and where it stands. */
    private record Site(double points, boolean inLoop, boolean inBranch, boolean plain) {}

    private static final class Sites {
        final Map<List<Expr>, Site> sites = new HashMap<>();
        private final Value value;

        Sites(Value value) {
            this.value = value;
        }

        void walk(Expr expr, double points, boolean inLoop, boolean inBranch) {
            switch (expr) {
                case Expr.Read read -> {
                    if (read.value() == value) {
                        boolean plain =
                                read.at().stream().allMatch(at -> at instanceof Expr.At || at instanceof Expr.Number);
                        sites.merge(
                                read.at(),
                                new Site(points, inLoop, inBranch, plain),
                                (a, b) -> new Site(
                                        Math.max(a.points, b.points),
                                        a.inLoop | b.inLoop,
                                        a.inBranch | b.inBranch,
                                        plain));
                    }
                    read.at().forEach(at -> walk(at, points, inLoop, inBranch));
                }
                case Expr.Reduce reduce -> {
                    double inner = points * Work.points(reduce.indices());
                    walk(reduce.domain(), inner, true, inBranch);
                    walk(reduce.body(), inner, true, inBranch);
                }
                case Expr.Fold fold -> {
                    double inner = points * Work.size(fold.index().size());
                    walk(fold.domain(), inner, true, inBranch);
                    fold.accumulators().forEach(accumulator -> walk(accumulator.body(), inner, true, inBranch));
                    walk(fold.result(), points, inLoop, inBranch);
                }
                case Expr.Select select -> {
                    walk(select.condition(), points, inLoop, inBranch);
                    walk(select.then(), points, inLoop, true);
                    walk(select.otherwise(), points, inLoop, true);
                }
                default -> Exprs.parts(expr, part -> walk(part, points, inLoop, inBranch));
            }
        }
    }
}
