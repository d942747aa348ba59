package tfx.runtime.model;

import java.util.Arrays;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * How well a model foretells a text.
 *
 * @param loss mean negative log likelihood of a token, in nats
 * @param tokens how many were foretold
 */
public record Evaluation(double loss, long tokens) {
    public double perplexity() {
        return Math.exp(loss);
    }

    /** Told of how far an evaluation is. */
    public interface Listener {
        void at(long done, long total);
    }

    /**
     * Window i takes the ids {@code window * i ..} and foretells the one after each; windows do not overlap and do not see
     * each other. The last may be shorter.
     *
     * @param window how many ids a window takes, at least 1
     * @throws TfxException TFX0612 for fewer than two ids
     */
    public static Evaluation of(Engine engine, int[] ids, int window, Listener listener) {
        if (ids.length < 2) {
            throw new TfxException(Diagnostic.error(
                    "TFX0612",
                    "text",
                    "the text has " + ids.length + " tokens; a loss needs at least 2",
                    "give a longer text"));
        }
        double sum = 0;
        long count = 0;
        try (Session session = engine.open(1)) {
            for (int start = 0; start + 1 < ids.length; start += window) {
                int end = Math.min(start + window, ids.length - 1);
                session.reset();
                Reference.Result logits = session.all(new int[][] {Arrays.copyOfRange(ids, start, end)});
                int vocab = Math.toIntExact(logits.data().length / (end - start));
                for (int i = start; i < end; i++) {
                    sum += loss(logits.data(), (i - start) * vocab, vocab, ids[i + 1]);
                    count++;
                }
                listener.at(count, ids.length - 1L);
            }
        }
        return new Evaluation(sum / count, count);
    }

    /** {@code log sum exp(row) - row[target]}, shifted by the row's largest. */
    private static double loss(double[] logits, int at, int vocab, int target) {
        double max = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < vocab; v++) {
            max = Math.max(max, logits[at + v]);
        }
        double sum = 0;
        for (int v = 0; v < vocab; v++) {
            sum += Math.exp(logits[at + v] - max);
        }
        return max + Math.log(sum) - logits[at + target];
    }
}
