package tfx.backend.common;

/** Functions of one number that {@link Math} lacks. */
public final class ScalarMath {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    private ScalarMath() {}

    /** The error function to about 1e-15: its Maclaurin series up to 2.5, the continued fraction of erfc beyond. */
    public static double erf(double x) {
        double magnitude = Math.abs(x);
        if (!(magnitude < 6)) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        if (magnitude < 2.5) {
            double term = magnitude;
            double sum = magnitude;
            double square = magnitude * magnitude;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                // Kummer's form, exp(-x^2) sum (2 x^2)^n x / (2n + 1)!!, has positive terms only: nothing cancels.
                term *= 2 * square / (2 * n + 1);
                sum += term;
            }
            return Math.copySign(TWO_OVER_SQRT_PI * Math.exp(-square) * sum, x);
        }
        double fraction = 0;
        for (int n = 60; n >= 1; n--) {
            fraction = n / 2.0 / (magnitude + fraction);
        }
        double complement = Math.exp(-magnitude * magnitude) / Math.sqrt(Math.PI) / (magnitude + fraction);
        return Math.copySign(1 - complement, x);
    }

    public static double mod(double x, double y) {
        return x - Math.floor(x / y) * y;
    }
}
