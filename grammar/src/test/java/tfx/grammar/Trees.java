package tfx.grammar;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import tfx.source.Source;
import tfx.source.Span;

/** Draws syntax trees of blocks; their places are made up. */
final class Trees {
    private static final Span AT = new Span(new Source("<drawn>", ""), 0, 0);

    private Trees() {}

    static Arbitrary<Tree.File> files() {
        Arbitrary<Tree.Declaration> block = Combinators.combine(
                        name(),
                        name().list().ofMaxSize(2),
                        name().list().ofMaxSize(2),
                        formal().list().ofMaxSize(4),
                        statement(2).list().ofMaxSize(5))
                .as((name, from, to, formals, body) ->
                        new Tree.Block(name, from, from.isEmpty() ? List.of() : to, formals, body, "", AT));
        return block.list().ofMinSize(1).ofMaxSize(3).map(all -> new Tree.File(List.of(), all, AT));
    }

    private static Arbitrary<Tree.Name> name() {
        return Arbitraries.of(
                        "a",
                        "b",
                        "x_1",
                        "in",
                        "named",
                        "config",
                        "names",
                        "prefix",
                        "when",
                        "on",
                        "transform",
                        "id",
                        "a_rather_long_name_indeed")
                .map(text -> new Tree.Name(text, AT));
    }

    private static Arbitrary<Tree.Shape> shape() {
        return Arbitraries.oneOf(name(), Arbitraries.just(new Tree.Name("..", AT)))
                .list()
                .ofMinSize(1)
                .ofMaxSize(3)
                .map(dims -> new Tree.Shape(dims, AT));
    }

    private static Arbitrary<Tree.Formal> formal() {
        return Combinators.combine(name(), shape().optional(), expression(2).optional())
                .as((name, shape, initial) -> new Tree.Formal(name, shape, initial, AT));
    }

    private static Arbitrary<Tree.Statement> statement(int depth) {
        Arbitrary<Tree.Statement> definition = Combinators.combine(name(), shape().optional(), expression(4))
                .as((name, shape, value) -> new Tree.Definition(name, shape, value, AT));
        Arbitrary<Tree.Statement> output = Combinators.combine(name(), shape().optional(), expression(3))
                .as((name, shape, value) -> new Tree.Output(name, shape, value, AT));
        Arbitrary<Tree.Statement> parameter = Combinators.combine(
                        name(), shape(), expression(1).optional())
                .as((name, shape, initial) -> new Tree.Parameter(name, shape, initial, AT));
        Arbitrary<Tree.Statement> returned = expression(4).map(value -> new Tree.Return(value, AT));
        Arbitrary<Tree.InputDim> dim = Combinators.combine(name(), expression(1).optional())
                .as((name, limit) -> new Tree.InputDim(name, limit, AT));
        Arbitrary<Tree.Statement> input = Combinators.combine(
                        name(),
                        dim.list().ofMinSize(1).ofMaxSize(2),
                        expression(1).optional())
                .as((name, dims, ids) -> new Tree.Input(name, dims, ids, AT));
        if (depth == 0) {
            return Arbitraries.oneOf(definition, output, parameter, returned, input);
        }
        Arbitrary<Tree.Statement> layers = Combinators.combine(
                        name(),
                        expression(1),
                        expression(1),
                        name().optional(),
                        Arbitraries.lazy(() -> statement(depth - 1)).list().ofMaxSize(3))
                .as((index, from, to, named, body) -> new Tree.Layers(index, from, to, named, body, AT));
        return Arbitraries.oneOf(definition, output, parameter, returned, input, layers);
    }

    private static Arbitrary<Tree.Expression> expression(int depth) {
        Arbitrary<Tree.Expression> leaf = Arbitraries.oneOf(
                name().map(name -> new Tree.Reference(name.text(), AT)),
                Arbitraries.integers().between(0, 9999).map(value -> new Tree.Number(value, true, AT)),
                Arbitraries.of(0.5, 1e-5, 3.25e20).map(value -> new Tree.Number(value, false, AT)),
                Arbitraries.of("", "silu", "a\"quoted\"\\text", "(", "∑").map(value -> new Tree.Text(value, AT)),
                Arbitraries.of(true, false).map(value -> new Tree.Truth(value, AT)),
                Arbitraries.just(new Tree.None(AT)));
        if (depth == 0) {
            return leaf;
        }
        Arbitrary<Tree.Expression> inner = Arbitraries.lazy(() -> expression(depth - 1));
        Arbitrary<Tree.Argument> argument =
                Combinators.combine(name().optional(), inner).as((name, value) -> new Tree.Argument(name, value, AT));
        Arbitrary<Tree.Expression> index = Arbitraries.oneOf(inner, Arbitraries.just(new Tree.Reference("..", AT)));
        return Arbitraries.oneOf(
                leaf,
                Combinators.combine(Arbitraries.of("-", "not"), inner)
                        .as((operator, value) -> new Tree.Unary(operator, value, AT)),
                Combinators.combine(
                                Arbitraries.of(
                                        "+", "-", "*", "/", "div", "mod", "^", "<", "<=", ">", ">=", "==", "!=", "and",
                                        "or", "??"),
                                inner,
                                inner)
                        .as((operator, left, right) -> new Tree.Binary(operator, left, right, AT, AT)),
                Combinators.combine(inner, inner).as((value, predicate) -> new Tree.Where(value, predicate, AT)),
                Combinators.combine(inner, inner, inner)
                        .as((c, then, otherwise) -> new Tree.If(c, then, otherwise, AT)),
                Combinators.combine(name().list().ofMinSize(1).ofMaxSize(2), inner)
                        .as((formals, body) -> new Tree.Lambda(formals, body, AT)),
                Combinators.combine(
                                inner,
                                name().list().ofMaxSize(2),
                                name().list().ofMaxSize(2),
                                argument.list().ofMaxSize(3))
                        .as((callee, from, to, arguments) ->
                                new Tree.Call(callee, from, from.isEmpty() ? List.of() : to, arguments, AT)),
                Combinators.combine(inner, index.list().ofMinSize(1).ofMaxSize(3))
                        .as((value, at) -> new Tree.Read(value, at, AT)),
                Combinators.combine(inner, inner).as((value, layer) -> new Tree.Earlier(value, layer, AT)),
                Combinators.combine(inner, name()).as((value, name) -> new Tree.Member(value, name, AT)));
    }
}
