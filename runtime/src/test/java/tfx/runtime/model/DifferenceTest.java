package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DifferenceTest {
    private static Difference of(long[] shape, double[] want, double[] got) {
        return Difference.of(shape, i -> want[(int) i], i -> got[(int) i]);
    }

    @Test
    void findsTheWorstElementAndItsIndex() {
        Difference d = of(new long[] {2, 3}, new double[] {1, 2, 3, 4, -8, 6}, new double[] {1, 2, 3, 4.5, -8.25, 6});
        assertEquals(0.5, d.maxAbs());
        assertEquals(8, d.scale());
        assertEquals(0.0625, d.maxRel());
        assertArrayEquals(new long[] {1, 0}, d.worst());
        assertTrue(d.within(0.0625));
        assertFalse(d.within(0.06));
    }

    @Test
    void notANumberMustMatchExactly() {
        assertEquals(
                0,
                of(new long[] {1}, new double[] {Double.NaN}, new double[] {Double.NaN})
                        .maxAbs());
        Difference d = of(new long[] {2}, new double[] {1, 1}, new double[] {1, Double.NaN});
        assertFalse(d.within(1e9));
        assertArrayEquals(new long[] {1}, d.worst());
        double inf = Double.POSITIVE_INFINITY;
        assertTrue(
                of(new long[] {2}, new double[] {inf, 1}, new double[] {inf, 1}).within(0));
        assertFalse(of(new long[] {2}, new double[] {inf, 1}, new double[] {-inf, 1})
                .within(1));
    }

    @Test
    void emptyAndAllZeroReferences() {
        assertTrue(of(new long[] {0, 4}, new double[0], new double[0]).within(0));
        assertTrue(of(new long[] {1}, new double[] {0}, new double[] {0}).within(1e-4));
        assertFalse(of(new long[] {1}, new double[] {0}, new double[] {1e-9}).within(1e-4));
    }
}
