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
        try (Session session = engine.open(1)) {
            Decoding decoding = new Decoding(session, prompt, maxTokens, context, new Sampler(sampling), ends, each);
            if (maxTokens > 0) {
                DecodeLoop.run(engine.language(), decoding::next);
            }
            return decoding.result();
        }
    }

    /** A continuation under way. */
    private static final class Decoding {
        private final Session session;
        private final int maxTokens;
        private final long context;
        private final Sampler sampler;
        private final Set<Integer> ends;
        private final IntConsumer each;
        private final long start = System.nanoTime();
        private int[] given;
        private long first;
        private int made;
        private String reason = "length";

        Decoding(
                Session session,
                int[] prompt,
                int maxTokens,
                long context,
                Sampler sampler,
                Set<Integer> ends,
                IntConsumer each) {
            this.session = session;
            this.given = prompt;
            this.maxTokens = maxTokens;
            this.context = context;
            this.sampler = sampler;
            this.ends = ends;
            this.each = each;
        }

        /** Makes the next token; false where there is no further one. */
        boolean next() {
            if (session.position() + given.length > context) {
                reason = "context";
                return false;
            }
            int id = sampler.next(session.step(new int[][] {given})[0]);
            if (made == 0) {
                first = System.nanoTime() - start;
            }
            if (ends.contains(id)) {
                reason = "end";
                return false;
            }
            each.accept(id);
            made++;
            given = new int[] {id};
            return made < maxTokens;
        }

        Generation result() {
            return new Generation(made, reason, first, System.nanoTime() - start);
        }
    }
}
