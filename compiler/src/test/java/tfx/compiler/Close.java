package tfx.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Tensors that agree up to the reordering of float64 sums; NaN agrees with NaN only. */
final class Close {
    private Close() {}

    static void assertClose(double[] expected, double[] found, String what) {
        assertEquals(expected.length, found.length, what);
        double largest = 1e-300;
        for (double value : expected) {
            largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        for (int i = 0; i < expected.length; i++) {
            if (Double.isNaN(expected[i]) || Double.isInfinite(expected[i])) {
                assertEquals(expected[i], found[i], what + " at " + i);
            } else {
                assertEquals(expected[i], found[i], 1e-9 * largest, what + " at " + i);
            }
        }
    }
}
