package tfx.runtime.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;
import tfx.runtime.reference.Reference;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** The inputs of one step, checked. */
final class Feed {
    private final Map<String, Reference.Array> arrays;
    private final List<Value.Input> given;
    private final long positions;
    private final long start;

    private Feed(Map<String, Reference.Array> arrays, List<Value.Input> given, long positions, long start) {
        this.arrays = arrays;
        this.given = given;
        this.positions = positions;
        this.start = start;
    }

    static Feed of(Schedule schedule, Map<String, Reference.Array> arrays, int batch, long start) {
        List<Value.Input> inputs = schedule.program().inputs();
        long positions = -1;
        for (Value.Input input : inputs) {
            Reference.Array array = arrays.get(input.name());
            if (array == null) {
                throw new TfxException(Diagnostic.error(
                        "TFX0502",
                        input.name(),
                        "the model's input is not given",
                        "give it; its shape is " + input.shape()));
            }
            int axis = schedule.placements().get(input).sequenceAxis();
            boolean right = array.shape().length == input.shape().size() + 1
                    && array.shape()[0] == batch
                    && Strides.count(array.shape()) == array.data().length;
            if (right && axis >= 0) {
                right = array.shape()[axis + 1] >= 1 && (positions < 0 || positions == array.shape()[axis + 1]);
                positions = array.shape()[axis + 1];
            }
            if (right) {
                long[] extents = Strides.extents(
                        input, axis, Math.max(0, positions), schedule.length(), start + Math.max(0, positions));
                right = Arrays.equals(extents, 0, extents.length, array.shape(), 1, array.shape().length);
            }
            if (!right) {
                throw new TfxException(Diagnostic.error(
                        "TFX0503",
                        input.name(),
                        "the input has shape " + Arrays.toString(array.shape()) + " where [" + batch + ", then "
                                + input.shape() + "] is needed",
                        "give the session's batch and at least one new position, as many for all inputs"));
            }
        }
        // A model without a sequence takes one step for each set of inputs.
        return new Feed(arrays, inputs, positions < 0 ? 1 : positions, start);
    }

    /** Token ids, [batch][positions], as the input of a model that has one. */
    static Map<String, Reference.Array> tokens(Schedule schedule, int[][] tokens) {
        List<Value.Input> inputs = schedule.program().inputs();
        if (inputs.size() != 1) {
            throw new IllegalArgumentException("the model has the inputs " + inputs + ", not one of tokens");
        }
        int count = 0;
        for (int[] row : tokens) {
            count += row.length;
        }
        double[] data = new double[count];
        int at = 0;
        for (int[] row : tokens) {
            for (int id : row) {
                data[at++] = id;
            }
        }
        return Map.of(inputs.getFirst().name(), new Reference.Array(data, new long[] {
            tokens.length, count / Math.max(1, tokens.length)
        }));
    }

    List<Value.Input> given() {
        return given;
    }

    Reference.Array array(Value.Input input) {
        return arrays.get(input.name());
    }

    long positions() {
        return positions;
    }

    /** Stores the rows {@code from .. to}, or all of an input without a sequence dimension. */
    void write(Value.Input input, int axis, Tensor tensor, long from, long to) {
        Reference.Array array = array(input);
        long[] extents = Arrays.copyOfRange(array.shape(), 1, array.shape().length);
        long[] strides = Strides.of(extents, -1);
        long each = Strides.count(extents);
        long skip = axis < 0 ? 0 : (from - start) * strides[axis];
        if (axis >= 0) {
            extents[axis] = to - from;
        }
        for (int b = 0; b < array.shape()[0]; b++) {
            Tensors.write(array.data(), b * each + skip, strides, tensor, b, axis, from, extents);
        }
    }
}
