package tfx.runtime.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A named tensor as it lies in a file: row-major, little endian, not necessarily aligned, never copied.
 *
 * <p>The data may be read from any thread until the {@link Checkpoint} it came from is closed.
 */
public final class StoredTensor {
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final long elements;
    private final MemorySegment data;

    /**
     * @param shape dimensions, outermost first; empty for a scalar
     * @param data exactly the elements, little endian
     */
    public StoredTensor(String name, DType dtype, long[] shape, MemorySegment data) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape.clone();
        long count = 1;
        for (long dim : shape) {
            count = Math.multiplyExact(count, dim);
        }
        this.elements = count;
        if (data.byteSize() != Math.multiplyExact(count, (long) dtype.bytes())) {
            throw new IllegalArgumentException(name + ": " + data.byteSize() + " bytes for " + this);
        }
        this.data = data.asReadOnly();
    }

    public String name() {
        return name;
    }

    public DType dtype() {
        return dtype;
    }

    /** The dimensions, outermost first (a copy). */
    public long[] shape() {
        return shape.clone();
    }

    public int rank() {
        return shape.length;
    }

    /** The size of one dimension, counted from the outermost. */
    public long dim(int axis) {
        return shape[axis];
    }

    /** The bytes of the elements, read-only, little endian, alignment 1. */
    public MemorySegment data() {
        return data;
    }

    public long elementCount() {
        return elements;
    }

    /** The element at a row-major index; I64 beyond 2^53 rounds, BOOL gives 0 or 1. */
    public double getAsDouble(long flatIndex) {
        return switch (dtype) {
            case F64 -> data.getAtIndex(F64, flatIndex);
            case F32 -> data.getAtIndex(F32, flatIndex);
            case F16 -> Float.float16ToFloat(data.getAtIndex(I16, flatIndex));
            case BF16 -> Float.intBitsToFloat(data.getAtIndex(I16, flatIndex) << 16);
            case I64, I32, I16, I8, U8, BOOL -> getAsLong(flatIndex);
        };
    }

    /** The element of an integer or boolean tensor at a row-major index, exactly. */
    public long getAsLong(long flatIndex) {
        return switch (dtype) {
            case I64 -> data.getAtIndex(I64, flatIndex);
            case I32 -> data.getAtIndex(I32, flatIndex);
            case I16 -> data.getAtIndex(I16, flatIndex);
            case I8 -> data.get(ValueLayout.JAVA_BYTE, flatIndex);
            case U8 -> data.get(ValueLayout.JAVA_BYTE, flatIndex) & 0xff;
            case BOOL -> data.get(ValueLayout.JAVA_BYTE, flatIndex) != 0 ? 1 : 0;
            case F64, F32, F16, BF16 -> throw new IllegalStateException(this + " does not hold integers");
        };
    }

    /** All elements, row-major; TFX0332 where they do not fit one Java array. */
    public double[] toDoubles() {
        double[] out = new double[arrayLength()];
        if (dtype == DType.F64) {
            MemorySegment.copy(data, F64, 0, out, 0, out.length);
        } else {
            for (int i = 0; i < out.length; i++) {
                out[i] = getAsDouble(i);
            }
        }
        return out;
    }

    /** All elements rounded to float, row-major; TFX0332 where they do not fit one Java array. */
    public float[] toFloats() {
        float[] out = new float[arrayLength()];
        if (dtype == DType.F32) {
            MemorySegment.copy(data, F32, 0, out, 0, out.length);
        } else {
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) getAsDouble(i);
            }
        }
        return out;
    }

    /** All elements of an integer tensor, row-major; TFX0332 where they do not fit one Java array. */
    public long[] toLongs() {
        long[] out = new long[arrayLength()];
        for (int i = 0; i < out.length; i++) {
            out[i] = getAsLong(i);
        }
        return out;
    }

    private int arrayLength() {
        // The limit of HotSpot is a few elements below 2^31.
        if (elements > Integer.MAX_VALUE - 8) {
            throw Faults.fault(
                    "TFX0332",
                    name,
                    "the tensor has " + elements + " elements; at most 2147483639 can be copied into one array",
                    "use an engine that reads the weights in place, or a smaller tensor");
        }
        return (int) elements;
    }

    /** {@code name: BF16[4096, 256]}. */
    @Override
    public String toString() {
        return name + ": " + dtype + Arrays.toString(shape);
    }
}
