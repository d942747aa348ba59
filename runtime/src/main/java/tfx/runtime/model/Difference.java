package tfx.runtime.model;

import java.util.Arrays;
import java.util.function.LongToDoubleFunction;

/**
 * How far a computed tensor lies from its reference.
 *
 * @param shape of both
 * @param maxAbs the largest absolute difference; infinite where one is not a number and the other is
 * @param scale the largest finite magnitude in the reference
 * @param worst the index of the largest difference; empty for a scalar or an empty tensor
 * @param expected the reference at {@code worst}
 * @param actual what was computed at {@code worst}
 */
public record Difference(long[] shape, double maxAbs, double scale, long[] worst, double expected, double actual) {

    /** The largest difference relative to the largest magnitude of the reference; 0 where there is no difference. */
    public double maxRel() {
        return maxAbs == 0 ? 0 : maxAbs / scale;
    }

    public boolean within(double tolerance) {
        return maxAbs <= tolerance * scale;
    }

    /** Compares element by element, row-major. */
    public static Difference of(long[] shape, LongToDoubleFunction expected, LongToDoubleFunction actual) {
        long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        double scale = 0;
        double max = -1;
        long at = 0;
        for (long i = 0; i < size; i++) {
            double want = expected.applyAsDouble(i);
            double got = actual.applyAsDouble(i);
            if (Double.isFinite(want)) {
                scale = Math.max(scale, Math.abs(want));
            }
            double difference = difference(want, got);
            if (difference > max) {
                max = difference;
                at = i;
            }
        }
        if (size == 0) {
            return new Difference(shape, 0, 0, new long[0], 0, 0);
        }
        return new Difference(
                shape, max, scale, unravel(at, shape), expected.applyAsDouble(at), actual.applyAsDouble(at));
    }

    private static double difference(double want, double got) {
        if (want == got || (Double.isNaN(want) && Double.isNaN(got))) {
            return 0;
        }
        double difference = Math.abs(want - got);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }

    private static long[] unravel(long at, long[] shape) {
        long[] index = new long[shape.length];
        for (int k = shape.length - 1; k >= 0; k--) {
            index[k] = at % shape[k];
            at /= shape[k];
        }
        return index;
    }
}
