package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import tfx.backend.common.ScalarMath;
import tfx.ir.Expr;
import tfx.ir.Expr.UnaryOp;

/** The functions that generated kernels write out, on every magnitude that single precision tells apart. */
class FunctionsTest {
    private static final float[] POINTS = points();

    private static float[] points() {
        float[] points = new float[4000];
        for (int i = 0; i < points.length; i++) {
            double size = Math.exp((i / 2 - 1600) / 150.0);
            points[i] = (float) (i % 2 == 0 ? size : -size);
        }
        points[0] = 0;
        points[1] = Float.POSITIVE_INFINITY;
        points[2] = Float.NEGATIVE_INFINITY;
        points[3] = Float.NaN;
        return points;
    }

    @Test
    void erf() {
        check(UnaryOp.ERF, ScalarMath::erf);
    }

    @Test
    void tanh() {
        check(UnaryOp.TANH, Math::tanh);
    }

    private static void check(UnaryOp op, DoubleUnaryOperator exact) {
        float[] found = Kernels.map(POINTS, x -> new Expr.Unary(op, x));
        for (int i = 0; i < POINTS.length; i++) {
            double expected = exact.applyAsDouble(POINTS[i]);
            double near = Double.isNaN(expected) ? 0 : 8 * Math.ulp((float) expected);
            assertEquals(expected, found[i], near, List.of(op, POINTS[i]).toString());
        }
    }
}
