package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Int;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Span;

/** Runs the statements of blocks and models, each in the scope that those before it left. */
final class Statements {
    private final Evaluator evaluator;
    private final Run run;

    Statements(Evaluator evaluator) {
        this.evaluator = evaluator;
        this.run = evaluator.run;
    }

    /** What a block returns. */
    Datum block(Tree.Block tree, Env start) {
        Env env = start;
        for (Tree.Statement statement : tree.body()) {
            if (statement instanceof Tree.Return result) {
                return evaluator.eval(result.value(), env);
            }
            if (statement instanceof Tree.Input || statement instanceof Tree.Output) {
                throw Fault.of(
                        "TFX0123",
                        statement.span(),
                        "a block has no inputs or outputs",
                        "give it a formal, or `return`");
            }
            env = step(statement, env);
        }
        throw Fault.of(
                "TFX0124",
                tree.name().span(),
                "the block `" + tree.name() + "` returns nothing",
                "end it with `return ...`");
    }

    /** Runs a model's statements and gives the scope they leave. */
    Env model(List<Tree.Statement> body, Env start) {
        Env env = start;
        for (Tree.Statement statement : body) {
            env = step(statement, env);
        }
        return env;
    }

    private Env step(Tree.Statement statement, Env env) {
        run.countStep(statement.span());
        return switch (statement) {
            case Tree.Definition definition -> {
                Datum value = evaluator.eval(definition.value(), shaped(definition.shape(), env));
                yield define(
                        definition.name(),
                        definition.shape(),
                        value,
                        definition.value().span(),
                        env);
            }
            case Tree.Parameter parameter -> parameter(parameter, env);
            case Tree.Input input -> input(input, env);
            case Tree.Output output -> output(output, env);
            case Tree.Layers layers -> layers(layers, env);
            case Tree.Return result ->
                throw Fault.of("TFX0123", result.span(), "a model returns nothing", "write `output name = ...`");
        };
    }

    /** The environment of a definition's right side: the dimensions of its brackets run. */
    private Env shaped(Optional<Tree.Shape> shape, Env env) {
        return shape.isEmpty() ? env : env.running(evaluator.dims(shape.get().dims(), env));
    }

    private Env define(Tree.Name name, Optional<Tree.Shape> shape, Datum value, Span span, Env env) {
        if (shape.isEmpty() && !(value instanceof Term)) {
            return env.with(name.text(), evaluator.bind(name.text(), value, name.span()));
        }
        Term term = Arithmetic.term(value, span);
        List<Dim> dims = shape.isPresent() ? evaluator.dims(shape.get().dims(), env) : term.dims();
        for (Dim dim : term.dims()) {
            if (!dims.contains(dim)) {
                throw unlisted(name, dim, dims, span);
            }
        }
        Term stored = stored(name, term, dims, env);
        run.remember(env.frame().placed(name.text()), stored);
        return env.with(name.text(), Scope.Slot.of(stored));
    }

    private static RuntimeException unlisted(Tree.Name name, Dim dim, List<Dim> dims, Span span) {
        for (Dim other : dims) {
            if (other.name().equals(dim.name())) {
                return Fault.of(
                        "TFX0104",
                        span,
                        "the right side has the dimension " + dim.shown() + " bound at "
                                + dim.origin().position() + "; `" + name + "` has another, " + other.shown()
                                + " bound at " + other.origin().position(),
                        "two dimensions are the same only if they are the same binding; read the value by position");
            }
        }
        return Fault.of(
                "TFX0112",
                span,
                "the right side has the dimension " + dim.shown() + " (bound at "
                        + dim.origin().position() + "), which `" + name + "` does not list: " + Dim.shown(dims),
                "list it, reduce over it, or read it at an index");
    }

    private Term stored(Tree.Name name, Term term, List<Dim> dims, Env env) {
        String path = env.frame().named(name.text());
        Value alias = Run.alias(term, dims);
        if (alias != null) {
            run.note(path, alias, dims, true);
            return term;
        }
        Value value = run.store(path, term, dims, name.span());
        run.note(path, value, dims, true);
        // Integer and truth expressions stay in sight, for the proofs about indices and masks.
        return Run.inline(term) ? term.reordered(dims) : run.read(value, term, dims);
    }

    private Env parameter(Tree.Parameter parameter, Env env) {
        List<Dim> dims = evaluator.dims(parameter.shape().dims(), env);
        String path = env.frame().named(parameter.name().text());
        Initial initial =
                parameter.initial().isPresent() ? initial(parameter.initial().get(), env) : Initial.ZEROS;
        Term value = run.transforms.apply(
                evaluator,
                path,
                dims,
                env,
                parameter,
                (stored, shape) -> stored(parameter, path, stored, initial, shape));
        return env.with(parameter.name().text(), Scope.Slot.of(value));
    }

    /** A parameter as the weights hold it. */
    private Term stored(Tree.Parameter parameter, String path, List<Dim> dims, Initial initial, Span written) {
        List<Size> shape = new ArrayList<>();
        Size elements = Size.ONE;
        for (Dim dim : dims) {
            if (!run.check && !dim.size().isConstant()) {
                throw Fault.of(
                        "TFX0114",
                        written,
                        "the dimension " + dim.shown() + " of a parameter is not known before the run",
                        "a parameter's dimensions are sizes of the model");
            }
            shape.add(dim.size());
            elements = product(elements, dim.size(), written);
        }
        if (elements.isConstant() && elements.constant() > Run.MOST_LENGTH) {
            throw Fault.of("TFX0114", written, "the parameter has more than 2^40 elements: " + Dim.shown(dims), "");
        }
        Value.Parameter value = new Value.Parameter(path, shape);
        Elaborated.ParameterInfo info = new Elaborated.ParameterInfo(
                value,
                dims.stream().map(Dim::name).toList(),
                initial,
                parameter.name().span());
        Elaborated.ParameterInfo twice = run.parameters.putIfAbsent(path, info);
        if (twice != null) {
            throw Fault.of(
                    "TFX0107",
                    parameter.name().span(),
                    "two parameters have the path `" + path + "`; the other is declared at "
                            + twice.span().position(),
                    "give one of the calls that lead here a `name:` of its own");
        }
        run.dimensions.put(path, info.dimensions());
        return new Term(Run.at(value, dims), Expr.TRUE, dims, Kind.REAL);
    }

    private static Size product(Size a, Size b, Span span) {
        try {
            return a.times(b);
        } catch (ArithmeticException overflow) {
            throw Fault.of("TFX0114", span, "the parameter has more than 2^40 elements", "");
        }
    }

    private Initial initial(Tree.Expression expression, Env env) {
        if (expression instanceof Tree.Reference reference) {
            switch (reference.name()) {
                case "ones" -> {
                    return new Initial(Initial.Rule.CONSTANT, 1);
                }
                case "zeros" -> {
                    return Initial.ZEROS;
                }
                default -> {}
            }
        }
        if (expression instanceof Tree.Call call
                && call.callee() instanceof Tree.Reference rule
                && call.arguments().size() == 1
                && (rule.name().equals("normal") || rule.name().equals("uniform"))) {
            Tree.Expression argument = call.arguments().getFirst().value();
            return new Initial(
                    rule.name().equals("normal") ? Initial.Rule.NORMAL : Initial.Rule.UNIFORM,
                    real(evaluator.eval(argument, env), argument.span()));
        }
        return new Initial(Initial.Rule.CONSTANT, real(evaluator.eval(expression, env), expression.span()));
    }

    private double real(Datum datum, Span span) {
        return switch (datum) {
            case Datum.Real number -> number.value();
            case Int number when number.size().isConstant() -> number.size().constant();
            case Int number when run.check -> 1;
            case Term term when run.check && term.dims().isEmpty() -> 1;
            default -> throw Fault.of("TFX0106", span, "a number is expected here, not " + datum.kind(), "");
        };
    }

    private Env input(Tree.Input input, Env start) {
        Env env = start;
        if (!env.frame().path().isEmpty()) {
            throw Fault.of("TFX0123", input.span(), "inputs stand outside of layers", "move it before them");
        }
        List<Dim> dims = new ArrayList<>();
        for (Tree.InputDim declared : input.dims()) {
            String name = declared.name().text();
            List<Dim> known = evaluator.dims(name, env);
            Dim dim = known != null && known.size() == 1
                    ? run.usable(known.getFirst(), declared.span())
                    : new Dim(name, Size.symbol(name), declared.name().span());
            if (known == null) {
                env = env.with(name, Scope.Slot.of(new Int(dim.size()), List.of(dim)));
                run.length = run.length == null ? name : run.length;
            }
            if (declared.limit().isPresent()) {
                limit(dim, declared.limit().get(), env);
            }
            dims.add(dim);
        }
        Kind kind = input.ids().isPresent() ? Kind.INTEGER : Kind.REAL;
        Value.Input value = new Value.Input(
                input.name().text(),
                dims.stream().map(Dim::size).toList(),
                kind == Kind.INTEGER ? Value.Kind.INTEGER : Value.Kind.REAL);
        if (input.ids().isPresent()) {
            run.ids.put(value, integer(input.ids().get(), env));
        }
        run.inputs.add(value);
        run.note(value.name(), value, dims, true);
        return env.with(value.name(), Scope.Slot.of(new Term(Run.at(value, dims), Expr.TRUE, dims, kind)));
    }

    private void limit(Dim dim, Tree.Expression expression, Env env) {
        Size most = integer(expression, env);
        String symbol = dim.size().onlySymbol();
        if (symbol != null) {
            run.sizes.limit(symbol, most);
        }
    }

    private Size integer(Tree.Expression expression, Env env) {
        Datum value = evaluator.eval(expression, env);
        if (!(value instanceof Int number)) {
            throw Fault.of("TFX0106", expression.span(), "an integer is expected here, not " + value.kind(), "");
        }
        return number.size();
    }

    private Env output(Tree.Output output, Env env) {
        Datum value = evaluator.eval(output.value(), shaped(output.shape(), env));
        Term term = Arithmetic.term(value, output.value().span());
        Env after = define(output.name(), output.shape(), term, output.value().span(), env);
        String path = after.frame().named(output.name().text());
        if (run.outputs.put(path, run.named.get(path)) != null) {
            throw Fault.of(
                    "TFX0119",
                    output.name().span(),
                    "there are two outputs `" + output.name() + "`",
                    "rename one of them");
        }
        return after;
    }

    private Env layers(Tree.Layers layers, Env start) {
        // Where the number of layers is not known yet, the body is checked once.
        Size from = integer(layers.from(), start);
        Size to = integer(layers.to(), start);
        if (!from.isConstant() || !to.isConstant()) {
            String symbol = to.onlySymbol();
            if (symbol != null) {
                String name = layers.named().map(Tree.Name::text).orElse("layers");
                run.stacksOfLayers.put(symbol, start.frame().named(name));
            }
            return layer(layers, from.isConstant() ? from.constant() : 0, start);
        }
        long count = to.constant() - from.constant();
        if (count < 0 || count > Run.MOST_LAYERS || from.constant() < 0) {
            throw Fault.of(
                    "TFX0114",
                    layers.to().span(),
                    "`layers " + layers.index() + " in " + from + " .. " + to + "` makes " + count + " layers",
                    "at most " + Run.MOST_LAYERS + " layers are elaborated");
        }
        Env env = start;
        for (long l = from.constant(); l < to.constant(); l++) {
            env = layer(layers, l, env);
        }
        return env;
    }

    private Env layer(Tree.Layers layers, long number, Env before) {
        run.countStep(layers.span());
        Datum index = new Int(Size.of(number));
        String name = layers.named().map(Tree.Name::text).orElse("layers");
        Env.Frame frame = before.frame().layer(name, number);
        // The index is a number, no dimension: w[l, d] reads element l.
        Env env = Env.in(Scope.with(before.scope(), layers.index().text(), Scope.Slot.of(index)), frame);
        run.layers.push(new Run.Layer(layers.index().text(), index));
        Env inside = model(layers.body(), env);
        run.layers.pop();
        return carried(layers, inside, env, before);
    }

    /** The scope after a layer: names that existed before it and were redefined in it are carried on. */
    private static Env carried(Tree.Layers layers, Env inside, Env entered, Env before) {
        Env after = before;
        Set<String> done = new HashSet<>();
        for (Scope defined : Scope.between(inside.scope(), entered.scope())) {
            String name = defined.name();
            Scope.@Nullable Slot old = Scope.find(before.scope(), name);
            if (old == null || !done.add(name)) {
                continue;
            }
            Datum now = defined.slot().value();
            if (now instanceof Term term
                    && old.forced().value() instanceof Term earlier
                    && !(term.dims().size() == earlier.dims().size()
                            && earlier.dims().containsAll(term.dims()))) {
                throw Fault.of(
                        "TFX0109",
                        place(layers, name),
                        "`" + name + "` is " + Dim.shown(earlier.dims()) + " before this layer and "
                                + Dim.shown(term.dims()) + " after it",
                        "a value carried from layer to layer keeps its dimensions");
            }
            after = after.with(name, defined.slot());
        }
        return after;
    }

    private static Span place(Tree.Layers layers, String name) {
        Span last = layers.span();
        for (Tree.Statement statement : layers.body()) {
            if (statement instanceof Tree.Definition definition
                    && definition.name().text().equals(name)) {
                last = definition.span();
            }
        }
        return last;
    }
}
