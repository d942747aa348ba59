package tfx.backend.tornado.emulator;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Another array's bits in words of 64, the first element lowest. */
public final class LongArray {
    private final MemorySegment words;

    private LongArray(MemorySegment words) {
        this.words = words;
    }

    /** The device's side of an array as words. */
    public static LongArray over(Object array) {
        return new LongArray(((DeviceArray) array).device());
    }

    public long get(int index) {
        return words.get(ValueLayout.JAVA_LONG_UNALIGNED, index * 8L);
    }

    public void set(int index, long word) {
        words.set(ValueLayout.JAVA_LONG_UNALIGNED, index * 8L, word);
    }
}
