package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;

/** Bits of numbers with 8 bits of exponent and 7 of mantissa; see {@link BFloat16}. */
public final class BFloat16Array extends DeviceArray {
    private final short[] elements;

    BFloat16Array(int size) {
        super(size * 2L);
        this.elements = new short[size];
    }

    public short get(int index) {
        return elements[index];
    }

    public void set(int index, short value) {
        elements[index] = value;
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
