package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.source.Span;

/**
 * The dimensions of one call: the callee's own for the caller's. Every formal dimension is a new one, so that {@code
 * linear[d -> d]} tells what it reads from what it makes; the result is mapped back.
 */
final class Patterns {
    private final Run run;
    private final String callee;
    /** The callee's dimension to the caller's. */
    private final Map<Dim, Dim> outward = new HashMap<>();
    /** The caller's dimensions that a formal name stands for. */
    private final Map<String, List<Dim>> outer = new HashMap<>();

    private final Map<String, List<Dim>> inner = new HashMap<>();

    Patterns(Run run, String callee) {
        this.run = run;
        this.callee = callee;
    }

    /** An argument in the callee's dimensions. */
    record Match(Term term, Map<String, List<Dim>> bound, List<Dim> rest) {}

    static Scope.Slot slot(List<Dim> dims) {
        Size product = Size.ONE;
        for (Dim dim : dims) {
            product = product.times(dim.size());
        }
        return Scope.Slot.of(new Datum.Int(product), dims);
    }

    /** Binds a name of the header to the caller's dimensions. */
    List<Dim> header(Tree.Name name, List<Dim> group) {
        List<Dim> fresh = new ArrayList<>();
        for (Dim dim : group) {
            Dim own = new Dim(group.size() == 1 ? name.text() : dim.name(), dim.size(), name.span());
            fresh.add(own);
            outward.put(own, dim);
        }
        outer.put(name.text(), group);
        inner.put(name.text(), fresh);
        return fresh;
    }

    Match inward(Tree.Shape pattern, Term term, Env env, Span span) {
        List<Dim> remaining = new ArrayList<>(term.dims());
        List<Tree.Name> names = pattern.dims();
        Map<String, List<Dim>> taken = new HashMap<>();
        for (Tree.Name name : names) {
            List<Dim> group = outer.get(name.text());
            if (group != null) {
                for (Dim dim : group) {
                    if (!remaining.remove(dim)) {
                        throw missing(name, dim, pattern, term, span);
                    }
                }
                taken.put(name.text(), group);
            }
        }
        int rest = rest(names);
        Map<String, List<Dim>> bound = new LinkedHashMap<>();
        List<Tree.Name> before = open(names.subList(0, rest < 0 ? names.size() : rest), taken);
        List<Tree.Name> after = rest < 0 ? List.of() : open(names.subList(rest + 1, names.size()), taken);
        if (remaining.size() < before.size() + after.size() || (rest < 0 && remaining.size() > before.size())) {
            throw Fault.of(
                    "TFX0104",
                    span,
                    "`" + callee + "` takes a tensor of shape " + shown(pattern) + " here and is given "
                            + Dim.shown(term.dims()),
                    rest < 0
                            ? "reduce or read the other dimensions, or write `..` in the header"
                            : "give it the dimensions it lacks");
        }
        for (Tree.Name name : before) {
            take(name, remaining.removeFirst(), taken, bound, env, span);
        }
        for (Tree.Name name : after.reversed()) {
            take(name, remaining.removeLast(), taken, bound, env, span);
        }
        Map<Index, Expr> by = new HashMap<>();
        List<Dim> order = new ArrayList<>();
        for (Tree.Name name : names) {
            if (name.text().equals("..")) {
                order.addAll(remaining);
                continue;
            }
            List<Dim> from = taken.get(name.text());
            List<Dim> to = inner.get(name.text());
            for (int i = 0; i < from.size(); i++) {
                by.put(from.get(i).index(), new Expr.At(to.get(i).index()));
            }
            order.addAll(to);
        }
        Term local = new Term(Exprs.replace(term.expr(), by), Exprs.replace(term.domain(), by), order, term.type());
        return new Match(local, bound, remaining);
    }

    private static int rest(List<Tree.Name> names) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).text().equals("..")) {
                return i;
            }
        }
        return -1;
    }

    private static List<Tree.Name> open(List<Tree.Name> names, Map<String, List<Dim>> taken) {
        return names.stream().filter(name -> !taken.containsKey(name.text())).toList();
    }

    private void take(
            Tree.Name name, Dim dim, Map<String, List<Dim>> taken, Map<String, List<Dim>> bound, Env env, Span span) {
        Dim own = earlier(name, env);
        if (own == null) {
            own = new Dim(name.text(), dim.size(), name.span());
        } else if (!run.sizes.same(own.size(), dim.size())) {
            throw Fault.of(
                    "TFX0104",
                    span,
                    "`" + callee + "` takes " + own.shown() + " here and is given " + dim.shown() + " (bound at "
                            + dim.origin().position() + ")",
                    "give both the same length");
        }
        taken.put(name.text(), List.of(dim));
        bound.put(name.text(), List.of(own));
        outward.put(own, dim);
        outer.put(name.text(), List.of(dim));
        inner.put(name.text(), List.of(own));
    }

    /** The dimension of an earlier integer formal of that name. */
    private static @Nullable Dim earlier(Tree.Name name, Env env) {
        Scope.Slot slot = Scope.find(env.scope(), name.text());
        return slot != null && slot.dims() != null && slot.dims().size() == 1
                ? slot.dims().getFirst()
                : null;
    }

    private RuntimeException missing(Tree.Name name, Dim dim, Tree.Shape pattern, Term term, Span span) {
        StringBuilder twin = new StringBuilder();
        for (Dim other : term.dims()) {
            if (other.name().equals(dim.name())) {
                twin.append("; its ")
                        .append(other.shown())
                        .append(" is another dimension, bound at ")
                        .append(other.origin().position());
            }
        }
        return Fault.of(
                "TFX0104",
                span,
                "`" + callee + "` takes a tensor of shape " + shown(pattern) + " with " + name + " = " + dim.shown()
                        + " (bound at " + dim.origin().position() + ") and is given " + Dim.shown(term.dims()) + twin,
                "give it a tensor over `" + dim.name() + "`, or name its own dimension in the call");
    }

    static String shown(Tree.Shape shape) {
        return "["
                + String.join(", ", shape.dims().stream().map(Tree.Name::text).toList()) + "]";
    }

    /** The result in the caller's dimensions. */
    Term outward(Term term, Span span) {
        Map<Index, Expr> by = new HashMap<>();
        List<Dim> dims = new ArrayList<>();
        for (Dim dim : term.dims()) {
            Dim mapped = outward.getOrDefault(dim, dim);
            if (dims.contains(mapped)) {
                throw Fault.of(
                        "TFX0121",
                        span,
                        "the result of `" + callee + "` has the dimension " + mapped.shown() + " twice",
                        "bind a second name of that size (`s = size(" + mapped.name() + ")`) and use it in the call");
            }
            dims.add(mapped);
            if (mapped != dim) {
                by.put(dim.index(), new Expr.At(mapped.index()));
            }
        }
        return new Term(Exprs.replace(term.expr(), by), Exprs.replace(term.domain(), by), dims, term.type());
    }
}
