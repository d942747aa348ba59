package tfx.compiler.elaborate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tfx.grammar.Tree;

/** Patterns over dotted paths: {@code {l}} stands for one segment, {@code {path..}} for any number. */
final class Paths {
    private static final Pattern HOLE = Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_]*)(\\.\\.)?\\}");

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
            regex.append(holes.group(2) == null ? "([^.]+)" : "(.+)");
        }
        regex.append(Pattern.quote(pattern.substring(end)));
        Matcher matcher = Pattern.compile(regex.toString()).matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Map<String, String> captures = new HashMap<>();
        groups.forEach((hole, group) -> captures.put(hole, matcher.group(group)));
        return Optional.of(captures);
    }

    /** The pattern with its wildcards filled. */
    static String fill(String pattern, Map<String, String> captures) {
        return HOLE.matcher(pattern)
                .replaceAll(hole -> Matcher.quoteReplacement(captures.getOrDefault(hole.group(1), hole.group())));
    }

    /** The first pattern that fits. */
    static boolean any(List<String> patterns, String name) {
        return patterns.stream().anyMatch(pattern -> match(pattern, name).isPresent());
    }
}
