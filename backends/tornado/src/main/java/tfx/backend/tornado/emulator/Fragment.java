package tfx.backend.tornado.emulator;

/**
 * A product of matrices that the 32 work items of a warp compute together: a left factor of 16 rows and 16 terms, a right one of
 * 16 terms and 8 columns, sums in float. Which work item has which elements says PTX ISA, matrix fragments for
 * {@code mma.m16n8k16}; ints hold two of bfloat16, the first in the lower half.
 */
final class Fragment {
    static final int WARP = 32;
    private static final int ROWS = 16;
    private static final int DEPTH = 16;
    private static final int COLUMNS = 8;

    private final float[][] sums = new float[WARP][];
    private final int[][] factors = new int[WARP][];

    /** What a work item brings. */
    void give(int lane, float[] sum, int... ints) {
        sums[lane] = sum;
        factors[lane] = ints;
    }

    /** Adds the product to the sums of all work items, when all have brought theirs. */
    void multiply() {
        float[][] left = new float[ROWS][DEPTH];
        float[][] right = new float[DEPTH][COLUMNS];
        for (int lane = 0; lane < WARP; lane++) {
            int near = lane / 4;
            int pair = lane % 4 * 2;
            for (int j = 0; j < 2; j++) {
                for (int r = 0; r < 4; r++) {
                    left[near + r % 2 * 8][pair + r / 2 * 8 + j] = half(factors[lane][r], j);
                }
                for (int r = 0; r < 2; r++) {
                    right[pair + r * 8 + j][near] = half(factors[lane][4 + r], j);
                }
            }
        }
        for (int lane = 0; lane < WARP; lane++) {
            for (int r = 0; r < 4; r++) {
                int row = lane / 4 + r / 2 * 8;
                int column = lane % 4 * 2 + r % 2;
                for (int d = 0; d < DEPTH; d++) {
                    sums[lane][r] += left[row][d] * right[d][column];
                }
            }
        }
    }

    private static float half(int pair, int j) {
        return BFloat16.bf16ToFloat((short) (pair >> (16 * j)));
    }
}
