package tfx.runtime.plan;

import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.reference.Reference;

/** One output while its rows are computed, chunk by chunk. Columns that an earlier chunk did not have are absent: 0. */
final class Output {
    private final int number;
    private final int axis;
    private final long first;
    private final long[] extents;
    private final long[] strides;
    private final int batch;
    private final int size;
    private final double[] data;

    /**
     * @param number the value's among the tensors
     * @param first the first row wanted, the last is before {@code end}
     * @param extents of the result without the batch
     * @param batch 0 for a value without
     */
    Output(int number, int axis, long first, long end, long[] extents, int batch) {
        this.number = number;
        this.axis = axis;
        this.first = first;
        this.extents = extents;
        this.batch = batch;
        this.strides = Strides.of(extents, -1);
        this.size = Math.toIntExact(Strides.count(extents));
        this.data = new double[Math.multiplyExact(size, Math.max(1, batch))];
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
        for (int b = 0; b < Math.max(1, batch); b++) {
            long at = (long) b * size + (axis < 0 ? 0 : (low - first) * strides[axis]);
            Tensors.read(tensor, b, axis, low, part, data, at, strides);
        }
    }

    Reference.Result result() {
        if (batch == 0) {
            return new Reference.Result(data, extents, false);
        }
        long[] shape = new long[extents.length + 1];
        shape[0] = batch;
        System.arraycopy(extents, 0, shape, 1, extents.length);
        return new Reference.Result(data, shape, true);
    }
}
