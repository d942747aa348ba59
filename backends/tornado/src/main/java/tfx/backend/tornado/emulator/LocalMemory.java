package tfx.backend.tornado.emulator;

import java.util.Arrays;

/**
 * An array that a group shares, and who touched which cell since the last barrier: what one work item writes and another reads or
 * writes between two barriers is a race, whichever came first here. Several may write the same number.
 */
final class LocalMemory {
    /** Device memory local to a group holds what was in it before: kernels must not count on zeros. Two NaNs of bfloat16. */
    private static final int UNDEFINED = -1;

    private static final int NONE = -1;
    private static final int SEVERAL = -2;

    /** The cells: {@code float[]} or {@code int[]}. */
    final Object array;

    final int length;
    private final int number;
    private final int[] writers;
    private final int[] readers;
    private int round;

    private LocalMemory(int number, int length, Object array) {
        this.number = number;
        this.length = length;
        this.array = array;
        this.writers = new int[length];
        this.readers = new int[length];
        clear(0);
    }

    static LocalMemory floats(int number, int length) {
        float[] array = new float[length];
        Arrays.fill(array, Float.NaN);
        return new LocalMemory(number, length, array);
    }

    static LocalMemory ints(int number, int length) {
        int[] array = new int[length];
        Arrays.fill(array, UNDEFINED);
        return new LocalMemory(number, length, array);
    }

    private void clear(int now) {
        round = now;
        Arrays.fill(writers, NONE);
        Arrays.fill(readers, NONE);
    }

    /** An item reads a cell. */
    void read(int index, int item, int now) {
        if (now != round) {
            clear(now);
        }
        if (writers[index] != NONE && writers[index] != item) {
            throw race(index, item, "reads", writers[index], "wrote");
        }
        readers[index] = readers[index] == NONE || readers[index] == item ? item : SEVERAL;
    }

    /** An item writes a cell; {@code same} where that changes nothing. */
    void write(int index, boolean same, int item, int now) {
        if (now != round) {
            clear(now);
        }
        if (readers[index] != NONE && readers[index] != item) {
            throw race(index, item, "writes", readers[index], "read");
        }
        if (writers[index] != NONE && writers[index] != item && !same) {
            throw race(index, item, "writes", writers[index], "wrote otherwise");
        }
        writers[index] = writers[index] == NONE || writers[index] == item ? item : SEVERAL;
    }

    private IllegalStateException race(int index, int item, String does, int other, String did) {
        return new IllegalStateException("a race: work item " + item + " " + does + " element " + index
                + " of local array " + number + ", which "
                + (other == SEVERAL ? "several others" : "item " + other) + " " + did
                + " since the last barrier");
    }
}
