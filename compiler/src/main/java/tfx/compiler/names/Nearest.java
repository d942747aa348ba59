package tfx.compiler.names;

import java.util.Collection;
import java.util.Optional;

/** The known name most like a mistyped one. */
public final class Nearest {
    private Nearest() {}

    /** The candidate at the least edit distance, where that is at most a third of the name's length (and at least 1). */
    public static Optional<String> to(String name, Collection<String> candidates) {
        String best = null;
        int least = Math.max(1, name.length() / 3) + 1;
        for (String candidate : candidates) {
            if (candidate.equals(name) || Math.abs(candidate.length() - name.length()) >= least) {
                continue;
            }
            int distance = distance(name, candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /** {@code "did you mean x?"}, or {@code otherwise} where nothing is near. */
    public static String mend(String name, Collection<String> candidates, String otherwise) {
        return to(name, candidates).map(near -> "did you mean `" + near + "`?").orElse(otherwise);
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
