package tfx.compiler.schedule;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A strided view of memory. Element (b, i0, i1, ...) lies at element number
 * {@code offset + b * batchStride + sum_k (i_k - (k == 0 ? origin : 0)) * strides[k]}.
 *
 * @param data the bytes; for weights a read-only mapping of the file
 * @param offset in elements
 * @param batchStride in elements; 0 for parameters
 * @param origin the absolute index that row 0 holds along the first sequence dimension: 0 for parameters, inputs given whole
 *     and caches; the step's start for values that hold only the step's rows
 * @param originAxis which dimension {@code origin} is subtracted from, or -1
 */
public record Tensor(
        MemorySegment data,
        ElementType type,
        long[] shape,
        long[] strides,
        long offset,
        long batchStride,
        long origin,
        int originAxis) {

    /** The offset an engine adds indices to: {@code offset} less the origin's rows. */
    public long base() {
        return originAxis < 0 ? offset : offset - origin * strides[originAxis];
    }

    /** Row-major strides, in elements. */
    public static long[] strides(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride = Math.multiplyExact(stride, shape[d]);
        }
        return strides;
    }

    /** How many elements a shape has. */
    public static long elements(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}
