package tfx.backend.tornado.emulator;

/** Conversions of bfloat16. */
public final class BFloat16 {
    private BFloat16() {}

    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
