package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;

/** Copies weights into device memory, row by row in the order of their dimensions; what the device does not hold becomes F32. */
final class Weights {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Gives memory for so many elements. */
    interface Allocator {
        MemorySegment allocate(ElementType type, long elements);
    }

    private final Tensor from;
    private final MemorySegment to;
    private final int bytes;
    private final boolean same;
    private long next;

    private Weights(Tensor from, MemorySegment to, ElementType type) {
        this.from = from;
        this.to = to;
        this.same = from.type() == type;
        this.bytes = from.type().bytes();
    }

    /** @param type the same as the tensor's, or F32 */
    static Tensor copy(Tensor given, ElementType type, Allocator allocator) {
        long[] shape = given.shape();
        long count = Tensor.elements(shape);
        MemorySegment data = allocator.allocate(type, count);
        Weights copy = new Weights(given, data, type);
        if (count > 0) {
            copy.run(0, given.offset());
        }
        return new Tensor(data, type, shape, Tensor.strides(shape), 0, 0, 0, -1);
    }

    private void run(int dimension, long at) {
        int rank = from.shape().length;
        long length = dimension == rank ? 1 : from.shape()[dimension];
        long stride = dimension == rank ? 1 : from.strides()[dimension];
        if (dimension < rank - 1) {
            for (long i = 0; i < length; i++) {
                run(dimension + 1, at + i * stride);
            }
        } else if (stride == 1 && same) {
            MemorySegment.copy(from.data(), at * bytes, to, next * bytes, length * bytes);
            next += length;
        } else {
            for (long i = 0; i < length; i++) {
                element(at + i * stride);
            }
        }
    }

    private void element(long at) {
        if (!same) {
            to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, next * 4, widened(at));
        } else if (bytes == 4) {
            to.set(INT, next * 4, from.data().get(INT, at * 4));
        } else {
            to.set(SHORT, next * 2, from.data().get(SHORT, at * 2));
        }
        next++;
    }

    private float widened(long at) {
        return switch (from.type()) {
            case F64 -> (float) from.data().get(DOUBLE, at * 8);
            case BF16 -> Float.intBitsToFloat(from.data().get(SHORT, at * 2) << 16);
            case F16 -> Float.float16ToFloat(from.data().get(SHORT, at * 2));
            default -> throw new IllegalArgumentException("weights of " + from.type());
        };
    }
}
