package tfx.grammar;

import java.util.List;
import java.util.stream.Collectors;

/** Prints trees with a bracket around every operand that is not a name, number or the like. */
final class Printer {
    private Printer() {}

    static String print(Tree.File file) {
        return file.declarations().stream().map(Printer::declaration).collect(Collectors.joining("\n"));
    }

    private static String declaration(Tree.Declaration declaration) {
        Tree.Block block = (Tree.Block) declaration;
        String dims = block.from().isEmpty() ? "" : dims(block.from(), block.to());
        String formals = block.formals().stream()
                .map(it -> it.name()
                        + it.shape().map(Printer::shape).orElse("")
                        + it.initial().map(value -> " = " + expression(value)).orElse(""))
                .collect(Collectors.joining(", "));
        return "block " + block.name() + dims + "(" + formals + ") {\n"
                + block.body().stream().map(it -> statement(it) + "\n").collect(Collectors.joining()) + "}";
    }

    private static String dims(List<Tree.Name> from, List<Tree.Name> to) {
        return "[" + names(from) + (to.isEmpty() ? "" : " -> " + names(to)) + "]";
    }

    private static String names(List<Tree.Name> names) {
        return names.stream().map(Tree.Name::text).collect(Collectors.joining(", "));
    }

    private static String shape(Tree.Shape shape) {
        return "[" + names(shape.dims()) + "]";
    }

    private static String statement(Tree.Statement statement) {
        return switch (statement) {
            case Tree.Parameter it ->
                "param " + it.name() + shape(it.shape())
                        + it.initial().map(value -> " = " + expression(value)).orElse("");
            case Tree.Return it -> "return " + expression(it.value());
            case Tree.Output it ->
                "output " + it.name() + it.shape().map(Printer::shape).orElse("") + " = " + expression(it.value());
            case Tree.Definition it ->
                it.name() + it.shape().map(Printer::shape).orElse("") + " = " + expression(it.value());
            case Tree.Layers it ->
                "layers " + it.index() + " in " + expression(it.from()) + " .. " + expression(it.to())
                        + it.named().map(name -> " named " + name).orElse("") + " { "
                        + it.body().stream().map(Printer::statement).collect(Collectors.joining(" ")) + " }";
            case Tree.Input it ->
                "input " + it.name() + "["
                        + it.dims().stream()
                                .map(dim -> dim.name()
                                        + dim.limit()
                                                .map(limit -> " <= " + expression(limit))
                                                .orElse(""))
                                .collect(Collectors.joining(", "))
                        + "] : "
                        + it.ids().map(ids -> "id(" + expression(ids) + ")").orElse("real");
        };
    }

    static String expression(Tree.Expression expression) {
        return switch (expression) {
            case Tree.Number it -> it.integral() ? Long.toString((long) it.value()) : Double.toString(it.value());
            case Tree.Text it -> "\"" + it.value().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            case Tree.Truth it -> Boolean.toString(it.value());
            case Tree.None it -> "none";
            case Tree.Reference it -> it.name();
            case Tree.Unary it -> it.operator() + " " + operand(it.operand());
            case Tree.Binary it -> operand(it.left()) + " " + it.operator() + " " + operand(it.right());
            case Tree.Where it -> operand(it.value()) + " where " + operand(it.predicate());
            case Tree.If it ->
                "if " + expression(it.condition()) + " then " + expression(it.then()) + " else "
                        + expression(it.otherwise());
            case Tree.Lambda it -> "(" + names(it.formals()) + ") => " + expression(it.body());
            case Tree.Call it ->
                operand(it.callee()) + (it.from().isEmpty() ? "" : dims(it.from(), it.to())) + "("
                        + it.arguments().stream()
                                .map(one -> one.name().map(name -> name + ": ").orElse("") + expression(one.value()))
                                .collect(Collectors.joining(", "))
                        + ")";
            case Tree.Read it ->
                operand(it.value()) + "["
                        + it.at().stream().map(Printer::expression).collect(Collectors.joining(", ")) + "]";
            case Tree.Earlier it -> operand(it.value()) + " @ " + operand(it.layer());
            case Tree.Member it -> operand(it.value()) + "." + it.name();
        };
    }

    private static String operand(Tree.Expression expression) {
        return switch (expression) {
            case Tree.Reference it -> it.name();
            case Tree.Truth it -> Boolean.toString(it.value());
            default -> "(" + expression(expression) + ")";
        };
    }
}
