package tfx.runtime.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;

/** Single elements of tensors as float64, and whole tensors as dense arrays. */
public final class Elements {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Elements() {}

    /** Element number {@code at} of {@code data}. */
    public static double get(MemorySegment data, ElementType type, long at) {
        long address = at * type.bytes();
        return switch (type) {
            case F64 -> data.get(DOUBLE, address);
            case F32 -> data.get(FLOAT, address);
            case F16 -> Float.float16ToFloat(data.get(SHORT, address));
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, address) << 16);
            case I64 -> data.get(LONG, address);
            case I32 -> data.get(INT, address);
        };
    }

    /**
     * Copies {@code count} elements, each a step behind the one before; adjacent ones at once where the types are the same,
     * as logits are at every step.
     */
    public static void copy(
            MemorySegment from,
            ElementType given,
            long read,
            long readStep,
            MemorySegment to,
            ElementType wanted,
            long write,
            long writeStep,
            long count) {
        if (given == wanted && readStep == 1 && writeStep == 1) {
            int bytes = given.bytes();
            MemorySegment.copy(from, read * bytes, to, write * bytes, count * bytes);
        } else if (given == ElementType.F32 && wanted == ElementType.F64) {
            for (long i = 0; i < count; i++) {
                double element = from.get(FLOAT, (read + i * readStep) * Float.BYTES);
                to.set(DOUBLE, (write + i * writeStep) * Double.BYTES, element);
            }
        } else {
            for (long i = 0; i < count; i++) {
                set(to, wanted, write + i * writeStep, get(from, given, read + i * readStep));
            }
        }
    }

    /** Stores {@code value} as element number {@code at}, rounded to the type; F16 and BF16 are never written. */
    public static void set(MemorySegment data, ElementType type, long at, double value) {
        long address = at * type.bytes();
        switch (type) {
            case F64 -> data.set(DOUBLE, address, value);
            case F32 -> data.set(FLOAT, address, (float) value);
            case I64 -> data.set(LONG, address, (long) value);
            case I32 -> data.set(INT, address, (int) value);
            default -> throw new IllegalArgumentException("not written: " + type);
        }
    }

    /** All elements of batch 0, row-major. */
    public static double[] dense(Tensor tensor) {
        long[] shape = tensor.shape();
        long count = 1;
        for (long extent : shape) {
            count = Math.multiplyExact(count, extent);
        }
        double[] out = new double[Math.toIntExact(count)];
        long[] at = new long[shape.length];
        long place = tensor.offset();
        for (int element = 0; element < out.length; element++) {
            out[element] = get(tensor.data(), tensor.type(), place);
            for (int k = shape.length - 1; k >= 0; k--) {
                place += tensor.strides()[k];
                if (++at[k] < shape[k]) {
                    break;
                }
                place -= at[k] * tensor.strides()[k];
                at[k] = 0;
            }
        }
        return out;
    }
}
