package tfx.backend.tornado.emulator;

import java.util.Arrays;

/**
 * An array that a group shares, and who touched which cell since the last barrier: what one work item writes and another reads or
 * writes between two barriers is a race, whichever came first here. Several may write the same number.
 */
final class LocalMemory {
    /** Device memory local to a group holds what was in it before: kernels must not count on zeros. */
    private static final float UNDEFINED = Float.NaN;

    private static final int NONE = -1;
    private static final int SEVERAL = -2;

    final float[] array;
    private final int number;
    private final int[] writers;
    private final int[] readers;
    private int round;

    LocalMemory(int number, int length) {
        this.number = number;
        this.array = new float[length];
        this.writers = new int[length];
        this.readers = new int[length];
        Arrays.fill(array, UNDEFINED);
        clear(0);
    }

    private void clear(int now) {
        round = now;
        Arrays.fill(writers, NONE);
        Arrays.fill(readers, NONE);
    }

    float load(int index, int item, int now) {
        if (now != round) {
            clear(now);
        }
        if (writers[index] != NONE && writers[index] != item) {
            throw race(index, item, "reads", writers[index], "wrote");
        }
        readers[index] = readers[index] == NONE || readers[index] == item ? item : SEVERAL;
        return array[index];
    }

    void store(int index, float value, int item, int now) {
        if (now != round) {
            clear(now);
        }
        if (readers[index] != NONE && readers[index] != item) {
            throw race(index, item, "writes", readers[index], "read");
        }
        boolean same = Float.floatToRawIntBits(array[index]) == Float.floatToRawIntBits(value);
        if (writers[index] != NONE && writers[index] != item && !same) {
            throw race(index, item, "writes", writers[index], "wrote otherwise");
        }
        writers[index] = writers[index] == NONE || writers[index] == item ? item : SEVERAL;
        array[index] = value;
    }

    private IllegalStateException race(int index, int item, String does, int other, String did) {
        return new IllegalStateException("a race: work item " + item + " " + does + " element " + index
                + " of local array " + number + ", which "
                + (other == SEVERAL ? "several others" : "item " + other) + " " + did
                + " since the last barrier");
    }
}
