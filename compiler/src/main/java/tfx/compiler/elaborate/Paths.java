package tfx.compiler.elaborate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tfx.grammar.Tree;

/**
 * Patterns over dotted paths: {@code {l}} stands for one segment, {@code {path..}} for any number, {@code {l + 2}} for a
 * segment that is the number of l and 2.
 */
final class Paths {
    private static final Pattern HOLE =
            Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_]*)(?:(\\.\\.)| *\\+ *([0-9]{1,9}))?\\}");

    private Paths() {}

    /** The pattern of a path of the tree, in the form of an official name. */
    static String pattern(Tree.Path path) {
        StringBuilder out = new StringBuilder();
        for (Tree.Segment segment : path.segments()) {
            out.append(out.isEmpty() ? "" : ".");
            out.append(segment.wildcard() ? "{" + segment.text() + (segment.many() ? "..}" : "}") : segment.text());
        }
        return out.toString();
    }

    /** What the wildcards of {@code pattern} stand for in {@code name}; empty where it does not fit. */
    static Optional<Map<String, String>> match(String pattern, String name) {
        Matcher holes = HOLE.matcher(pattern);
        StringBuilder regex = new StringBuilder();
        Map<String, Integer> groups = new HashMap<>();
        Map<String, Long> offsets = new HashMap<>();
        int end = 0;
        while (holes.find()) {
            regex.append(Pattern.quote(pattern.substring(end, holes.start())));
            end = holes.end();
            Integer earlier = groups.get(holes.group(1));
            if (earlier != null) {
                regex.append("\\").append(earlier);
                continue;
            }
            groups.put(holes.group(1), groups.size() + 1);
            if (holes.group(3) != null) {
                offsets.put(holes.group(1), Long.parseLong(holes.group(3)));
                regex.append("([0-9]{1,9})");
                continue;
            }
            regex.append(holes.group(2) == null ? "([^.]+)" : "(.+)");
        }
        regex.append(Pattern.quote(pattern.substring(end)));
        Matcher matcher = Pattern.compile(regex.toString()).matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Map<String, String> captures = new HashMap<>();
        for (Map.Entry<String, Integer> group : groups.entrySet()) {
            String found = matcher.group(group.getValue());
            Long offset = offsets.get(group.getKey());
            if (offset != null && Long.parseLong(found) < offset) {
                return Optional.empty();
            }
            captures.put(group.getKey(), offset == null ? found : Long.toString(Long.parseLong(found) - offset));
        }
        return Optional.of(captures);
    }

    /**
     * The pattern with its wildcards filled: by what they stand for, else by what {@code known} says of the name. One that
     * nothing fills stays.
     */
    static String fill(String pattern, Map<String, String> captures, Function<String, Optional<String>> known) {
        return HOLE.matcher(pattern).replaceAll(hole -> {
            String name = hole.group(1);
            String text = captures.containsKey(name)
                    ? captures.get(name)
                    : known.apply(name).orElse(null);
            boolean sum = hole.group(3) != null;
            if (text == null || (sum && !text.matches("[0-9]{1,9}"))) {
                return Matcher.quoteReplacement(hole.group());
            }
            return Matcher.quoteReplacement(
                    sum ? Long.toString(Long.parseLong(text) + Long.parseLong(hole.group(3))) : text);
        });
    }

    /** The first pattern that fits. */
    static boolean any(List<String> patterns, String name) {
        return patterns.stream().anyMatch(pattern -> match(pattern, name).isPresent());
    }
}
