package tfx.grammar;

import java.util.stream.Collectors;

/** Expressions in a notation that leaves nothing to precedence. */
final class Shown {
    private Shown() {}

    static String of(Tree.Expression expression) {
        return switch (expression) {
            case Tree.Number it -> it.span().text();
            case Tree.Text it -> "\"" + it.value() + "\"";
            case Tree.Truth it -> Boolean.toString(it.value());
            case Tree.None it -> "none";
            case Tree.Reference it -> it.name();
            case Tree.Unary it -> "(" + it.operator() + " " + of(it.operand()) + ")";
            case Tree.Binary it -> "(" + it.operator() + " " + of(it.left()) + " " + of(it.right()) + ")";
            case Tree.Where it -> "(where " + of(it.value()) + " " + of(it.predicate()) + ")";
            case Tree.If it -> "(if " + of(it.condition()) + " " + of(it.then()) + " " + of(it.otherwise()) + ")";
            case Tree.Lambda it ->
                "(=> (" + it.formals().stream().map(Tree.Name::text).collect(Collectors.joining(" ")) + ") "
                        + of(it.body()) + ")";
            case Tree.Call it ->
                "(call " + of(it.callee()) + dims(it)
                        + it.arguments().stream()
                                .map(one -> " "
                                        + one.name()
                                                .map(name -> ":" + name.text() + " ")
                                                .orElse("") + of(one.value()))
                                .collect(Collectors.joining())
                        + ")";
            case Tree.Read it ->
                "(read " + of(it.value())
                        + it.at().stream().map(one -> " " + of(one)).collect(Collectors.joining()) + ")";
            case Tree.Earlier it -> "(@ " + of(it.value()) + " " + of(it.layer()) + ")";
            case Tree.Member it -> "(. " + of(it.value()) + " " + it.name() + ")";
        };
    }

    private static String dims(Tree.Call call) {
        if (call.from().isEmpty()) {
            return "";
        }
        String from = call.from().stream().map(Tree.Name::text).collect(Collectors.joining(","));
        String to = call.to().stream().map(Tree.Name::text).collect(Collectors.joining(","));
        return "[" + from + (to.isEmpty() ? "" : "->" + to) + "]";
    }
}
