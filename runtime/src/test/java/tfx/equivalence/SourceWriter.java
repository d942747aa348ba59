package tfx.equivalence;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tfx.equivalence.Draw.Stage;

/** Writes the tfx program of a {@link Draw}. */
final class SourceWriter {
    /** A value in scope, with its dimensions in order; the first is t where it has one. */
    record Made(String name, List<String> dims) {
        boolean sequence() {
            return dims.getFirst().equals("t");
        }

        /** All dimensions but t. */
        List<String> channels() {
            return dims.stream().filter(dim -> !dim.equals("t")).toList();
        }

        /** Read at other indices: {@code v[s, d]} for {@code at("s")}. */
        String at(String position) {
            return name
                    + dims.stream()
                            .map(dim -> dim.equals("t") ? position : dim)
                            .collect(Collectors.joining(", ", "[", "]"));
        }

        /** Read with one of its channels at another index. */
        String with(String channel, String index) {
            return name
                    + dims.stream()
                            .map(dim -> dim.equals(channel) ? index : dim)
                            .collect(Collectors.joining(", ", "[", "]"));
        }
    }

    /** Of a position: more cost time and show nothing. */
    private static final int MOST_ELEMENTS = 500;

    private final Draw draw;
    private final StringBuilder out = new StringBuilder();
    private final List<Made> made = new ArrayList<>();
    private String indent = "  ";
    private int names;

    SourceWriter(Draw draw) {
        this.draw = draw;
    }

    String text() {
        out.append("import \"stdlib/attention.tfx\"\nimport \"stdlib/norms.tfx\"\nimport \"stdlib/mlp.tfx\"\n\n");
        out.append("model Generated(d = %d, e = %d, g = %d, f = %d, v = %d, h = g * %d) {\n"
                .formatted(size(0), size(1), Math.min(4, size(2)), size(3), size(4), 1 + draw.group()));
        line("input x[t, d] : real");
        line("input tokens[t] : id(v)");
        line("s = size(t)");
        line("group = h / g");
        made.add(new Made("x", List.of("t", "d")));
        draw.before().forEach(this::stage);
        if (draw.layers() > 0 && !draw.inner().isEmpty()) {
            layers();
        }
        draw.after().forEach(this::stage);
        Made last = made.getLast();
        line("output y = " + last.name());
        if (made.size() > 3) {
            line("output z = " + made.get(made.size() - 2).name());
        }
        return out.append("}\n").toString();
    }

    /** How long a dimension is; 1 for the sequence. */
    private int extent(String dim) {
        return switch (dim) {
            case "t" -> 1;
            case "d" -> size(0);
            case "e" -> size(1);
            case "g" -> Math.min(4, size(2));
            case "h" -> Math.min(4, size(2)) * (1 + draw.group());
            case "f" -> size(3);
            default -> 2 * Draw.SIZES[Draw.SIZES.length - 2];
        };
    }

    private int size(int which) {
        return Draw.SIZES[draw.sizes().get(which)];
    }

    /** A stream through layers, each of which adds to it, or sees what it was in the layers before. */
    private void layers() {
        Made before = made.getLast();
        Made stream = new Made("stream", before.dims());
        line("stream" + brackets(before.dims()) + " = " + before.name());
        int outer = made.size();
        made.add(stream);
        line("layers l in 0 .. " + draw.layers() + " {");
        indent = "    ";
        draw.inner().forEach(this::stage);
        Made last = made.getLast();
        String added = last.dims().equals(stream.dims()) ? last.name() : toRow(last);
        String name = stream.name();
        String dims = brackets(stream.dims());
        line("added" + dims + " = tanh(" + added + ") / (l + 1)");
        switch (draw.inner().getFirst().c() % 4) {
            case 0 -> line(name + dims + " = stream + added");
            case 1 -> {
                line("earlier" + dims + " = if l > 0 then added @ (l - 1) else stream");
                line(name + dims + " = stream + added - 0.5 * earlier");
            }
            case 2 -> {
                // What all layers so far have added, mixed by learned weights.
                line("j = l + 1");
                line("param route[j]");
                line(name + dims + " = stream + sum[j](route[j] * (added @ j))");
            }
            default -> line(name + dims + " = if l mod 2 == 0 then added else stream - added");
        }
        indent = "  ";
        line("}");
        while (made.size() > outer) {
            made.removeLast();
        }
        made.add(stream);
    }

    /** One number per position (or one at all), whatever the dimensions. */
    private static String toRow(Made value) {
        List<String> channels = value.channels();
        return channels.isEmpty() ? value.name() : "mean" + brackets(channels) + "(" + value.name() + ")";
    }

    private void line(String text) {
        out.append(indent).append(text).append('\n');
    }

    private static String brackets(List<String> dims) {
        return "[" + String.join(", ", dims) + "]";
    }

    private String fresh(String stem) {
        return stem + names++;
    }

    /** Defines a value over {@code dims}. */
    private Made define(List<String> dims, String body) {
        Made value = new Made(fresh("v"), dims);
        line(value.name() + brackets(dims) + " = " + body);
        made.add(value);
        return value;
    }

    private String parameter(List<String> dims) {
        String name = fresh("w");
        line("param " + name + brackets(dims));
        return name;
    }

    private void stage(Stage stage) {
        Made on = made.get(made.size() - 1 - stage.on() % made.size());
        if (!on.sequence()) {
            on = made.getFirst();
        }
        switch (stage.kind()) {
            case 0 -> define(on.dims(), elementwise(on.name(), stage.a()));
            case 1 -> linear(on, stage);
            case 2 -> normalise(on, stage);
            case 3 -> shift(on, stage);
            case 4 -> attend(on, stage);
            case 5 -> accumulate(on, stage);
            case 6 -> gather(on, stage);
            case 7 -> rearrange(on, stage);
            case 8 -> choose(on, stage);
            case 9 -> join(on, stage);
            case 10 -> absent(on, stage);
            case 11 -> library(on, stage);
            default -> reduce(on, stage);
        }
    }

    /** How many kinds of stages there are. */
    static final int KINDS = 13;

    private String elementwise(String x, int a) {
        return switch (a % 14) {
            case 0 -> "tanh(" + x + ")";
            case 1 -> x + " / (1 + exp(-" + x + "))";
            case 2 -> "max(" + x + ", 0)";
            case 3 -> x + " * erf(" + x + ")";
            case 4 -> "abs(" + x + ") - 0.25";
            case 5 -> x + " * rsqrt(" + x + " * " + x + " + 0.1)";
            case 6 -> "sin(2 * tanh(" + x + ")) + cos(3 * tanh(" + x + "))";
            case 7 -> "log(1 + abs(" + x + "))";
            case 8 -> "tanh(" + x + ") ^ 3";
            case 9 -> "min(max(" + x + ", -1), 0.5)";
            case 10 -> "exp(min(" + x + ", 2)) - 1";
            case 11 -> "-" + x + " / sqrt(1 + " + x + " ^ 2)";
            case 12 -> "2 ^ tanh(" + x + ")";
            default -> "1e4 * tanh(" + x + ")";
        };
    }

    /** Channels the value does not have, for a result; at most {@code most} of them. */
    private static List<String> results(Made on, int a) {
        List<List<String>> all =
                List.of(List.of("e"), List.of("d"), List.of("f"), List.of("h", "e"), List.of("g"), List.of("g", "f"));
        for (int i = 0; i < all.size(); i++) {
            List<String> dims = all.get((a + i) % all.size());
            if (on.channels().stream().noneMatch(dims::contains)) {
                return dims;
            }
        }
        return List.of();
    }

    private void linear(Made on, Stage stage) {
        List<String> result = results(on, stage.a());
        List<String> from = on.channels();
        List<String> all = new ArrayList<>(result);
        all.addAll(from);
        if (all.isEmpty()) {
            define(on.dims(), elementwise(on.name(), stage.b()));
            return;
        }
        String w = parameter(stage.b() % 2 == 0 ? all : all.reversed());
        List<String> dims = new ArrayList<>(List.of("t"));
        dims.addAll(result);
        String product = on.name() + " * " + w;
        String sum = from.isEmpty() ? product : "sum" + brackets(from) + "(" + product + ")";
        define(
                dims,
                switch (stage.c() % 4) {
                    case 0 -> sum;
                    case 1 -> sum + " + " + parameterOver(result);
                    case 2 -> "max(" + sum + ", 0)";
                    default -> "(" + sum + ") / sqrt(" + sizes(from) + ")";
                });
    }

    private String parameterOver(List<String> dims) {
        return dims.isEmpty() ? "1" : parameter(dims);
    }

    private static String sizes(List<String> dims) {
        return dims.isEmpty() ? "1" : dims.stream().map(d -> "size(" + d + ")").collect(Collectors.joining(" * "));
    }

    private void normalise(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            define(on.dims(), on.name() + " / (1 + abs(" + on.name() + "))");
            return;
        }
        String x = on.name();
        String over = stage.b() % 2 == 0
                ? brackets(on.channels())
                : brackets(List.of(on.channels().getFirst()));
        define(
                on.dims(),
                switch (stage.a() % 6) {
                    case 0 -> x + " * rsqrt(mean" + over + "(" + x + " * " + x + ") + 1e-3)";
                    case 1 -> "(" + x + " - mean" + over + "(" + x + ")) / (1 + max" + over + "(abs(" + x + ")))";
                    case 2 ->
                        "exp(" + x + " - max" + over + "(" + x + ")) / sum" + over + "(exp(" + x + " - max" + over + "("
                                + x + ")))";
                    case 3 -> x + " / (0.01 + sum" + over + "(abs(" + x + ")))";
                    case 4 ->
                        "(" + x + " - min" + over + "(" + x + ")) / (0.1 + max" + over + "(" + x + ") - min" + over
                                + "(" + x + "))";
                    default -> x + " * prod" + over + "(1 + tanh(" + x + ") / 8)";
                });
    }

    private void shift(Made on, Stage stage) {
        int by = 1 + stage.a() % 3;
        String earlier = on.at("t - " + by);
        switch (stage.b() % 4) {
            case 0 -> define(on.dims(), "if t >= " + by + " then " + earlier + " else " + on.name());
            case 1 -> define(on.dims(), on.name() + " + (if t < " + by + " then 0 else " + earlier + ")");
            case 2 -> {
                // A causal convolution with one weight per distance.
                String taps = fresh("n");
                line(taps + " = " + (by + 1));
                String w = parameter(List.of(taps));
                define(
                        on.dims(),
                        "sum[" + taps + "](if t >= " + taps + " then " + on.at("t - " + taps) + " * " + w + "[" + taps
                                + "] else 0)");
            }
            default ->
                define(
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

    private void attend(Made on, Stage stage) {
        List<String> from = on.channels();
        List<String> free = from.contains("e") ? List.of("f") : List.of("e");
        String e = free.getFirst();
        boolean heads = from.stream().noneMatch(List.of("h", "g")::contains) && stage.c() % 3 > 0;
        String f = stage.c() % 2 == 0 || from.contains("f") || e.equals("f") ? e : "f";
        List<String> query = dims(heads ? "h" : "", e);
        List<String> key = dims(heads ? "g" : "", e);
        String q = projected(on, "t", query, from);
        String k = projected(on, "s", key, from);
        String v = projected(on, "s", dims(heads ? "g" : "", f), from);
        String g = heads ? "h div group, " : "";
        List<String> map = dims(heads ? "h" : "", "t", "s");
        String scale = List.of(" / sqrt(size(" + e + "))", " * 0.3", " * 100", " - 0.1 * (t - s)")
                .get(stage.c() / 3 % 4);
        String mask = mask(heads || stage.a() % 13 != 9 ? stage.a() : 0, "t", "s");
        String p = map(
                map,
                "sum[" + e + "](" + q + brackets(dims("t", heads ? "h" : "", e)) + " * " + k + "[s, " + g + e + "])"
                        + scale + " where " + mask,
                stage.b());
        if (stage.b() / 9 % 3 == 1) {
            String second = projected(on, "t", query, from);
            String other = map(
                    map,
                    "sum[" + e + "](" + second + brackets(dims("t", heads ? "h" : "", e)) + " * " + k + "[s, " + g + e
                            + "]) where " + mask,
                    stage.b());
            String lambda = parameter(List.of(e));
            String difference = fresh("p");
            line(difference + brackets(map) + " = " + p + " - sum[" + e + "](" + lambda + ") * " + other);
            p = difference;
        }
        String extra = stage.b() / 9 % 3 == 2 ? " where s != t" : "";
        define(
                dims("t", heads ? "h" : "", f),
                "sum[s](" + p + brackets(map) + " * " + v + "[s, " + g + f + "]" + extra + ")");
    }

    private String map(List<String> dims, String score, int b) {
        String name = fresh("score");
        line(name + brackets(dims) + " = " + score);
        String p = fresh("p");
        line(p + brackets(dims) + " = " + weights(name, b));
        return p;
    }

    private static List<String> dims(String... names) {
        return java.util.Arrays.stream(names).filter(name -> !name.isEmpty()).toList();
    }

    private String projected(Made on, String position, List<String> to, List<String> from) {
        List<String> all = new ArrayList<>(to);
        all.addAll(from);
        String w = parameter(all);
        String name = fresh("q");
        List<String> dims = new ArrayList<>(List.of(position));
        dims.addAll(to);
        String product = on.at(position) + " * " + w;
        line(name + brackets(dims) + " = " + (from.isEmpty() ? product : "sum" + brackets(from) + "(" + product + ")"));
        return name;
    }

    /** A reduction along the sequence without weights. */
    private void accumulate(Made on, Stage stage) {
        String monoid = List.of("sum", "mean", "max", "min", "count", "prod").get(stage.a() % 6);
        String x = monoid.equals("prod") ? "(1 + tanh(" + on.at("s") + ") / 4)" : "tanh(" + on.at("s") + ")";
        int mask = stage.b() % 13 == 9 ? 0 : stage.b();
        String reduced = monoid + "[s](" + x + " where " + mask(mask, "t", "s") + ")";
        // Over nothing a maximum is infinite: kept finite, as what follows would be nothing but NaN.
        boolean extreme = monoid.equals("max") || monoid.equals("min");
        define(on.dims(), extreme ? "max(min(" + reduced + ", 2), -2)" : reduced);
    }

    private void gather(Made on, Stage stage) {
        switch (stage.a() % 4) {
            case 0 -> {
                List<String> result = results(on, stage.b());
                List<String> table = new ArrayList<>(List.of("v"));
                table.addAll(result);
                String w = parameter(table);
                List<String> dims = new ArrayList<>(List.of("t"));
                dims.addAll(result);
                define(dims, w + brackets(replaced(table, "v", "tokens[t]")));
            }
            case 1 -> {
                List<String> table = new ArrayList<>(List.of("v"));
                table.addAll(on.channels());
                String w = parameter(table);
                String at = stage.b() % 2 == 0 ? "t mod v" : "tokens[t] div 2";
                define(on.dims(), on.name() + " + " + w + brackets(replaced(table, "v", at)));
            }
            case 2 -> {
                String last = on.channels().isEmpty() ? "" : on.channels().getLast();
                define(
                        on.dims(),
                        last.isEmpty()
                                ? on.name() + " * (tokens mod 3)"
                                : on.with(last, "(" + last + " + tokens[t]) mod size(" + last + ")"));
            }
            default -> define(on.dims(), on.name() + " * (if tokens == 0 then 2 else 1 / (1 + tokens))");
        }
    }

    private static List<String> replaced(List<String> dims, String what, String by) {
        return dims.stream().map(dim -> dim.equals(what) ? by : dim).toList();
    }

    private void rearrange(Made on, Stage stage) {
        List<String> channels = on.channels();
        if (channels.isEmpty()) {
            define(List.of("t", "e"), on.name() + " * (e + 1) / size(e)");
            return;
        }
        String c = channels.get(stage.b() % channels.size());
        switch (stage.a() % 5) {
            case 0 -> define(on.dims(), on.with(c, "size(" + c + ") - 1 - " + c));
            case 1 -> define(on.dims(), on.with(c, "(" + c + " + 1) mod size(" + c + ")"));
            case 2 -> define(on.dims(), on.name() + " - " + on.with(c, c + " div 2"));
            case 3 -> {
                // Two dimensions as one.
                String flat = fresh("n");
                line(flat + " = size(" + c + ") * 2");
                List<String> dims = replaced(on.dims(), c, flat);
                define(dims, on.with(c, flat + " div 2") + " * (1 + " + flat + " mod 2)");
            }
            default -> {
                String shown = on.dims().size() > 2
                        ? "t, " + String.join(", ", channels.reversed())
                        : String.join(", ", on.dims());
                define(List.of(shown.split(", ")), on.name() + " * 0.5");
            }
        }
    }

    private void choose(Made on, Stage stage) {
        String x = on.name();
        String channel = on.channels().isEmpty() ? "t" : on.channels().getLast();
        define(
                on.dims(),
                switch (stage.a() % 6) {
                    case 0 -> "if t mod 2 == 0 then " + x + " else -" + x;
                    case 1 -> "if " + channel + " < 2 then " + x + " else " + x + " * " + x;
                    case 2 -> "if " + channel + " mod 3 == 1 or t == 0 then 1 else tanh(" + x + ")";
                    case 3 -> "if tokens > 0 and " + channel + " != 1 then " + x + " else 0.5";
                    case 4 ->
                        "if not t > 2 then sin(tanh(" + x + ")) else if t > 5 then cos(tanh(" + x + ")) else " + x;
                    default -> "(if x[t, 0] > 0 then 1 else -1) * " + x;
                });
    }

    private void join(Made on, Stage stage) {
        Made other = made.get((stage.a() + made.size() - 1) % made.size());
        List<String> dims = new ArrayList<>(on.dims());
        other.dims().stream().filter(dim -> !dims.contains(dim)).forEach(dims::add);
        if (dims.stream().mapToInt(this::extent).reduce(1, (a, b) -> a * b) > MOST_ELEMENTS) {
            define(on.dims(), on.name() + " + 1");
            return;
        }
        define(
                dims,
                switch (stage.b() % 4) {
                    case 0 -> on.name() + " + " + other.name();
                    case 1 -> on.name() + " * tanh(" + other.name() + ")";
                    case 2 -> "max(" + on.name() + ", " + other.name() + ")";
                    default -> on.name() + " / (1 + abs(" + other.name() + "))";
                });
    }

    /** Elements that are absent, summed up again or shown as they are. */
    private void absent(Made on, Stage stage) {
        String channel = on.channels().isEmpty() ? "t" : on.channels().getFirst();
        String predicate = List.of(channel + " mod 2 == 1", "x[t, 0] > 0", channel + " < 0", "tokens > 0", "t > 1")
                .get(stage.b() % 5);
        Made masked = define(on.dims(), on.name() + " where " + predicate);
        if (stage.a() % 3 > 0 && !on.channels().isEmpty()) {
            String monoid = List.of("sum", "mean", "count", "max").get(stage.c() % 4);
            String reduced = monoid + brackets(on.channels()) + "(" + masked.name() + ")";
            define(
                    List.of("t"),
                    monoid.equals("max")
                            ? "max(" + reduced + ", -3)"
                            : monoid.equals("mean")
                                    ? reduced + " where count" + brackets(on.channels()) + "(" + masked.name() + ") > 0"
                                    : reduced);
        }
    }

    private void library(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            define(on.dims(), "gelu(" + on.name() + ")");
            return;
        }
        String c = on.channels().getLast();
        if (on.channels().size() > 1 || stage.a() % 5 < 3) {
            define(
                    on.dims(),
                    switch (stage.a() % 3) {
                        case 0 -> "rms_norm(" + on.name() + ", name: " + fresh("norm") + ")";
                        case 1 -> "layer_norm(" + on.name() + ", name: " + fresh("norm") + ")";
                        default -> "gelu_tanh(" + on.name() + ")";
                    });
        } else if (stage.a() % 5 == 3) {
            define(
                    on.dims(),
                    "swiglu(" + on.name() + ", ffn: " + (1 + stage.b() % 9) + ", name: " + fresh("mlp") + ")");
        } else {
            String mask = stage.b() % 2 == 0 ? "causal" : "sliding(window: 3)";
            String rope =
                    stage.b() / 2 % 3 == 0 ? "no_rope" : stage.b() / 2 % 3 == 1 ? "rope_half" : "rope_interleaved";
            line(fresh("v") + " = attention(" + on.name() + ", heads: h, kv_heads: g, head: " + 2 * (1 + stage.c() % 4)
                    + ", mask: " + mask + ", rope: " + rope + ", name: " + fresh("attn") + ")");
            made.add(new Made("v" + (names - 2), List.of("t", c)));
        }
    }

    private void reduce(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            define(on.dims(), on.name() + " * 2");
            return;
        }
        String c = on.channels().get(stage.b() % on.channels().size());
        List<String> dims = on.dims().stream().filter(dim -> !dim.equals(c)).toList();
        String monoid = List.of("sum", "mean", "max", "min", "prod").get(stage.a() % 5);
        String x = monoid.equals("prod") ? "(1 + tanh(" + on.name() + ") / 4)" : on.name();
        String where = stage.c() % 2 == 0 || monoid.equals("mean") ? "" : " where " + c + " mod 2 == 0";
        define(dims, monoid + "[" + c + "](" + x + where + ")");
    }
}
