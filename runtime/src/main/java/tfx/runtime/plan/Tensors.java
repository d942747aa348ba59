package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.reference.Elements;

/** Copies between tensors and arrays. */
final class Tensors {
    private Tensors() {}

    /** Rows {@code from .. to} of {@code source} to the same rows of {@code target}, as far as both reach in the other dimensions. */
    static void copyRows(Tensor source, Tensor target, int axis, long from, long to, int copies) {
        long[] extents = new long[source.shape().length];
        for (int k = 0; k < extents.length; k++) {
            extents[k] = k == axis ? to - from : Math.min(source.shape()[k], target.shape()[k]);
        }
        for (int b = 0; b < copies; b++) {
            long read = source.base() + b * source.batchStride() + from * source.strides()[axis];
            long write = target.base() + b * target.batchStride() + from * target.strides()[axis];
            walk(extents, 0, read, source.strides(), write, target.strides(), (r, w, n, rs, ws) -> {
                Elements.copy(source.data(), source.type(), r, rs, target.data(), target.type(), w, ws, n);
            });
        }
    }

    /**
     * Elements of one sequence, row-major, into memory.
     *
     * @param first the first index along {@code axis}; the others start at 0
     * @param extents how many in each dimension
     * @param type of {@code out}
     * @param at the number of the first element there
     * @param outStrides per dimension of {@code out}
     */
    static void read(
            Tensor tensor,
            int sequence,
            int axis,
            long first,
            long[] extents,
            MemorySegment out,
            ElementType type,
            long at,
            long[] outStrides) {
        long base = tensor.base() + sequence * tensor.batchStride() + (axis < 0 ? 0 : first * tensor.strides()[axis]);
        walk(extents, 0, base, tensor.strides(), at, outStrides, (r, w, n, rs, ws) -> {
            Elements.copy(tensor.data(), tensor.type(), r, rs, out, type, w, ws, n);
        });
    }

    /** The converse of {@link #read}, from an array. */
    static void write(
            double[] in, long at, long[] inStrides, Tensor tensor, int sequence, int axis, long first, long[] extents) {
        long base = tensor.base() + sequence * tensor.batchStride() + (axis < 0 ? 0 : first * tensor.strides()[axis]);
        MemorySegment given = MemorySegment.ofArray(in);
        walk(extents, 0, at, inStrides, base, tensor.strides(), (r, w, n, rs, ws) -> {
            Elements.copy(given, ElementType.F64, r, rs, tensor.data(), tensor.type(), w, ws, n);
        });
    }

    /** Moves what lies along the last dimension: so many elements at a stride of either side. */
    private interface Move {
        void row(long read, long write, long count, long readStride, long writeStride);
    }

    private static void walk(long[] extents, int k, long read, long[] reads, long write, long[] writes, Move move) {
        if (extents.length == 0) {
            move.row(read, write, 1, 0, 0);
        } else if (k == extents.length - 1) {
            move.row(read, write, extents[k], reads[k], writes[k]);
        } else {
            for (long i = 0; i < extents[k]; i++) {
                walk(extents, k + 1, read + i * reads[k], reads, write + i * writes[k], writes, move);
            }
        }
    }
}
