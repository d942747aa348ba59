package tfx.backend.tornado.emulator;

import java.util.Arrays;

/**
 * A matrix that the 32 work items of a warp hold together: a factor in bfloat16, or sums in float. On a device each item has a few
 * elements in registers; here each has all of them, so that no item waits for another. Factors are read from memory that the
 * group shares, so an item whose neighbours write there between the same barriers is found out.
 */
public final class Fragment {
    /** Bytes that a row of a factor must begin at a multiple of. */
    private static final int ALIGNED = 16;

    private static final int COLUMNS = 8;

    private final int columns;
    private final float[] elements;

    private Fragment(int columns, float[] elements) {
        this.columns = columns;
        this.elements = elements;
    }

    static Fragment of(float value) {
        float[] all = new float[16 * COLUMNS];
        Arrays.fill(all, value);
        return new Fragment(COLUMNS, all);
    }

    /** Rows that lie densely, two elements in an int, the first in its lower half. */
    static Fragment load(int[] tile, int rows, int columns, int offset, KernelContext context) {
        if (offset % ALIGNED != 0) {
            throw new IllegalStateException("a factor at byte " + offset + ", which is no multiple of " + ALIGNED);
        }
        float[] all = new float[rows * columns];
        for (int k = 0; k < all.length; k += 2) {
            int pair = KernelContext.load(tile, offset / 4 + k / 2, context);
            all[k] = BFloat16.bf16ToFloat((short) pair);
            all[k + 1] = BFloat16.bf16ToFloat((short) (pair >> 16));
        }
        return new Fragment(columns, all);
    }

    static Fragment multiply(Fragment left, Fragment right, Fragment sums) {
        int depth = left.columns;
        float[] all = sums.elements.clone();
        for (int k = 0; k < all.length; k++) {
            for (int d = 0; d < depth; d++) {
                all[k] += left.elements[k / COLUMNS * depth + d] * right.elements[d * COLUMNS + k % COLUMNS];
            }
        }
        return new Fragment(COLUMNS, all);
    }

    void store(float[] array, int row, int column, int pitch, KernelContext context) {
        int lane = context.localIdx % 32;
        for (int k = 0; k < 4; k++) {
            int r = lane / 4 + k / 2 * 8;
            int c = lane % 4 * 2 + k % 2;
            int at = EmulatedDriver.HEADER + (row + r) * pitch + column + c;
            KernelContext.store(array, at, elements[r * COLUMNS + c], context);
        }
    }
}
