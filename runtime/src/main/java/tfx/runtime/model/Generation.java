package tfx.runtime.model;

import java.util.Set;
import java.util.function.IntConsumer;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * A continuation that was made.
 *
 * @param tokens how many were made
 * @param reason why it ended: {@code length}, {@code end} (of the text, as the model says) or {@code context}
 * @param firstNanos from the start to the first token
 * @param nanos from the start to the last
 */
public record Generation(int tokens, String reason, long firstNanos, long nanos) {

    /**
     * Continues a prompt, one token at a time.
     *
     * @param context the most positions the model takes
     * @param ends ids that end the text; not passed on
     * @param each receives every id as soon as it is known
     * @throws TfxException TFX0607 for an empty prompt, TFX0608 for one that is not shorter than the context
     */
    public static Generation of(
            Engine engine,
            int[] prompt,
            int maxTokens,
            long context,
            Sampling sampling,
            Set<Integer> ends,
            IntConsumer each) {
        if (prompt.length == 0) {
            throw new TfxException(
                    Diagnostic.error("TFX0607", "--prompt", "the prompt is empty", "give at least one token of text"));
        }
        if (prompt.length > context) {
            throw new TfxException(Diagnostic.error(
                    "TFX0608",
                    "--prompt",
                    "the prompt has " + prompt.length + " tokens, and the model takes at most " + context,
                    "shorten the prompt"));
        }
        long start = System.nanoTime();
        long first = 0;
        Sampler sampler = new Sampler(sampling);
        try (Session session = engine.open(1)) {
            int[] next = prompt;
            int made = 0;
            String reason = "length";
            while (made < maxTokens) {
                if (session.position() + next.length > context) {
                    reason = "context";
                    break;
                }
                int id = sampler.next(session.step(new int[][] {next})[0]);
                if (made == 0) {
                    first = System.nanoTime() - start;
                }
                if (ends.contains(id)) {
                    reason = "end";
                    break;
                }
                each.accept(id);
                made++;
                next = new int[] {id};
            }
            return new Generation(made, reason, first, System.nanoTime() - start);
        }
    }
}
