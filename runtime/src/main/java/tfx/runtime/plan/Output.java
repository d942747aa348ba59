package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.reference.Reference;

/**
 * One output while its rows are computed, chunk by chunk, in an array of float64 or float32. Columns that an earlier chunk did
 * not have are absent: 0.
 */
final class Output {
    private final int number;
    private final int axis;
    private final long first;
    private final long[] extents;
    private final long[] strides;
    private final int batch;
    private final ElementType type;
    /** {@code float[][]} by sequence, or one {@code double[]} for all. */
    private final Object array;
    /** By sequence. */
    private final MemorySegment[] into;

    /**
     * @param number the value's among the tensors
     * @param first the first row wanted
     * @param extents of the result without the batch
     * @param batch 0 for a value without
     * @param type F32 for {@link #floats}, F64 for {@link #result}
     * @param given for {@link #floats}, where it is of the right size: a new array takes longer than what is copied into it
     */
    Output(int number, int axis, long first, long[] extents, int batch, ElementType type, float[][] given) {
        this.number = number;
        this.axis = axis;
        this.first = first;
        this.extents = extents;
        this.batch = batch;
        this.strides = Strides.of(extents, -1);
        this.type = type;
        int size = Math.toIntExact(Strides.count(extents));
        this.into = new MemorySegment[Math.max(1, batch)];
        if (type == ElementType.F32) {
            boolean fits = given.length == into.length && given[0].length == size;
            float[][] rows = fits ? given : new float[into.length][size];
            Arrays.setAll(into, b -> MemorySegment.ofArray(rows[b]));
            this.array = rows;
        } else {
            double[] all = new double[Math.multiplyExact(size, into.length)];
            long bytes = (long) size * Double.BYTES;
            Arrays.setAll(into, b -> MemorySegment.ofArray(all).asSlice(b * bytes, bytes));
            this.array = all;
        }
    }

    /** Copies the rows that lie in both {@code from .. to} and what is wanted. */
    void take(DeviceMemory device, Tensor[] tensors, long from, long to) {
        Tensor tensor = tensors[number];
        device.read(tensor);
        long low = Math.max(from, first);
        long[] part = extents.clone();
        for (int k = 0; k < part.length; k++) {
            part[k] = k == axis ? to - low : Math.min(part[k], tensor.shape()[k]);
        }
        long at = axis < 0 ? 0 : (low - first) * strides[axis];
        for (int b = 0; b < into.length; b++) {
            Tensors.read(tensor, b, axis, low, part, into[b], type, at, strides);
        }
    }

    /** [batch][elements], rounded to float32. */
    float[][] floats() {
        return (float[][]) array;
    }

    Reference.Result result() {
        double[] data = (double[]) array;
        if (batch == 0) {
            return new Reference.Result(data, extents, false);
        }
        long[] shape = new long[extents.length + 1];
        shape[0] = batch;
        System.arraycopy(extents, 0, shape, 1, extents.length);
        return new Reference.Result(data, shape, true);
    }
}
