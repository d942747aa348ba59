package tfx.backend.tornado.emulator;

/** Conversions of bfloat16. */
public final class BFloat16 {
    private BFloat16() {}

    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Rounds to the nearest, to even at a tie. */
    public static short bf16FromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >> 16);
    }

    /** Two numbers, rounded, in an int: the first in its lower half. */
    public static int pack(float first, float second) {
        return (bf16FromFloat(first) & 0xffff) | bf16FromFloat(second) << 16;
    }
}
