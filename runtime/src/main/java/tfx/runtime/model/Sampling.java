package tfx.runtime.model;

/**
 * How the next token is drawn.
 *
 * @param temperature divides the logits; 0 takes the likeliest token, whatever the rest says
 * @param topK only the k likeliest tokens are drawn from; 0 for all
 * @param topP only the fewest likeliest tokens whose probabilities reach this sum are drawn from; 1 for all
 * @param seed the same seed and logits draw the same tokens
 */
public record Sampling(double temperature, int topK, double topP, long seed) {
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0);

    public Sampling {
        if (!(temperature >= 0) || topK < 0 || !(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("temperature " + temperature + ", top-k " + topK + ", top-p " + topP);
        }
    }
}
