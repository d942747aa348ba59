package tfx.runtime.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tfx.ir.Value;
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
     * @return [batch][elements of the row]: for a language model the logits of the next token
     */
    default float[][] step(int[][] tokens) {
        Reference.Result result = first(advance(tokens(tokens), Rows.LAST));
        int width = result.data().length / batch();
        float[][] rows = new float[batch()][width];
        for (int b = 0; b < batch(); b++) {
            for (int i = 0; i < width; i++) {
                rows[b][i] = (float) result.data()[b * width + i];
            }
        }
        return rows;
    }

    /** The same with the first output's rows at all new positions, {@code [batch, positions, ...]}. */
    default Reference.Result all(int[][] tokens) {
        return first(advance(tokens(tokens), Rows.ALL));
    }

    private Map<String, Reference.Array> tokens(int[][] tokens) {
        List<Value.Input> inputs = engine().schedule().program().inputs();
        if (inputs.size() != 1) {
            throw new IllegalArgumentException("the model has the inputs " + inputs + ", not one of tokens");
        }
        double[] data = Arrays.stream(tokens)
                .flatMapToInt(Arrays::stream)
                .asDoubleStream()
                .toArray();
        return Map.of(inputs.getFirst().name(), new Reference.Array(data, new long[] {
            tokens.length, data.length / Math.max(1, tokens.length)
        }));
    }

    private Reference.Result first(Map<String, Reference.Result> outputs) {
        return outputs.get(engine().schedule().outputs().keySet().iterator().next());
    }
}
