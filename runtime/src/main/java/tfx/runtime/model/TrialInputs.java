package tfx.runtime.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.reference.Reference;

/** Inputs drawn for a model, and parts of them. */
final class TrialInputs {
    private final LoadedModel model;
    private final int length;
    private final Map<String, Reference.Array> all = new LinkedHashMap<>();

    TrialInputs(LoadedModel model, int batch, int length, long seed) {
        this.model = model;
        this.length = length;
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Long> bounds = model.elaborated().idBounds();
        for (Value.Input input : model.program().inputs()) {
            long[] shape = shape(input, batch);
            double[] data = new double[Math.toIntExact(count(shape))];
            long bound = bounds.getOrDefault(input.name(), 2L);
            for (int i = 0; i < data.length; i++) {
                data[i] = input.kind() == Value.Kind.INTEGER ? random.nextLong(bound) : (float) random.nextGaussian();
            }
            all.put(input.name(), new Reference.Array(data, shape));
        }
    }

    private long[] shape(Value.Input input, int batch) {
        List<Size> sizes = input.shape();
        long[] shape = new long[sizes.size() + 1];
        shape[0] = batch;
        for (int k = 0; k < sizes.size(); k++) {
            shape[k + 1] = sizes.get(k).isConstant()
                    ? sizes.get(k).constant()
                    : sizes.get(k).evaluate(Map.of(model.program().length(), (long) length));
        }
        return shape;
    }

    Map<String, Reference.Array> all() {
        return all;
    }

    /** The sequence of one place in the batch. */
    Map<String, Reference.Array> sequence(int b) {
        return each((input, array) -> slice(array, 0, b, b + 1));
    }

    /** Positions {@code from .. to} of inputs along the sequence, the others whole. */
    Map<String, Reference.Array> positions(int from, int to) {
        return each((input, array) -> {
            int axis = Scheduler.sequenceAxis(input, model.program().length());
            return axis < 0 ? array : slice(array, axis + 1, from, to);
        });
    }

    private interface Part {
        Reference.Array of(Value.Input input, Reference.Array array);
    }

    private Map<String, Reference.Array> each(Part part) {
        Map<String, Reference.Array> parts = new LinkedHashMap<>();
        model.program().inputs().forEach(input -> parts.put(input.name(), part.of(input, all.get(input.name()))));
        return parts;
    }

    /** Indices {@code from .. to} along one axis. */
    static Reference.Array slice(Reference.Array array, int axis, long from, long to) {
        long[] shape = array.shape().clone();
        int row = inner(shape, axis);
        int rows = Math.toIntExact(shape[axis]);
        shape[axis] = to - from;
        double[] data = new double[Math.toIntExact(count(shape))];
        int taken = (int) (to - from) * row;
        for (int outer = 0; outer * taken < data.length; outer++) {
            System.arraycopy(array.data(), (int) (outer * rows * (long) row + from * row), data, outer * taken, taken);
        }
        return new Reference.Array(data, shape);
    }

    private static int inner(long[] shape, int axis) {
        int inner = 1;
        for (int k = axis + 1; k < shape.length; k++) {
            inner = Math.toIntExact(inner * shape[k]);
        }
        return inner;
    }

    private static long count(long[] shape) {
        long count = 1;
        for (long extent : shape) {
            count = Math.multiplyExact(count, extent);
        }
        return count;
    }
}
