package tfx.runtime.plan;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Size;
import tfx.ir.Value;

/** How computed values lie: the sequence dimension outermost, so that rows are appended; the others in their order. */
final class Strides {
    private Strides() {}

    /** Per dimension; -1 where it depends on the length of the sequence. */
    static long[] known(Value value, int axis) {
        List<Size> shape = value.shape();
        long[] strides = new long[shape.size()];
        long stride = 1;
        for (int k = strides.length - 1; k >= 0; k--) {
            if (k != axis) {
                strides[k] = stride;
                stride = stride < 0 || !shape.get(k).isConstant()
                        ? -1
                        : stride * shape.get(k).constant();
            }
        }
        if (axis >= 0) {
            strides[axis] = stride;
        }
        return strides;
    }

    /** The length of each dimension: {@code rows} along the axis, the others with the sequence {@code length} long. */
    static long[] extents(Value value, int axis, long rows, @Nullable String symbol, long length) {
        Map<String, Long> lengths = symbol == null ? Map.of() : Map.of(symbol, length);
        long[] extents = new long[value.shape().size()];
        for (int k = 0; k < extents.length; k++) {
            extents[k] = k == axis ? rows : Math.max(0, value.shape().get(k).evaluate(lengths));
        }
        return extents;
    }

    static long[] of(long[] extents, int axis) {
        long[] strides = new long[extents.length];
        long stride = 1;
        for (int k = extents.length - 1; k >= 0; k--) {
            if (k != axis) {
                strides[k] = stride;
                stride *= extents[k];
            }
        }
        if (axis >= 0) {
            strides[axis] = stride;
        }
        return strides;
    }

    static long count(long[] extents) {
        long count = 1;
        for (long extent : extents) {
            count = Math.multiplyExact(count, extent);
        }
        return count;
    }
}
