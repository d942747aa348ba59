package tfx.runtime.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Draws tokens from logits. Filters apply in the order temperature, top-k, top-p. Not thread-safe. */
public final class Sampler {
    private final Sampling sampling;
    private final SplittableRandom random;

    public Sampler(Sampling sampling) {
        this.sampling = sampling;
        this.random = new SplittableRandom(sampling.seed());
    }

    /**
     * The next token's id.
     *
     * @param logits [vocab]; not changed
     * @throws TfxException TFX0606 where a logit is not a number, or none is above minus infinity
     */
    public int next(float[] logits) {
        int best = likeliest(logits);
        if (sampling.temperature() == 0) {
            return best;
        }
        Integer[] order = order(logits);
        double[] weights = new double[order.length];
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            // Relative to the largest, so that a small temperature underflows to the likeliest instead of overflowing.
            weights[i] = Math.exp(((double) logits[order[i]] - logits[best]) / sampling.temperature());
            total += weights[i];
        }
        int kept = keep(weights, total);
        double sum = 0;
        for (int i = 0; i < kept; i++) {
            sum += weights[i];
        }
        double at = random.nextDouble() * sum;
        for (int i = 0; i < kept; i++) {
            at -= weights[i];
            if (at < 0) {
                return order[i];
            }
        }
        return order[0];
    }

    /** The first of the largest logits. */
    private static int likeliest(float[] logits) {
        int best = -1;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.length; i++) {
            // One comparison for nearly all: false for what is larger, and for what is no number.
            if (!(logits[i] <= most)) {
                if (Float.isNaN(logits[i])) {
                    throw fault("logit " + i + " of " + logits.length + " is not a number");
                }
                most = logits[i];
                best = i;
            }
        }
        if (best < 0) {
            throw fault("no token has a probability above zero");
        }
        if (most == Float.POSITIVE_INFINITY) {
            throw fault("logit " + best + " of " + logits.length + " is infinite");
        }
        return best;
    }

    private static TfxException fault(String what) {
        return new TfxException(Diagnostic.error(
                "TFX0606", "logits", what, "check the weights: tfx compare shows the first value that goes wrong"));
    }

    /** Tokens from the likeliest to the least, at most top-k of them; equals stay in the order of their ids. */
    private Integer[] order(float[] logits) {
        Integer[] order = new Integer[logits.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparing((Integer i) -> -logits[i]));
        return sampling.topK() == 0 || sampling.topK() >= order.length ? order : Arrays.copyOf(order, sampling.topK());
    }

    private int keep(double[] weights, double total) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            if (sum >= sampling.topP() * total) {
                return i + 1;
            }
        }
        return weights.length;
    }
}
