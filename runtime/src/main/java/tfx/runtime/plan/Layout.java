package tfx.runtime.plan;

import org.jspecify.annotations.Nullable;
import tfx.ir.Value;

/**
 * How so many rows of a value lie, rows outermost.
 *
 * @param rows along the value's dimension of sequence length
 * @param elements of one sequence
 */
record Layout(long rows, long[] extents, long[] strides, long elements) {
    /**
     * @param axis the value's dimension of sequence length, or -1
     * @param length of the sequence, for the other dimensions
     */
    static Layout of(Value value, int axis, long rows, @Nullable String symbol, long length) {
        long[] extents = Strides.extents(value, axis, rows, symbol, length);
        return new Layout(rows, extents, Strides.of(extents, axis), Strides.count(extents));
    }
}
