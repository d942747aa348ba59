package tfx.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import tfx.compiler.schedule.ElementType;

/**
 * Loads and stores of kernels by absolute address, little endian. One constant segment spans all memory, so that every
 * access in every kernel has the same shape and compiles to one instruction; {@link Frame} has checked before a run that
 * the tensors lie within their segments. Method names end in the {@link ElementType} they touch.
 */
final class Memory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

    /** Floats that a loop copies sooner than a call does. */
    private static final int FEW = 32;

    private Memory() {}

    static float getF32(long at) {
        return ALL.get(FLOAT, at);
    }

    static float getF64(long at) {
        return (float) ALL.get(DOUBLE, at);
    }

    static float getBF16(long at) {
        return Float.intBitsToFloat(ALL.get(SHORT, at) << 16);
    }

    static float getF16(long at) {
        return Float.float16ToFloat(ALL.get(SHORT, at));
    }

    static long getI32(long at) {
        return ALL.get(INT, at);
    }

    static long getI64(long at) {
        return ALL.get(LONG, at);
    }

    static void putF32(long at, float value) {
        ALL.set(FLOAT, at, value);
    }

    static void putF64(long at, float value) {
        ALL.set(DOUBLE, at, value);
    }

    /** Rounds to the nearest bfloat16, ties to even; a NaN stays one. */
    static void putBF16(long at, float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = Float.isNaN(value) ? bits | 0x400000 : bits + 0x7fff + (bits >>> 16 & 1);
        ALL.set(SHORT, at, (short) (rounded >>> 16));
    }

    static void putF16(long at, float value) {
        ALL.set(SHORT, at, Float.floatToFloat16(value));
    }

    static void putI32(long at, float value) {
        ALL.set(INT, at, (int) value);
    }

    static void putI64(long at, float value) {
        ALL.set(LONG, at, (long) value);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    /** Copies {@code count} floats into an array; a few by themselves, since a copy of many has its own cost. */
    static void copyF32(long from, float[] to, int at, int count) {
        if (count < FEW) {
            for (int i = 0; i < count; i++) {
                to[at + i] = getF32(from + 4L * i);
            }
            return;
        }
        MemorySegment.copy(ALL, FLOAT, from, to, at, count);
    }

    static FloatVector loadF32(long at) {
        return FloatVector.fromMemorySegment(Lanes.F, ALL, at, LITTLE_ENDIAN);
    }

    static FloatVector loadF32(long at, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(Lanes.F, ALL, at, LITTLE_ENDIAN, mask);
    }

    static FloatVector loadBF16(long at) {
        return bf16(ShortVector.fromMemorySegment(Lanes.S, ALL, at, LITTLE_ENDIAN));
    }

    static FloatVector loadBF16(long at, VectorMask<Float> mask) {
        return bf16(ShortVector.fromMemorySegment(Lanes.S, ALL, at, LITTLE_ENDIAN, mask.cast(Lanes.S)));
    }

    static FloatVector loadF16(long at) {
        return f16(ShortVector.fromMemorySegment(Lanes.S, ALL, at, LITTLE_ENDIAN));
    }

    static FloatVector loadF16(long at, VectorMask<Float> mask) {
        return f16(ShortVector.fromMemorySegment(Lanes.S, ALL, at, LITTLE_ENDIAN, mask.cast(Lanes.S)));
    }

    private static FloatVector bf16(ShortVector bits) {
        return bits.convertShape(VectorOperators.S2I, Lanes.I, 0)
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    /** Half precision by widening the fields in place and a multiplication that also normalises subnormals. */
    private static FloatVector f16(ShortVector bits) {
        var wide = bits.convertShape(VectorOperators.S2I, Lanes.I, 0);
        var magnitude = wide.lanewise(VectorOperators.AND, 0x7fff);
        var finite = magnitude
                .lanewise(VectorOperators.LSHL, 13)
                .reinterpretAsFloats()
                .mul(0x1p112f);
        var special = magnitude.compare(VectorOperators.GE, 0x7c00);
        var exponent = finite.reinterpretAsInts().lanewise(VectorOperators.OR, 0x7f800000, special);
        var sign = wide.lanewise(VectorOperators.AND, 0x8000).lanewise(VectorOperators.LSHL, 16);
        return exponent.lanewise(VectorOperators.OR, sign).reinterpretAsFloats();
    }

    static void storeF32(long at, FloatVector value) {
        value.intoMemorySegment(ALL, at, LITTLE_ENDIAN);
    }

    static void storeF32(long at, FloatVector value, VectorMask<Float> mask) {
        value.intoMemorySegment(ALL, at, LITTLE_ENDIAN, mask);
    }

    /** One element of any type as a float; {@code type} is the ordinal of an {@link ElementType}. */
    static float get(int type, long at) {
        return switch (type) {
            case 0 -> getF64(at);
            case 1 -> getF32(at);
            case 2 -> getF16(at);
            case 3 -> getBF16(at);
            case 4 -> getI64(at);
            default -> getI32(at);
        };
    }

    static void put(int type, long at, float value) {
        switch (type) {
            case 0 -> putF64(at, value);
            case 1 -> putF32(at, value);
            case 2 -> putF16(at, value);
            case 3 -> putBF16(at, value);
            case 4 -> putI64(at, value);
            default -> putI32(at, value);
        }
    }

    /** A vector of elements {@code stride} bytes apart. */
    static FloatVector strided(int type, long at, long stride) {
        return type == 1 && stride == 4 ? loadF32(at) : gather(type, at, stride, Lanes.LENGTH);
    }

    static FloatVector strided(int type, long at, long stride, VectorMask<Float> mask) {
        return type == 1 && stride == 4 ? loadF32(at, mask) : gather(type, at, stride, mask);
    }

    /** {@code count} elements {@code stride} bytes apart, the remaining lanes 0. */
    static FloatVector gather(int type, long at, long stride, int count) {
        float[] lanes = new float[Lanes.LENGTH];
        for (int i = 0; i < count; i++) {
            lanes[i] = get(type, at + i * stride);
        }
        return FloatVector.fromArray(Lanes.F, lanes, 0);
    }

    /** As {@link #gather} of the lanes in {@code mask}. */
    static FloatVector gather(int type, long at, long stride, VectorMask<Float> mask) {
        float[] lanes = new float[Lanes.LENGTH];
        for (int i = 0; i < lanes.length; i++) {
            if (mask.laneIsSet(i)) {
                lanes[i] = get(type, at + i * stride);
            }
        }
        return FloatVector.fromArray(Lanes.F, lanes, 0);
    }

    /** Stores the first {@code count} lanes {@code stride} bytes apart. */
    static void scatter(int type, long at, long stride, FloatVector value, int count) {
        if (type == 1 && stride == 4) {
            if (count == Lanes.LENGTH) {
                storeF32(at, value);
            } else {
                storeF32(at, value, Lanes.first(count));
            }
            return;
        }
        float[] lanes = value.toArray();
        for (int i = 0; i < count; i++) {
            put(type, at + i * stride, lanes[i]);
        }
    }
}
