package tfx.runtime.reference;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Lengths and batch from the shapes of the inputs given. */
final class Lengths {
    private Lengths() {}

    /**
     * Adds to {@code lengths} every symbol that the inputs given bind; returns the batch, 1 without inputs.
     *
     * @param needed the values to compute: inputs among them must be given
     */
    static int bind(
            Program program, List<Value> needed, Map<String, Reference.Array> inputs, Map<String, Long> lengths) {
        long batch = -1;
        for (Value.Input input : program.inputs()) {
            Reference.Array given = inputs.get(input.name());
            if (given == null && !needed.contains(input)) {
                continue;
            }
            if (given == null) {
                throw new TfxException(Diagnostic.error(
                        "TFX0502",
                        input.name(),
                        "the model's input is not given",
                        "give it; its shape is " + input.shape()));
            }
            if (given.shape().length != input.shape().size() + 1
                    || given.shape()[0] < 1
                    || (batch >= 0 && given.shape()[0] != batch)) {
                throw mismatch(input, given);
            }
            batch = given.shape()[0];
            for (int k = 0; k < input.shape().size(); k++) {
                Size size = input.shape().get(k);
                long extent = given.shape()[k + 1];
                for (String symbol : size.symbols()) {
                    if (size.equals(Size.symbol(symbol))) {
                        lengths.putIfAbsent(symbol, extent);
                    }
                }
                if (!lengths.keySet().containsAll(size.symbols()) || size.evaluate(lengths) != extent) {
                    throw mismatch(input, given);
                }
            }
        }
        return batch < 0 ? 1 : Math.toIntExact(batch);
    }

    private static TfxException mismatch(Value.Input input, Reference.Array given) {
        return new TfxException(Diagnostic.error(
                "TFX0503",
                input.name(),
                "the input has shape " + Arrays.toString(given.shape()) + " where [batch, then " + input.shape()
                        + "] is needed",
                "give one batch and equal lengths for all inputs"));
    }
}
