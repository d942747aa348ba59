package tfx.runtime.plan;

import java.util.Map;
import tfx.compiler.schedule.Schedule;
import tfx.runtime.reference.Reference;

/** Sequences that advance together, with everything kept that their next positions read. Not thread-safe. */
public interface Session extends AutoCloseable {
    /** Which rows along the sequence a step gives of its outputs. Rows that nothing needs are not computed. */
    enum Rows {
        ALL,
        LAST
    }

    Engine engine();

    int batch();

    /** How many positions have been given so far. */
    long position();

    /**
     * Gives the next positions of every input.
     *
     * @param inputs by name; {@code [batch, shape...]}, where a dimension of sequence length holds the new positions only
     * @param rows of the outputs along their first dimension of sequence length: those of the new positions, or the last
     * @return every output of the program by name; further dimensions of sequence length run over all positions so far
     * @throws tfx.source.TfxException TFX0501 for an index outside a value, TFX0502 for a missing input, TFX0503 for an input
     *     of the wrong shape, TFX0505 beyond the longest sequence; the session is then as before
     */
    Map<String, Reference.Result> advance(Map<String, Reference.Array> inputs, Rows rows);

    /** Forgets every position. */
    void reset();

    @Override
    void close();

    /**
     * Gives the next token ids to a model of one input, and takes the first output's last row.
     *
     * @param tokens [batch][new positions], all of one length of at least 1
     * @return [batch][elements of the row]: for a language model the logits of the next token. The session's own: its
     *     next step writes over it
     */
    float[][] step(int[][] tokens);

    /** The same with the first output's rows at all new positions, {@code [batch, positions, ...]}. */
    default Reference.Result all(int[][] tokens) {
        Schedule schedule = engine().schedule();
        return advance(Feed.tokens(schedule, tokens), Rows.ALL)
                .get(schedule.outputs().keySet().iterator().next());
    }
}
