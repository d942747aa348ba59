package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.compiler.elaborate.Datum.Int;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.source.Span;

/** The language's own functions and reductions. */
final class Builtins {
    private static final Set<String> REDUCTIONS = Set.of("sum", "prod", "max", "min", "mean", "count");
    private static final Map<String, UnaryOp> FUNCTIONS = Map.ofEntries(
            Map.entry("exp", UnaryOp.EXP),
            Map.entry("log", UnaryOp.LOG),
            Map.entry("sqrt", UnaryOp.SQRT),
            Map.entry("rsqrt", UnaryOp.RSQRT),
            Map.entry("sin", UnaryOp.SIN),
            Map.entry("cos", UnaryOp.COS),
            Map.entry("tanh", UnaryOp.TANH),
            Map.entry("erf", UnaryOp.ERF),
            Map.entry("abs", UnaryOp.ABS),
            Map.entry("floor", UnaryOp.FLOOR));
    static final Set<String> NAMES = names();

    private final Evaluator evaluator;
    private final Run run;

    Builtins(Evaluator evaluator) {
        this.evaluator = evaluator;
        this.run = evaluator.run;
    }

    private static Set<String> names() {
        Set<String> all = new java.util.TreeSet<>(REDUCTIONS);
        all.addAll(FUNCTIONS.keySet());
        all.addAll(List.of("ceil", "size", "fail", "pi", "inf"));
        return all;
    }

    Datum call(String name, Tree.Call call, Env env) {
        for (Tree.Argument argument : call.arguments()) {
            argument.name().ifPresent(given -> {
                throw Fault.of(
                        "TFX0102",
                        given.span(),
                        "`" + name + "` takes no argument `" + given + "`",
                        "give it without a name");
            });
        }
        if (!call.to().isEmpty()) {
            throw Fault.of("TFX0103", call.span(), "`" + name + "` maps no dimensions", "remove the arrow");
        }
        if (REDUCTIONS.contains(name) && !call.from().isEmpty()) {
            return reduce(name, call, env);
        }
        if (!call.from().isEmpty()) {
            throw Fault.of("TFX0103", call.span(), "`" + name + "` takes no dimensions", "remove the brackets");
        }
        return switch (name) {
            case "max", "min" -> extreme(name, call, env);
            case "size" -> size(call, env);
            case "fail" -> throw failure(call, env);
            case "ceil" -> {
                Tree.Expression operand = only(name, call);
                Datum below = evaluator.arithmetic.unary(
                        UnaryOp.NEG, evaluator.eval(operand, env), Kind.REAL, operand.span());
                Datum floor = evaluator.arithmetic.unary(UnaryOp.FLOOR, below, Kind.INTEGER, operand.span());
                yield evaluator.arithmetic.unary(UnaryOp.NEG, floor, Kind.INTEGER, operand.span());
            }
            default -> {
                UnaryOp op = FUNCTIONS.get(name);
                if (op == null) {
                    throw Fault.of(
                            "TFX0103",
                            call.span(),
                            "`" + name + "` needs the dimensions it reduces",
                            "write `" + name + "[d](...)`");
                }
                Tree.Expression operand = only(name, call);
                yield evaluator.arithmetic.unary(op, evaluator.eval(operand, env), Kind.REAL, operand.span());
            }
        };
    }

    private static Tree.Expression only(String name, Tree.Call call) {
        arguments(name, call, 1);
        return call.arguments().getFirst().value();
    }

    private static void arguments(String name, Tree.Call call, int count) {
        int given = call.arguments().size();
        if (given != count) {
            throw Fault.of(
                    given > count ? "TFX0120" : "TFX0103",
                    call.span(),
                    "`" + name + "` takes " + count + (count == 1 ? " argument, not " : " arguments, not ") + given,
                    "");
        }
    }

    private Datum extreme(String name, Tree.Call call, Env env) {
        if (call.arguments().size() == 1) {
            throw Fault.of(
                    "TFX0103",
                    call.span(),
                    "`" + name + "` of one argument needs the dimensions it reduces",
                    "write `" + name + "[d](...)`, or give two arguments");
        }
        arguments(name, call, 2);
        Tree.Expression a = call.arguments().get(0).value();
        Tree.Expression b = call.arguments().get(1).value();
        return evaluator.arithmetic.number(
                name.equals("max") ? BinaryOp.MAX : BinaryOp.MIN,
                evaluator.eval(a, env),
                evaluator.eval(b, env),
                new Arithmetic.Operands(a.span(), b.span(), call.span()));
    }

    private Datum size(Tree.Call call, Env env) {
        if (!(only("size", call) instanceof Tree.Reference name)) {
            throw Fault.of("TFX0106", call.span(), "`size` takes the name of a dimension", "");
        }
        Size product = Size.ONE;
        for (Dim dim : evaluator.dims(new Tree.Name(name.name(), name.span()), env)) {
            product = product.times(dim.size());
        }
        return new Int(product);
    }

    private RuntimeException failure(Tree.Call call, Env env) {
        StringBuilder message = new StringBuilder();
        String before = "";
        for (Tree.Argument argument : call.arguments()) {
            Datum value = evaluator.eval(argument.value(), env);
            message.append(before)
                    .append(value instanceof Datum.Text text && message.isEmpty() ? text.value() : value.toString());
            before = before.isEmpty() ? ": " : ", ";
        }
        return Fault.of("TFX0122", call.span(), message.toString(), "");
    }

    private Datum reduce(String name, Tree.Call call, Env env) {
        List<Dim> dims = evaluator.dims(call.from(), env);
        Tree.Expression operand = only(name, call);
        Term body = Arithmetic.term(evaluator.eval(operand, env.running(dims)), operand.span());
        List<Dim> free = new ArrayList<>(body.dims());
        free.removeAll(dims);
        Term total = switch (name) {
            case "sum", "mean" -> reduce(Monoid.SUM, dims, body, free);
            case "prod" -> reduce(Monoid.PRODUCT, dims, body, free);
            case "max" -> reduce(Monoid.MAX, dims, body, free);
            case "min" -> reduce(Monoid.MIN, dims, body, free);
            default -> count(dims, body, free);
        };
        if (!name.equals("mean")) {
            return total;
        }
        // The mean of nothing is 0, as its sum is.
        Expr divisor = body.domain().equals(Expr.TRUE)
                ? length(dims)
                : Exprs.binary(
                        BinaryOp.MAX,
                        new Expr.Number(1),
                        count(dims, body, free).expr());
        return new Term(Exprs.binary(BinaryOp.DIV, total.expr(), divisor), Expr.TRUE, free, Kind.REAL);
    }

    private Term count(List<Dim> dims, Term body, List<Dim> free) {
        if (body.domain().equals(Expr.TRUE)) {
            return new Term(length(dims), Expr.TRUE, free, Kind.INTEGER);
        }
        return reduce(Monoid.SUM, dims, new Term(Expr.TRUE, body.domain(), body.dims(), Kind.INTEGER), free);
    }

    private static Expr length(List<Dim> dims) {
        Size product = Size.ONE;
        for (Dim dim : dims) {
            product = product.times(dim.size());
        }
        return Exprs.length(product);
    }

    private Term reduce(Monoid monoid, List<Dim> dims, Term body, List<Dim> free) {
        if (body.type() == Kind.TRUTH) {
            // Truth values add up as 0 and 1: sum[s](a < b) counts.
            return reduce(monoid, dims, new Term(body.expr(), body.domain(), body.dims(), Kind.INTEGER), free);
        }
        Map<Index, Expr> by = new HashMap<>();
        List<Index> indices = new ArrayList<>();
        for (Dim dim : dims) {
            Index fresh = new Index(dim.name(), dim.size());
            indices.add(fresh);
            by.put(dim.index(), new Expr.At(fresh));
        }
        Expr reduced =
                new Expr.Reduce(monoid, indices, Exprs.replace(body.domain(), by), Exprs.replace(body.expr(), by));
        return new Term(reduced, Expr.TRUE, free, body.type());
    }

    /** Whether a name is one of the language's functions. */
    static boolean function(String name) {
        return NAMES.contains(name) && !name.equals("pi") && !name.equals("inf");
    }

    /** A span's text, for messages. */
    static String quoted(Span span) {
        return "`" + span.text() + "`";
    }
}
