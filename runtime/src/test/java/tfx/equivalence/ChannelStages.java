package tfx.equivalence;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tfx.equivalence.Draw.Stage;
import tfx.equivalence.SourceText.Made;

/** Stages within a position: functions of elements, sums and norms over channels, other orders, choices, blocks of the library. */
final class ChannelStages {
    /** Of a position: more cost time and show nothing. */
    private static final int MOST_ELEMENTS = 500;

    private final SourceText text;

    ChannelStages(SourceText text) {
        this.text = text;
    }

    void elementwise(Made on, Stage stage) {
        text.define(on.dims(), elementwise(on.name(), stage.a()));
    }

    private static String elementwise(String x, int a) {
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

    void linear(Made on, Stage stage) {
        List<String> result = SourceText.results(on, stage.a());
        List<String> from = on.channels();
        List<String> all = new ArrayList<>(result);
        all.addAll(from);
        if (all.isEmpty()) {
            text.define(on.dims(), elementwise(on.name(), stage.b()));
            return;
        }
        String w = text.parameter(stage.b() % 2 == 0 ? all : all.reversed());
        List<String> dims = new ArrayList<>(List.of("t"));
        dims.addAll(result);
        String product = on.name() + " * " + w;
        String sum = from.isEmpty() ? product : "sum" + SourceText.brackets(from) + "(" + product + ")";
        text.define(
                dims,
                switch (stage.c() % 4) {
                    case 0 -> sum;
                    case 1 -> sum + " + " + parameterOver(result);
                    case 2 -> "max(" + sum + ", 0)";
                    default -> "(" + sum + ") / sqrt(" + sizes(from) + ")";
                });
    }

    private String parameterOver(List<String> dims) {
        return dims.isEmpty() ? "1" : text.parameter(dims);
    }

    private static String sizes(List<String> dims) {
        return dims.isEmpty() ? "1" : dims.stream().map(d -> "size(" + d + ")").collect(Collectors.joining(" * "));
    }

    void normalise(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            text.define(on.dims(), on.name() + " / (1 + abs(" + on.name() + "))");
            return;
        }
        String x = on.name();
        String over = stage.b() % 2 == 0
                ? SourceText.brackets(on.channels())
                : SourceText.brackets(List.of(on.channels().getFirst()));
        text.define(
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

    void rearrange(Made on, Stage stage) {
        List<String> channels = on.channels();
        if (channels.isEmpty()) {
            text.define(List.of("t", "e"), on.name() + " * (e + 1) / size(e)");
            return;
        }
        String c = channels.get(stage.b() % channels.size());
        switch (stage.a() % 5) {
            case 0 -> text.define(on.dims(), on.with(c, "size(" + c + ") - 1 - " + c));
            case 1 -> text.define(on.dims(), on.with(c, "(" + c + " + 1) mod size(" + c + ")"));
            case 2 -> text.define(on.dims(), on.name() + " - " + on.with(c, c + " div 2"));
            case 3 -> {
                // Two dimensions as one.
                String flat = text.fresh("n");
                text.line(flat + " = size(" + c + ") * 2");
                List<String> dims = SourceText.replaced(on.dims(), c, flat);
                text.define(dims, on.with(c, flat + " div 2") + " * (1 + " + flat + " mod 2)");
            }
            default -> {
                String shown = on.dims().size() > 2
                        ? "t, " + String.join(", ", channels.reversed())
                        : String.join(", ", on.dims());
                text.define(List.of(shown.split(", ")), on.name() + " * 0.5");
            }
        }
    }

    void choose(Made on, Stage stage) {
        String x = on.name();
        String channel = on.channels().isEmpty() ? "t" : on.channels().getLast();
        text.define(
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

    void join(Made on, Stage stage) {
        Made other = text.made.get((stage.a() + text.made.size() - 1) % text.made.size());
        List<String> dims = new ArrayList<>(on.dims());
        other.dims().stream().filter(dim -> !dims.contains(dim)).forEach(dims::add);
        if (dims.stream().mapToInt(text::extent).reduce(1, (a, b) -> a * b) > MOST_ELEMENTS) {
            text.define(on.dims(), on.name() + " + 1");
            return;
        }
        text.define(
                dims,
                switch (stage.b() % 4) {
                    case 0 -> on.name() + " + " + other.name();
                    case 1 -> on.name() + " * tanh(" + other.name() + ")";
                    case 2 -> "max(" + on.name() + ", " + other.name() + ")";
                    default -> on.name() + " / (1 + abs(" + other.name() + "))";
                });
    }

    /** Elements that are absent, summed up again or shown as they are. */
    void absent(Made on, Stage stage) {
        String channel = on.channels().isEmpty() ? "t" : on.channels().getFirst();
        String predicate = List.of(channel + " mod 2 == 1", "x[t, 0] > 0", channel + " < 0", "tokens > 0", "t > 1")
                .get(stage.b() % 5);
        Made masked = text.define(on.dims(), on.name() + " where " + predicate);
        if (stage.a() % 3 > 0 && !on.channels().isEmpty()) {
            String monoid = List.of("sum", "mean", "count", "max").get(stage.c() % 4);
            String reduced = monoid + SourceText.brackets(on.channels()) + "(" + masked.name() + ")";
            text.define(
                    List.of("t"),
                    monoid.equals("max")
                            ? "max(" + reduced + ", -3)"
                            : monoid.equals("mean")
                                    ? reduced + " where count" + SourceText.brackets(on.channels()) + "("
                                            + masked.name() + ") > 0"
                                    : reduced);
        }
    }

    void library(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            text.define(on.dims(), "gelu(" + on.name() + ")");
            return;
        }
        String c = on.channels().getLast();
        if (on.channels().size() > 1 || stage.a() % 5 < 3) {
            text.define(
                    on.dims(),
                    switch (stage.a() % 3) {
                        case 0 -> "rms_norm(" + on.name() + ", name: " + text.fresh("norm") + ")";
                        case 1 -> "layer_norm(" + on.name() + ", name: " + text.fresh("norm") + ")";
                        default -> "gelu_tanh(" + on.name() + ")";
                    });
        } else if (stage.a() % 5 == 3) {
            text.define(
                    on.dims(),
                    "swiglu(" + on.name() + ", ffn: " + (1 + stage.b() % 9) + ", name: " + text.fresh("mlp") + ")");
        } else {
            String mask = stage.b() % 2 == 0 ? "causal" : "sliding(window: 3)";
            String rope =
                    stage.b() / 2 % 3 == 0 ? "no_rope" : stage.b() / 2 % 3 == 1 ? "rope_half" : "rope_interleaved";
            String name = text.fresh("v");
            text.line(name + " = attention(" + on.name() + ", heads: h, kv_heads: g, head: "
                    + 2 * (1 + stage.c() % 4) + ", mask: " + mask + ", rope: " + rope + ", name: " + text.fresh("attn")
                    + ")");
            text.made.add(new Made(name, List.of("t", c)));
        }
    }

    void reduce(Made on, Stage stage) {
        if (on.channels().isEmpty()) {
            text.define(on.dims(), on.name() + " * 2");
            return;
        }
        String c = on.channels().get(stage.b() % on.channels().size());
        List<String> dims = on.dims().stream().filter(dim -> !dim.equals(c)).toList();
        String monoid = List.of("sum", "mean", "max", "min", "prod").get(stage.a() % 5);
        String x = monoid.equals("prod") ? "(1 + tanh(" + on.name() + ") / 4)" : on.name();
        String where = stage.c() % 2 == 0 || monoid.equals("mean") ? "" : " where " + c + " mod 2 == 0";
        text.define(dims, monoid + "[" + c + "](" + x + where + ")");
    }
}
