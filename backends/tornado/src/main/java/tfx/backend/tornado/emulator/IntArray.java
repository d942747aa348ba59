package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;

/** Integers of 32 bits. */
public final class IntArray extends DeviceArray {
    private final int[] elements;

    IntArray(int size) {
        super(size * 4L);
        this.elements = new int[size];
    }

    public int get(int index) {
        return elements[index];
    }

    public void set(int index, int value) {
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
