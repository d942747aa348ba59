package tfx.runtime.weights;

import java.util.Arrays;
import java.util.Optional;

/** Finds the name a mistyped or unfamiliar name most likely stands for. */
public final class NearestName {
    /** Names longer than this are not compared: they come from hostile files only. */
    private static final int LONGEST = 1000;

    private NearestName() {}

    /**
     * The candidate of the smallest edit distance (insertions, deletions, replacements), if that is at most a third of
     * the name's length (and at least 2 is allowed); of equals the first.
     */
    public static Optional<String> of(String name, Iterable<String> candidates) {
        if (name.length() > LONGEST) {
            return Optional.empty();
        }
        int limit = Math.max(2, name.length() / 3);
        String best = null;
        for (String candidate : candidates) {
            int distance = candidate.equals(name) ? 0 : distance(name, candidate, limit);
            if (distance <= limit) {
                best = candidate;
                limit = distance - 1;
                if (distance == 0) {
                    break;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    /** The edit distance of two texts, or {@code limit + 1} where it is larger; O(limit · length). */
    static int distance(String a, String b, int limit) {
        if (limit < 0 || Math.abs(a.length() - b.length()) > limit) {
            return limit + 1;
        }
        int start = 0;
        int endA = a.length();
        int endB = b.length();
        while (start < endA && start < endB && a.charAt(start) == b.charAt(start)) {
            start++;
        }
        while (endA > start && endB > start && a.charAt(endA - 1) == b.charAt(endB - 1)) {
            endA--;
            endB--;
        }
        return banded(a.substring(start, endA), b.substring(start, endB), limit);
    }

    /** Wagner–Fischer in a band of {@code limit} around the diagonal. */
    private static int banded(String a, String b, int limit) {
        int over = limit + 1;
        int[] previous = new int[b.length() + 1];
        int[] current = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = Math.min(j, over);
        }
        for (int i = 1; i <= a.length(); i++) {
            Arrays.fill(current, over);
            int from = Math.max(0, i - limit);
            int to = Math.min(b.length(), i + limit);
            int rowBest = over;
            for (int j = from; j <= to; j++) {
                int value;
                if (j == 0) {
                    value = i;
                } else {
                    int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                    value = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
                }
                current[j] = Math.min(value, over);
                rowBest = Math.min(rowBest, current[j]);
            }
            if (rowBest >= over) {
                return over;
            }
            int[] swap = previous;
            previous = current;
            current = swap;
        }
        return previous[b.length()];
    }
}
