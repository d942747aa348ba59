package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;

/** Numbers of 64 bits. */
public final class DoubleArray extends DeviceArray {
    private final double[] elements;

    DoubleArray(int size) {
        super(size * 8L);
        this.elements = new double[size];
    }

    public double get(int index) {
        return elements[index];
    }

    public void set(int index, double value) {
        elements[index] = value;
    }

    @Override
    MemorySegment device() {
        return MemorySegment.ofArray(elements);
    }

    @Override
    int elementBytes() {
        return 8;
    }
}
