package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;

/** Numbers of 16 bits as IEEE 754 has them. */
public final class HalfFloatArray extends DeviceArray {
    private final short[] elements;

    HalfFloatArray(int size) {
        super(size * 2L);
        this.elements = new short[size];
    }

    public HalfFloat get(int index) {
        return new HalfFloat(elements[index]);
    }

    /** One number. */
    public record HalfFloat(short bits) {
        public float getFloat32() {
            return Float.float16ToFloat(bits);
        }
    }

    @Override
    MemorySegment device() {
        return MemorySegment.ofArray(elements);
    }

    @Override
    int elementBytes() {
        return 2;
    }
}
