package tfx.backend.tornado;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a kernel waits for the kernels before it, on a device that starts it while those still run (CUDA C++ Programming Guide,
 * programmatic dependent launch): at its begin, or later where it reads nothing but weights until then.
 */
final class Inputs {
    /** The line that waits; a writer may put it behind what it asks of the weights. */
    static final String AWAITED = "context.awaitInputs();";

    private static final Pattern READ = Pattern.compile("\\bs(\\d+)\\.(?:get|getOnce|set)\\(");
    private static final Pattern LINE = Pattern.compile("context\\.awaitInputs\\(.*\\);\n");

    private Inputs() {}

    /**
     * A line that waits where a condition holds. Behind it {@linkplain Reads#EARLIER what was there before} may be read as well, up to a
     * line that waits in any case.
     */
    static String awaitedIf(String condition) {
        return "context.awaitInputs(" + condition + ");";
    }

    /**
     * A body with the line where it may stand.
     *
     * @param weights the slabs that hold nothing but weights, which no kernel writes
     */
    static String awaited(String body, Set<Integer> weights) {
        int at = body.indexOf(AWAITED);
        if (at >= 0 && onlyWeights(body.substring(0, at), weights)) {
            return body;
        }
        return AWAITED + "\n" + without(body);
    }

    private static boolean onlyWeights(String text, Set<Integer> weights) {
        Matcher read = READ.matcher(text);
        while (read.find()) {
            if (!weights.contains(Integer.valueOf(read.group(1)))) {
                return false;
            }
        }
        return true;
    }

    /** A body for a device that starts kernels one after another. */
    static String without(String body) {
        return LINE.matcher(body).replaceAll("");
    }
}
