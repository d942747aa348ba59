package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Span;

/** Reads of tensors by position, and of what definitions were in earlier layers. */
final class Reads {
    private final Evaluator evaluator;
    private final Run run;
    private final Bounds bounds;

    Reads(Evaluator evaluator) {
        this.evaluator = evaluator;
        this.run = evaluator.run;
        this.bounds = new Bounds(run);
    }

    /** One index of a read: an expression, the dimensions free in it, where it is written. */
    private record At(Expr expr, Expr domain, List<Dim> dims, Span span, boolean plain) {}

    Datum read(Tree.Read read, Env env) {
        Datum datum = evaluator.eval(read.value(), env);
        if (!(datum instanceof Term value)) {
            throw Fault.of(
                    "TFX0106",
                    read.value().span(),
                    Builtins.quoted(read.value().span()) + " is " + datum.kind()
                            + (datum instanceof Datum.Block block ? Calls.stillNeeds(block) : "")
                            + " and has no elements",
                    datum instanceof Datum.Block ? "call it with `(...)`" : "only tensors are read");
        }
        List<At> at = indices(read, value, env);
        if (at.size() != value.dims().size()) {
            throw Fault.of(
                    "TFX0111",
                    read.span(),
                    Builtins.quoted(read.value().span()) + " has "
                            + value.dims().size() + " dimensions, " + Dim.shown(value.dims()) + ", and is read with "
                            + at.size() + " indices",
                    "give one index for each, or `..` for those that stay as they are");
        }
        Map<Index, Expr> by = new HashMap<>();
        Expr domain = Expr.TRUE;
        List<Dim> free = new ArrayList<>();
        for (int i = 0; i < at.size(); i++) {
            Dim dim = value.dims().get(i);
            At index = at.get(i);
            inside(dim, index, value, read, env);
            by.put(dim.index(), index.expr());
            domain = Exprs.and(domain, index.domain());
            for (Dim used : index.dims()) {
                if (!free.contains(used)) {
                    free.add(used);
                }
            }
        }
        return new Term(
                Exprs.replace(value.expr(), by),
                Exprs.and(Exprs.replace(value.domain(), by), domain),
                free,
                value.type());
    }

    private List<At> indices(Tree.Read read, Term value, Env env) {
        List<At> all = new ArrayList<>();
        int fixed = read.at().size();
        for (Tree.Expression written : read.at()) {
            if (written instanceof Tree.Reference name) {
                if (name.name().equals("..")) {
                    // The dimensions in this place stay as they are.
                    int from = all.size();
                    int count = value.dims().size() - width(read, env);
                    for (int i = 0; i < count && from + i < value.dims().size(); i++) {
                        all.add(plain(value.dims().get(from + i), written.span()));
                    }
                    continue;
                }
                List<Dim> dims = evaluator.dims(name.name(), env);
                if (dims != null) {
                    for (Dim dim : dims) {
                        all.add(plain(run.usable(dim, written.span()), written.span()));
                    }
                    continue;
                }
            }
            Term index = Arithmetic.term(evaluator.eval(written, env), written.span());
            if (index.type() != Kind.INTEGER) {
                throw Fault.of(
                        "TFX0106",
                        written.span(),
                        "an index is an integer; " + Builtins.quoted(written.span()) + " is "
                                + (index.type() == Kind.REAL ? "real" : "a truth value"),
                        "use `floor(...)` or `div`");
            }
            all.add(new At(index.expr(), index.domain(), index.dims(), written.span(), false));
        }
        return fixed == 0 ? List.of() : all;
    }

    private static At plain(Dim dim, Span span) {
        return new At(new Expr.At(dim.index()), Expr.TRUE, List.of(dim), span, true);
    }

    /** How many indices the brackets hold beside {@code ..}. */
    private int width(Tree.Read read, Env env) {
        int width = 0;
        for (Tree.Expression written : read.at()) {
            if (written instanceof Tree.Reference name) {
                List<Dim> dims = name.name().equals("..") ? List.of() : evaluator.dims(name.name(), env);
                width += dims == null ? 1 : dims.size();
            } else {
                width++;
            }
        }
        return width;
    }

    /** Refuses an index that leaves its dimension; under conditions, one that does so where they hold, as far as that is known. */
    private void inside(Dim dim, At index, Term value, Tree.Read read, Env env) {
        if (index.expr() instanceof Expr.At at
                && (at.index() == dim.index() || run.sizes.same(at.index().size(), dim.size()))) {
            return;
        }
        Bounds.Range range = bounds.of(index.expr());
        Size last = dim.size().minus(Size.ONE);
        if (range != null && run.sizes.atMost(Size.ZERO, range.low()) && run.sizes.atMost(range.high(), last)) {
            return;
        }
        String shown = Builtins.quoted(read.value().span()) + " has the dimension " + dim.shown();
        boolean never =
                range != null && (run.sizes.above(Size.ZERO, range.high()) || run.sizes.above(range.low(), last));
        if (range == null || !(env.conditions().isEmpty() || never)) {
            tried(dim, index, shown, env);
            return;
        }
        boolean above = run.sizes.above(range.high(), last) || run.sizes.above(Size.ZERO, range.low());
        if (!above && run.check) {
            // Sizes yet unknown decide; elaboration with their values does.
            if (!index.plain() || !unrelated(index.expr(), dim)) {
                return;
            }
        }
        if (index.plain()) {
            throw Fault.of(
                    "TFX0104",
                    index.span(),
                    shown + " (bound at " + dim.origin().position() + ") here and is read at "
                            + index.dims().getFirst().shown() + " (bound at "
                            + index.dims().getFirst().origin().position() + ")",
                    "read it at an index of the same length");
        }
        throw Fault.of(
                "TFX0110",
                index.span(),
                shown + " and is read at " + Builtins.quoted(index.span()) + ", which runs over " + range.low() + " .. "
                        + range.high() + " (included)",
                "keep the index inside, or read under `if` or `where`");
    }

    /** Refuses an index by a point at which it lies outside; sizes that are not known yet have none. */
    private void tried(Dim dim, At index, String shown, Env env) {
        Points.Outside outside =
                run.check ? null : Points.outside(index.expr(), dim.size(), env.conditions(), run.sizes.limits());
        if (outside != null) {
            throw Fault.of(
                    "TFX0110",
                    index.span(),
                    shown + " and is read at " + Builtins.quoted(index.span()) + ", which is " + outside
                            + (env.conditions().isEmpty() ? "" : ", where the condition can hold"),
                    "keep the index inside, or narrow the condition");
        }
    }

    private boolean unrelated(Expr index, Dim dim) {
        Size own = run.sizes.normal(((Expr.At) index).index().size());
        Size other = run.sizes.normal(dim.size());
        return java.util.Collections.disjoint(own.symbols(), other.symbols());
    }

    /** {@code v @ j}. */
    Datum earlier(Tree.Earlier earlier, Env env) {
        if (!(earlier.value() instanceof Tree.Reference name)) {
            throw Fault.of(
                    "TFX0113",
                    earlier.value().span(),
                    "`@` reads a named definition of an earlier layer",
                    "name the value first");
        }
        if (run.layers.isEmpty()) {
            throw Fault.of("TFX0113", earlier.span(), "`@` is only known inside `layers`", "");
        }
        long now = ((Datum.Int) run.layers.peek().number()).size().constant();
        TreeMap<Long, Term> known = run.history.get(env.frame().placed(name.name()));
        Datum layer = evaluator.eval(earlier.layer(), env);
        if (layer instanceof Datum.Int number && number.size().isConstant()) {
            long at = number.size().constant();
            Term past = known == null ? null : known.get(at);
            if (past == null) {
                throw notThere(earlier, name, at, now, known);
            }
            return mapped(past, name, known.get(now), env, earlier.span());
        }
        Term index = Arithmetic.term(layer, earlier.layer().span());
        Bounds.Range range = index.type() == Kind.INTEGER ? bounds.of(index.expr()) : null;
        if (range == null || !range.high().isConstant() || !range.low().isConstant()) {
            throw Fault.of(
                    "TFX0113",
                    earlier.layer().span(),
                    "the layer is an integer known before the run, or an index over a dimension of known size",
                    "");
        }
        return stacked(earlier, name, index, range, known, now, env);
    }

    private static RuntimeException notThere(
            Tree.Earlier earlier, Tree.Reference name, long at, long now, @Nullable TreeMap<Long, Term> known) {
        String why = known == null
                ? "`" + name.name() + "` is not defined in this block at this place"
                : at > now
                        ? "layer " + at + " comes after layer " + now + ", where it is read"
                        : "`" + name.name() + "` has no value of layer " + at + " here; it has those of "
                                + known.keySet();
        return Fault.of(
                "TFX0113",
                earlier.span(),
                why,
                "`v @ j` is what the definition v was in layer j, below this one or this one after v");
    }

    /** A value of an earlier layer in the dimensions that this layer's instance has for them. */
    private Term mapped(Term past, Tree.Reference name, @Nullable Term present, Env env, Span span) {
        Map<Index, Expr> by = new HashMap<>();
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < past.dims().size(); i++) {
            Dim dim = past.dims().get(i);
            Dim here = here(dim, i, past, present, env);
            if (here == null || !run.sizes.same(here.size(), dim.size())) {
                throw Fault.of(
                        "TFX0104",
                        span,
                        "`" + name.name() + "` had the dimension " + dim.shown() + " in that layer and "
                                + (here == null ? "there is none of that name here" : "here it is " + here.shown()),
                        "values read across layers have one shape in all of them");
            }
            dims.add(here);
            by.put(dim.index(), new Expr.At(here.index()));
        }
        return new Term(Exprs.replace(past.expr(), by), Exprs.replace(past.domain(), by), dims, past.type());
    }

    private @Nullable Dim here(Dim dim, int position, Term past, @Nullable Term present, Env env) {
        if (present != null && present.dims().size() == past.dims().size()) {
            return present.dims().get(position);
        }
        for (Scope scope : Scope.between(env.scope(), null)) {
            List<Dim> dims = scope.slot().dims();
            if (dims != null && dims.contains(dim)) {
                return dim;
            }
        }
        List<Dim> named = evaluator.dims(dim.name(), env);
        if (named != null && named.size() == 1) {
            return named.getFirst();
        }
        return env.frame().rest().contains(dim) ? dim : null;
    }

    private Term stacked(
            Tree.Earlier earlier,
            Tree.Reference name,
            Term index,
            Bounds.Range range,
            @Nullable TreeMap<Long, Term> known,
            long now,
            Env env) {
        long count = range.high().constant() + 1;
        List<Term> parts = new ArrayList<>();
        for (long j = 0; j < count; j++) {
            Term part = known == null ? null : known.get(j);
            if (part == null || range.low().constant() < 0) {
                throw notThere(
                        earlier, name, range.low().constant() < 0 ? range.low().constant() : j, now, known);
            }
            parts.add(mapped(part, name, known.get(now), env, earlier.span()));
        }
        List<Dim> dims = parts.getFirst().dims();
        String path = env.frame().named(name.name()) + "@" + count;
        Value stack =
                run.stacks.computeIfAbsent(path, key -> new Value.Stack(key, parts(parts, dims, path, earlier.span())));
        List<Expr> at = new ArrayList<>();
        at.add(index.expr());
        dims.forEach(dim -> at.add(new Expr.At(dim.index())));
        Expr domain = parts.getLast().domain();
        for (int j = parts.size() - 2; j >= 0; j--) {
            Expr here = Exprs.binary(Expr.BinaryOp.EQ, index.expr(), new Expr.Number(j));
            domain = Exprs.select(here, parts.get(j).domain(), domain);
        }
        return new Term(
                new Expr.Read(stack, at),
                Exprs.and(index.domain(), domain),
                Arithmetic.union(index.dims(), dims),
                parts.getFirst().type());
    }

    private List<Value> parts(List<Term> terms, List<Dim> dims, String path, Span span) {
        List<Value> values = new ArrayList<>();
        for (Term term : terms) {
            Value alias = Run.alias(term, dims);
            values.add(alias != null ? alias : run.store(path + "." + values.size(), term, dims, span));
        }
        return values;
    }
}
