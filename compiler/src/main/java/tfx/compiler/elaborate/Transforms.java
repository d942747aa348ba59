package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import tfx.compiler.elaborate.Datum.Block;
import tfx.compiler.elaborate.Datum.Given;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;
import tfx.source.Span;

/**
 * The {@code transform} clauses of a model: what a parameter is, computed from what is stored. Of the clauses of one
 * declaration the last that fits a parameter applies; those of what it is a variant of come first.
 */
final class Transforms {
    /** A clause and the formals that its expressions see. */
    private record Clause(Tree.Transform tree, Env env) {}

    private final List<List<Clause>> declarations = new ArrayList<>();
    private final Map<String, Value> results = new LinkedHashMap<>();
    private final Set<String> own = new TreeSet<>();
    private boolean running;

    /** @param formals the environment that sees the model's formals from a file */
    void declare(ModelRef model, Function<Module, Env> formals) {
        for (Module.Declared declared : model.chain().reversed()) {
            List<Clause> clauses = new ArrayList<>();
            for (Tree.Clause clause : ModelRef.clauses(declared)) {
                if (clause instanceof Tree.Transform tree) {
                    clauses.add(new Clause(tree, formals.apply(declared.module())));
                }
            }
            if (!clauses.isEmpty()) {
                declarations.add(clauses.reversed());
            }
        }
    }

    /** What parameters are, by path, where a transform applies to them. */
    Map<String, Value> results() {
        return results;
    }

    /** The paths of the parameters that transforms themselves declare. */
    Set<String> own() {
        return own;
    }

    /** Declares the parameter as it is stored. */
    interface Storage {
        Term declare(List<Dim> dims, Span shape);
    }

    /**
     * A parameter's value.
     *
     * @param dims as the block that declares it has them
     */
    Term apply(Evaluator evaluator, String path, List<Dim> dims, Env env, Tree.Parameter declared, Storage storage) {
        if (running) {
            own.add(path);
            return storage.declare(dims, declared.shape().span());
        }
        Term value = null;
        for (List<Clause> declaration : declarations) {
            for (Clause clause : declaration) {
                if (Paths.match(Paths.pattern(clause.tree.path()), path).isEmpty()) {
                    continue;
                }
                List<Dim> before = before(evaluator, clause, dims);
                Span shape = clause.tree
                        .stored()
                        .map(Tree.Shape::span)
                        .orElse(clause.tree.path().span());
                if (value == null) {
                    value = storage.declare(before, shape);
                }
                value = run(
                        evaluator,
                        clause,
                        over(evaluator, value, before, shape),
                        env,
                        declared.name().text());
                break;
            }
        }
        if (value == null) {
            return storage.declare(dims, declared.shape().span());
        }
        Term result = over(evaluator, value, dims, declared.span());
        Value.Comprehension stored = evaluator.run.store(path, result, dims, declared.span());
        results.put(path, stored);
        return evaluator.run.read(stored, result, dims);
    }

    /** The dimensions of what a clause is applied to: those in its brackets, {@code ..} the parameter's others. */
    private static List<Dim> before(Evaluator evaluator, Clause clause, List<Dim> dims) {
        if (clause.tree.stored().isEmpty()) {
            return dims;
        }
        List<Tree.Name> names = clause.tree.stored().get().dims();
        int rest = dims.size() - (names.size() - 1);
        List<Dim> all = new ArrayList<>();
        for (Tree.Name name : names) {
            if (name.text().equals("..")) {
                for (int i = 0; i < rest && all.size() < dims.size(); i++) {
                    all.add(dims.get(all.size()));
                }
            } else {
                all.addAll(evaluator.dims(List.of(name), clause.env));
            }
        }
        return all;
    }

    private Term run(Evaluator evaluator, Clause clause, Term value, Env at, String name) {
        Tree.Expression written = clause.tree.value();
        Datum callee = evaluator.eval(written, clause.env);
        if (!(callee instanceof Block block)) {
            throw Fault.of(
                    "TFX0106",
                    written.span(),
                    "a transform is a block of one tensor, not " + callee.kind(),
                    "leave the formal that takes the parameter open: `transform quantized(bits: 4) on ...`");
        }
        running = true;
        try {
            Given given = new Given(value, null, null, clause.tree.path().span());
            Datum result = evaluator.calls.apply(block, given, at.frame().inside(name), written.span());
            return Arithmetic.term(result, written.span());
        } finally {
            running = false;
        }
    }

    /** The same elements over other dimensions of the same lengths; TFX0125 where they have others. */
    private static Term over(Evaluator evaluator, Term value, List<Dim> dims, Span span) {
        boolean same = value.dims().size() == dims.size();
        Map<Index, Expr> by = new HashMap<>();
        for (int i = 0; same && i < dims.size(); i++) {
            same = evaluator.run.sizes.same(
                    value.dims().get(i).size(), dims.get(i).size());
            by.put(value.dims().get(i).index(), new Expr.At(dims.get(i).index()));
        }
        if (!same) {
            throw Fault.of(
                    "TFX0125",
                    span,
                    "the parameter is " + Dim.shown(dims) + " here, and its transform gives " + Dim.shown(value.dims()),
                    "a transform gives the shape that the parameter is declared with; `on path[...]` says the shape before");
        }
        return new Term(Exprs.replace(value.expr(), by), Exprs.replace(value.domain(), by), dims, value.type());
    }
}
