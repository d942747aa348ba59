package tfx.equivalence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The text of a program as it is written: lines, fresh names, and the values in scope. */
final class SourceText {
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

    private final Draw draw;
    private final StringBuilder out = new StringBuilder();
    private String indent = "";
    private int names;
    /** Values in scope, in the order of their definitions. */
    final List<Made> made = new ArrayList<>();

    SourceText(Draw draw) {
        this.draw = draw;
    }

    /** How long a dimension is; 1 for the sequence. */
    int extent(String dim) {
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

    int size(int which) {
        return Draw.SIZES[draw.sizes().get(which)];
    }

    void line(String text) {
        out.append(indent).append(text).append('\n');
    }

    /** A line that opens a block. */
    void open(String text) {
        line(text);
        indent += "  ";
    }

    void close() {
        indent = indent.substring(2);
        line("}");
    }

    @Override
    public String toString() {
        return out.toString();
    }

    static String brackets(List<String> dims) {
        return "[" + String.join(", ", dims) + "]";
    }

    String fresh(String stem) {
        return stem + names++;
    }

    /** Defines a value over {@code dims}. */
    Made define(List<String> dims, String body) {
        Made value = new Made(fresh("v"), dims);
        line(value.name() + brackets(dims) + " = " + body);
        made.add(value);
        return value;
    }

    String parameter(List<String> dims) {
        String name = fresh("w");
        line("param " + name + brackets(dims));
        return name;
    }

    static List<String> dims(String... names) {
        return Arrays.stream(names).filter(name -> !name.isEmpty()).toList();
    }

    static List<String> replaced(List<String> dims, String what, String by) {
        return dims.stream().map(dim -> dim.equals(what) ? by : dim).toList();
    }

    /** Channels the value does not have, for a result; at most {@code most} of them. */
    static List<String> results(Made on, int a) {
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
}
