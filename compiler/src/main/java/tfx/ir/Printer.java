package tfx.ir;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Programs as text, for {@code explain --ir} and for messages. */
public final class Printer {
    private Printer() {}

    /** Every value that an output needs, one definition a line (folds take more), dependencies first. */
    public static String print(Program program) {
        StringBuilder out = new StringBuilder();
        program.inputs()
                .forEach(input -> out.append("input ")
                        .append(input)
                        .append(shape(input))
                        .append(input.kind() == Value.Kind.INTEGER ? " : integer\n" : " : real\n"));
        program.parameters()
                .forEach(parameter -> out.append("param ")
                        .append(parameter)
                        .append(shape(parameter))
                        .append('\n'));
        for (Value value : Programs.order(program)) {
            switch (value) {
                case Value.Comprehension definition ->
                    out.append(print(definition)).append('\n');
                case Value.Stack stack ->
                    out.append(stack)
                            .append(shape(stack))
                            .append(" = stack ")
                            .append(stack.parts())
                            .append('\n');
                default -> {}
            }
        }
        program.outputs()
                .forEach((name, value) -> out.append("output ")
                        .append(name)
                        .append(" = ")
                        .append(value)
                        .append('\n'));
        return out.toString();
    }

    /** {@code name[t, d] = body where domain}. */
    public static String print(Value.Comprehension value) {
        String domain = value.domain().equals(Expr.TRUE) ? "" : " where " + print(value.domain());
        String indices = value.indices().stream()
                .map(i -> i.name() + ": " + i.size())
                .collect(Collectors.joining(", ", "[", "]"));
        return value.name() + indices + " = " + print(value.body()) + domain;
    }

    private static String shape(Value value) {
        return value.shape().toString();
    }

    public static String print(Expr expr) {
        StringBuilder out = new StringBuilder();
        write(expr, 0, out);
        return out.toString();
    }

    private static void write(Expr expr, int tighter, StringBuilder out) {
        switch (expr) {
            case Expr.Number(double value) ->
                out.append(
                        value == Math.rint(value) && Math.abs(value) < 1e15
                                ? Long.toString((long) value)
                                : Double.toString(value));
            case Expr.At(Index index) -> out.append(index.name());
            case Expr.Length(Size size) -> out.append("size(").append(size).append(')');
            case Expr.Read(Value value, List<Expr> at) -> {
                out.append(value.name());
                list("[", at, "]", out);
            }
            case Expr.Unary(Expr.UnaryOp op, Expr operand) -> {
                if (op == Expr.UnaryOp.NEG) {
                    out.append('-');
                    write(operand, 7, out);
                } else {
                    list(op.name().toLowerCase(java.util.Locale.ROOT) + "(", List.of(operand), ")", out);
                }
            }
            case Expr.Binary binary -> binary(binary, tighter, out);
            case Expr.Select(Expr condition, Expr then, Expr otherwise) -> {
                out.append("(if ");
                write(condition, 0, out);
                out.append(" then ");
                write(then, 0, out);
                out.append(" else ");
                write(otherwise, 0, out);
                out.append(')');
            }
            case Expr.Reduce(Expr.Monoid monoid, List<Index> indices, Expr domain, Expr body) -> {
                out.append(monoid.name().toLowerCase(java.util.Locale.ROOT))
                        .append(indices)
                        .append('(');
                write(body, 0, out);
                where(domain, out);
                out.append(')');
            }
            case Expr.Fold fold -> {
                out.append("fold[").append(fold.index().name()).append("](");
                for (int i = 0; i < fold.accumulators().size(); i++) {
                    Expr.Accumulator accumulator = fold.accumulators().get(i);
                    out.append("\n    #")
                            .append(i)
                            .append(" = ")
                            .append(accumulator.monoid().name().toLowerCase(java.util.Locale.ROOT));
                    out.append(accumulator.shift() < 0 ? "" : " rescaled by #" + accumulator.shift())
                            .append(": ");
                    write(accumulator.body(), 0, out);
                }
                out.append("\n    -> ");
                write(fold.result(), 0, out);
                where(fold.domain(), out);
                out.append(')');
            }
            case Expr.Accumulated(int number) -> out.append('#').append(number);
        }
    }

    private static void where(Expr domain, StringBuilder out) {
        if (!domain.equals(Expr.TRUE)) {
            out.append(" where ");
            write(domain, 0, out);
        }
    }

    private static void binary(Expr.Binary binary, int tighter, StringBuilder out) {
        int level = level(binary.op());
        if (level == 0) {
            list(
                    binary.op().name().toLowerCase(java.util.Locale.ROOT) + "(",
                    List.of(binary.left(), binary.right()),
                    ")",
                    out);
            return;
        }
        out.append(level < tighter ? "(" : "");
        // Comparisons do not chain and powers bind from the right.
        write(binary.left(), level == 3 || level == 8 ? level + 1 : level, out);
        out.append(' ').append(sign(binary.op())).append(' ');
        write(binary.right(), level == 8 ? level : level + 1, out);
        out.append(level < tighter ? ")" : "");
    }

    private static int level(Expr.BinaryOp op) {
        return switch (op) {
            case OR -> 1;
            case AND -> 2;
            case LT, LE, EQ, NE -> 3;
            case ADD, SUB -> 5;
            case MUL, DIV, FLOORDIV, MOD -> 6;
            case POW -> 8;
            case MIN, MAX -> 0;
        };
    }

    private static String sign(Expr.BinaryOp op) {
        return switch (op) {
            case OR -> "or";
            case AND -> "and";
            case LT -> "<";
            case LE -> "<=";
            case EQ -> "==";
            case NE -> "!=";
            case ADD -> "+";
            case SUB -> "-";
            case MUL -> "*";
            case DIV -> "/";
            case FLOORDIV -> "div";
            case MOD -> "mod";
            case POW -> "^";
            case MIN -> "min";
            case MAX -> "max";
        };
    }

    private static void list(String open, List<Expr> all, String close, StringBuilder out) {
        out.append(open);
        List<Expr> items = new ArrayList<>(all);
        for (int i = 0; i < items.size(); i++) {
            out.append(i == 0 ? "" : ", ");
            write(items.get(i), 0, out);
        }
        out.append(close);
    }
}
