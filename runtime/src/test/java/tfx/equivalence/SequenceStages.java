package tfx.equivalence;

import java.util.ArrayList;
import java.util.List;
import tfx.equivalence.Draw.Stage;
import tfx.equivalence.SourceText.Made;

/** Stages in which a position sees others: earlier ones, those that a mask admits, and rows of tables. */
final class SequenceStages {
    private final SourceText text;

    SequenceStages(SourceText text) {
        this.text = text;
    }

    void shift(Made on, Stage stage) {
        int by = 1 + stage.a() % 3;
        String earlier = on.at("t - " + by);
        switch (stage.b() % 4) {
            case 0 -> text.define(on.dims(), "if t >= " + by + " then " + earlier + " else " + on.name());
            case 1 -> text.define(on.dims(), on.name() + " + (if t < " + by + " then 0 else " + earlier + ")");
            case 2 -> {
                // A causal convolution with one weight per distance.
                String taps = text.fresh("n");
                text.line(taps + " = " + (by + 1));
                String w = text.parameter(List.of(taps));
                text.define(
                        on.dims(),
                        "sum[" + taps + "](if t >= " + taps + " then " + on.at("t - " + taps) + " * " + w + "[" + taps
                                + "] else 0)");
            }
            default ->
                text.define(
                        on.dims(),
                        "if t mod " + (by + 1) + " == 0 then " + on.name() + " else " + on.at("t - t mod " + (by + 1)));
        }
    }

    /** The masks; the last two look ahead. */
    static String mask(int a, String t, String s) {
        return switch (a % 13) {
            case 0 -> s + " <= " + t;
            case 1 -> s + " <= " + t + " and " + s + " > " + t + " - 3";
            case 2 -> s + " < " + t;
            case 3 -> s + " <= " + t + " and (" + t + " - " + s + ") mod 2 == 0";
            case 4 -> s + " <= " + t + " and " + s + " div 3 == " + t + " div 3";
            case 5 -> s + " <= " + t + " and " + s + " mod 2 == 1";
            case 6 -> s + " == " + t;
            case 7 -> s + " <= " + t + " and (" + s + " > " + t + " - 2 or " + s + " == 0)";
            case 8 -> s + " <= " + t + " and " + s + " < 0";
            case 9 -> s + " <= " + t + " and " + s + " > " + t + " - 2 - h";
            case 10 -> s + " <= " + t + " and not " + s + " == 1";
            case 11 -> s + " < " + t + " + 2 and " + s + " > " + t + " - 2";
            default -> s + " >= " + t;
        };
    }

    private String weights(String score, int a) {
        return switch (a % 9) {
            case 0 -> "softmax[s](" + score + ")";
            case 1 -> "1 / (1 + exp(-" + score + "))";
            case 2 -> score + " * rsqrt(sum[s](" + score + " * " + score + ") + 1e-3)";
            case 3 -> "max(" + score + ", 0) ^ 2";
            case 4 -> score + " / (1 + count[s](" + score + "))";
            case 5 ->
                "exp(" + score + " - max(max[s](" + score + "), 0)) / (1 + sum[s](exp(" + score + " - max(max[s]("
                        + score + "), 0))))";
            case 6 -> "tanh(" + score + " - mean[s](" + score + "))";
            case 7 -> "exp(min(" + score + ", 3)) / (0.1 + sum[s](exp(min(" + score + ", 3))))";
            default -> score + " / (0.1 + max[s](abs(" + score + ")))";
        };
    }

    void attend(Made on, Stage stage) {
        List<String> from = on.channels();
        List<String> free = from.contains("e") ? List.of("f") : List.of("e");
        String e = free.getFirst();
        boolean heads = from.stream().noneMatch(List.of("h", "g")::contains) && stage.c() % 3 > 0;
        String f = stage.c() % 2 == 0 || from.contains("f") || e.equals("f") ? e : "f";
        List<String> query = SourceText.dims(heads ? "h" : "", e);
        List<String> key = SourceText.dims(heads ? "g" : "", e);
        String q = projected(on, "t", query, from);
        String k = projected(on, "s", key, from);
        String v = projected(on, "s", SourceText.dims(heads ? "g" : "", f), from);
        String g = heads ? "h div group, " : "";
        List<String> map = SourceText.dims(heads ? "h" : "", "t", "s");
        String scale = List.of(" / sqrt(size(" + e + "))", " * 0.3", " * 100", " - 0.1 * (t - s)")
                .get(stage.c() / 3 % 4);
        String mask = mask(heads || stage.a() % 13 != 9 ? stage.a() : 0, "t", "s");
        String p = map(
                map,
                "sum[" + e + "](" + q + SourceText.brackets(SourceText.dims("t", heads ? "h" : "", e)) + " * " + k
                        + "[s, " + g + e + "])" + scale + " where " + mask,
                stage.b());
        if (stage.b() / 9 % 3 == 1) {
            String second = projected(on, "t", query, from);
            String other = map(
                    map,
                    "sum[" + e + "](" + second + SourceText.brackets(SourceText.dims("t", heads ? "h" : "", e)) + " * "
                            + k + "[s, " + g + e + "]) where " + mask,
                    stage.b());
            String lambda = text.parameter(List.of(e));
            String difference = text.fresh("p");
            text.line(
                    difference + SourceText.brackets(map) + " = " + p + " - sum[" + e + "](" + lambda + ") * " + other);
            p = difference;
        }
        String extra = stage.b() / 9 % 3 == 2 ? " where s != t" : "";
        text.define(
                SourceText.dims("t", heads ? "h" : "", f),
                "sum[s](" + p + SourceText.brackets(map) + " * " + v + "[s, " + g + f + "]" + extra + ")");
    }

    private String map(List<String> dims, String score, int b) {
        String name = text.fresh("score");
        text.line(name + SourceText.brackets(dims) + " = " + score);
        String p = text.fresh("p");
        text.line(p + SourceText.brackets(dims) + " = " + weights(name, b));
        return p;
    }

    private String projected(Made on, String position, List<String> to, List<String> from) {
        List<String> all = new ArrayList<>(to);
        all.addAll(from);
        String w = text.parameter(all);
        String name = text.fresh("q");
        List<String> dims = new ArrayList<>(List.of(position));
        dims.addAll(to);
        String product = on.at(position) + " * " + w;
        text.line(name + SourceText.brackets(dims) + " = "
                + (from.isEmpty() ? product : "sum" + SourceText.brackets(from) + "(" + product + ")"));
        return name;
    }

    /** A reduction along the sequence without weights. */
    void accumulate(Made on, Stage stage) {
        String monoid = List.of("sum", "mean", "max", "min", "count", "prod").get(stage.a() % 6);
        String x = monoid.equals("prod") ? "(1 + tanh(" + on.at("s") + ") / 4)" : "tanh(" + on.at("s") + ")";
        int mask = stage.b() % 13 == 9 ? 0 : stage.b();
        String reduced = monoid + "[s](" + x + " where " + mask(mask, "t", "s") + ")";
        // Over nothing a maximum is infinite: kept finite, as what follows would be nothing but NaN.
        boolean extreme = monoid.equals("max") || monoid.equals("min");
        text.define(on.dims(), extreme ? "max(min(" + reduced + ", 2), -2)" : reduced);
    }

    void gather(Made on, Stage stage) {
        switch (stage.a() % 4) {
            case 0 -> {
                List<String> result = SourceText.results(on, stage.b());
                List<String> table = new ArrayList<>(List.of("v"));
                table.addAll(result);
                String w = text.parameter(table);
                List<String> dims = new ArrayList<>(List.of("t"));
                dims.addAll(result);
                text.define(dims, w + SourceText.brackets(SourceText.replaced(table, "v", "tokens[t]")));
            }
            case 1 -> {
                List<String> table = new ArrayList<>(List.of("v"));
                table.addAll(on.channels());
                String w = text.parameter(table);
                String at = stage.b() % 2 == 0 ? "t mod v" : "tokens[t] div 2";
                text.define(
                        on.dims(), on.name() + " + " + w + SourceText.brackets(SourceText.replaced(table, "v", at)));
            }
            case 2 -> {
                String last = on.channels().isEmpty() ? "" : on.channels().getLast();
                text.define(
                        on.dims(),
                        last.isEmpty()
                                ? on.name() + " * (tokens mod 3)"
                                : on.with(last, "(" + last + " + tokens[t]) mod size(" + last + ")"));
            }
            default -> text.define(on.dims(), on.name() + " * (if tokens == 0 then 2 else 1 / (1 + tokens))");
        }
    }
}
