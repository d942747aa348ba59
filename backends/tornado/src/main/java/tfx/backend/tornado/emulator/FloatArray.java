package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;

/** Numbers of 32 bits. */
public final class FloatArray extends DeviceArray {
    private final float[] elements;

    FloatArray(int size) {
        super(size * 4L);
        this.elements = new float[size];
    }

    public float get(int index) {
        return elements[index];
    }

    public void set(int index, float value) {
        elements[index] = value;
    }

    @Override
    MemorySegment device() {
        return MemorySegment.ofArray(elements);
    }

    @Override
    int elementBytes() {
        return 4;
    }
}
