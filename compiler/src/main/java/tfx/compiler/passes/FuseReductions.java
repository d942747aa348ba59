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
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * Streams what would be as long as the sequence squared. A value with two dimensions that grow with the sequence is inlined
 * into whatever reads it, so nothing stores it (unless it is an output). A sum over such values becomes a {@link Expr.Fold}
 * together with the reductions of the same values that it depends on, as far as algebra allows: see {@link FoldBuilder}.
 */
final class FuseReductions {
    private final Draft draft;
    private final String length;
    /** Reductions by value, wide reads expanded, before they were made folds. */
    private final Map<Value, Expr.Reduce> reductions = new HashMap<>();
    /** The wide values that a definition streams, through other wide values. */
    private final Map<Value, Set<Value>> streamed = new HashMap<>();

    private FuseReductions(Draft draft) {
        this.draft = draft;
        this.length = draft.program().length();
    }

    static Program program(Program program) {
        if (program.length() == null) {
            return program;
        }
        FuseReductions pass = new FuseReductions(new Draft(program));
        for (Value value : pass.draft.order()) {
            if (value instanceof Value.Comprehension definition) {
                pass.visit(definition);
            }
        }
        return pass.draft.freeze();
    }

    private void visit(Value.Comprehension value) {
        Draft.Definition before = draft.definition(value);
        Set<Value> through = new LinkedHashSet<>();
        for (Value read : Exprs.reads(before.domain(), before.body())) {
            if (isWide(read)) {
                through.add(read);
                through.addAll(streamed.getOrDefault(read, Set.of()));
            }
        }
        streamed.put(value, through);
        List<String> fused = before.fused();
        if (!through.isEmpty()) {
            for (Value read : through) {
                fused = Draft.joined(fused, read.name(), List.of());
            }
            before = new Draft.Definition(before.indices(), expand(before.domain()), expand(before.body()), fused);
        }
        if (before.body() instanceof Expr.Reduce reduce) {
            reductions.put(value, reduce);
            if (!through.isEmpty() && !isWide(value) && reduce.monoid() == Expr.Monoid.SUM) {
                FoldBuilder builder = new FoldBuilder(this, before.indices(), through);
                Expr fold = builder.build(reduce);
                for (Value read : builder.absorbed()) {
                    fused = Draft.joined(fused, read.name(), List.of());
                }
                before = new Draft.Definition(before.indices(), before.domain(), fold, fused);
            }
        }
        if (!through.isEmpty()) {
            draft.define(value, before);
        }
    }

    private Expr expand(Expr expr) {
        return Exprs.replaceReads(
                expr,
                read -> read.value() instanceof Value.Comprehension wide && isWide(wide)
                        ? Draft.instantiate(draft.definition(wide), read.at())
                        : null);
    }

    /** Whether a value grows with the square of the sequence length. */
    private boolean isWide(Value value) {
        return value instanceof Value.Comprehension definition
                && definition.indices().stream().filter(this::isSequence).count() >= 2;
    }

    boolean isSequence(Index index) {
        return index.size().symbols().contains(length);
    }

    Draft.Definition definition(Value.Comprehension value) {
        return draft.definition(value);
    }

    /** The reduction that {@code value} is, or null; streams of it may be shared with {@code through}. */
    Expr.Reduce reduction(Value value, Set<Value> through) {
        Expr.Reduce reduce = reductions.get(value);
        if (reduce == null || isWide(value) || reduce.indices().size() != 1) {
            return null;
        }
        Set<Value> common = new HashSet<>(streamed.getOrDefault(value, Set.of()));
        common.retainAll(through);
        return common.isEmpty() ? null : reduce;
    }

    static boolean sameDomain(Expr a, Expr b) {
        return a.equals(b) || new HashSet<>(Exprs.conjuncts(a)).equals(new HashSet<>(Exprs.conjuncts(b)));
    }

    static List<Index> without(List<Index> indices, Index index) {
        List<Index> rest = new ArrayList<>(indices);
        rest.remove(index);
        return rest;
    }
}
