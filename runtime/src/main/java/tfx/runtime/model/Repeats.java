package tfx.runtime.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Layers that repeat, shown once: what differs only in the number of its layer is one group. */
public final class Repeats {
    private Repeats() {}

    /**
     * Alike things of several layers.
     *
     * @param name with the layers in the place of the number: {@code layers.0-21.mlp.x}
     * @param layers their numbers; empty for what stands in no layer
     * @param first of the group
     * @param count how many there are
     */
    public record Group<T>(String name, List<Long> layers, T first, int count) {}

    /** A path taken apart at its first number: {@code layers . 3 . mlp.x}. */
    private record Parts(String before, long number, String after) {
        static Parts of(String path) {
            int start = 0;
            while (start <= path.length()) {
                int dot = path.indexOf('.', start);
                int end = dot < 0 ? path.length() : dot;
                if (start > 0 && isNumber(path, start, end)) {
                    return new Parts(
                            path.substring(0, start), Long.parseLong(path.substring(start, end)), path.substring(end));
                }
                start = end + 1;
            }
            return new Parts("", -1, path);
        }

        private static boolean isNumber(String path, int start, int end) {
            return end > start
                    && end - start < 10
                    && path.substring(start, end).chars().allMatch(c -> c >= '0' && c <= '9');
        }
    }

    /**
     * Groups of things with paths, in the order of their first members.
     *
     * @param alike what must be equal in a group beside the name, given the thing and a function that rewrites a path of it
     *     relative to its layer
     */
    public static <T> List<Group<T>> of(
            List<T> all, Function<T, String> path, BiFunction<T, Function<String, String>, Object> alike) {
        record Key(String before, String after, Object rest) {}
        Map<Key, List<T>> groups = new LinkedHashMap<>();
        for (T thing : all) {
            Parts parts = Parts.of(path.apply(thing));
            Object rest = alike.apply(thing, other -> relative(parts, other));
            groups.computeIfAbsent(new Key(parts.before(), parts.after(), rest), key -> new ArrayList<>())
                    .add(thing);
        }
        List<Group<T>> list = new ArrayList<>();
        groups.forEach((key, members) -> {
            List<Long> layers = members.stream()
                    .map(member -> Parts.of(path.apply(member)).number())
                    .filter(number -> number >= 0)
                    .distinct()
                    .toList();
            String name = key.before() + (layers.isEmpty() ? "" : ranges(layers)) + key.after();
            list.add(new Group<>(name, layers, members.getFirst(), members.size()));
        });
        return list;
    }

    /** The path as seen from a layer: {@code layers.*.x} in its own, {@code layers.*-1.x} in the one before. */
    private static String relative(Parts from, String path) {
        Parts parts = Parts.of(path);
        if (from.number() < 0 || parts.number() < 0 || !parts.before().equals(from.before())) {
            return path;
        }
        long apart = parts.number() - from.number();
        return parts.before() + "*" + (apart == 0 ? "" : apart > 0 ? "+" + apart : Long.toString(apart))
                + parts.after();
    }

    /** {@code 0, 1, 2, 5} as {@code 0-2,5}. */
    static String ranges(List<Long> numbers) {
        StringBuilder out = new StringBuilder();
        List<Long> sorted = numbers.stream().sorted().toList();
        for (int i = 0; i < sorted.size(); ) {
            int end = i;
            while (end + 1 < sorted.size() && sorted.get(end + 1) == sorted.get(end) + 1) {
                end++;
            }
            out.append(out.isEmpty() ? "" : ",").append(sorted.get(i));
            out.append(end > i ? "-" + sorted.get(end) : "");
            i = end + 1;
        }
        return out.toString();
    }
}
