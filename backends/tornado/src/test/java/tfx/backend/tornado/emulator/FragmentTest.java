package tfx.backend.tornado.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What warps compute together, by the layout that PTX ISA gives for {@code mma.m16n8k16}. */
class FragmentTest {
    @Test
    void aProductIsThatOfItsMatrices() {
        Random random = new Random(5);
        float[][] left = whole(random, 16, 16);
        float[][] right = whole(random, 16, 8);
        float[][] sums = new float[16][8];
        new WorkGroup(32, true).run(0, 1, context -> {
            int row = context.localIdx / 4;
            int pair = context.localIdx % 4 * 2;
            float[] own = {1, 2, 3, 4};
            context.multiply(
                    own,
                    BFloat16.pack(left[row][pair], left[row][pair + 1]),
                    BFloat16.pack(left[row + 8][pair], left[row + 8][pair + 1]),
                    BFloat16.pack(left[row][pair + 8], left[row][pair + 9]),
                    BFloat16.pack(left[row + 8][pair + 8], left[row + 8][pair + 9]),
                    BFloat16.pack(right[pair][row], right[pair + 1][row]),
                    BFloat16.pack(right[pair + 8][row], right[pair + 9][row]));
            for (int r = 0; r < 4; r++) {
                sums[row + r / 2 * 8][pair + r % 2] = own[r] - (r + 1);
            }
        });
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 8; j++) {
                float expected = 0;
                for (int k = 0; k < 16; k++) {
                    expected += left[i][k] * right[k][j];
                }
                assertEquals(expected, sums[i][j]);
            }
        }
    }

    private static float[][] whole(Random random, int rows, int columns) {
        float[][] matrix = new float[rows][columns];
        for (float[] row : matrix) {
            for (int c = 0; c < columns; c++) {
                row[c] = random.nextInt(-9, 10);
            }
        }
        return matrix;
    }

    @Test
    void aNumberIsPackedToTheNearestAndWhatIsNoneStaysNone() {
        int pair = BFloat16.pack(1 + 1f / 256, Float.NaN);
        assertEquals(1f, BFloat16.bf16ToFloat((short) pair));
        assertTrue(Float.isNaN(BFloat16.bf16ToFloat((short) (pair >> 16))));
    }

    @Test
    void whatIsCopiedIsThereWhenItWasWaitedFor() {
        IntArray from = new IntArray(8);
        for (int k = 0; k < 8; k++) {
            from.set(k, k);
        }
        int[] before = new int[1];
        int[] after = new int[4];
        new WorkGroup(2, true).run(0, 1, context -> {
            int[] shared = context.allocateIntLocalArray(4);
            if (context.localIdx == 0) {
                context.copyToLocal(shared, 0, from, 4);
                before[0] = shared[0];
                context.awaitCopies();
            }
            context.localBarrier();
            for (int k = 0; k < 4; k++) {
                after[k] = KernelContext.load(shared, k, context);
            }
        });
        assertEquals(-1, before[0]);
        assertArrayEquals(new int[] {4, 5, 6, 7}, after);
    }

    @Test
    void aCopyBesideAReaderIsARace() {
        IntArray from = new IntArray(4);
        assertThrows(
                IllegalStateException.class,
                () -> new WorkGroup(2, true).run(0, 1, context -> {
                    int[] shared = context.allocateIntLocalArray(4);
                    if (context.localIdx == 0) {
                        context.copyToLocal(shared, 0, from, 0);
                    } else {
                        KernelContext.load(shared, 0, context);
                    }
                }));
    }
}
