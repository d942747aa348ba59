package tfx.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import tfx.backend.common.ScalarMath;

/** Vectors against scalars bit for bit, often enough that the loop begins interpreted and ends compiled. */
class LanesTest {
    private static final int ROUNDS = 30_000;

    private final SplittableRandom random = new SplittableRandom(3);

    private float[] lanes() {
        float[] lanes = new float[Lanes.LENGTH];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = (float) random.nextGaussian();
        }
        return lanes;
    }

    private static FloatVector vector(float[] lanes) {
        return FloatVector.fromArray(Lanes.F, lanes, 0);
    }

    private static float tree(float[] lanes, boolean product) {
        float[] left = lanes.clone();
        for (int half = left.length / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                left[i] = product ? left[i] * left[i + half] : left[i] + left[i + half];
            }
        }
        return left[0];
    }

    @Test
    void sumsAndProductsKeepTheirOrderWhenCompiled() {
        for (int round = 0; round < ROUNDS; round++) {
            float[] lanes = lanes();
            assertEquals(tree(lanes, false), Lanes.sum(vector(lanes)));
            assertEquals(tree(lanes, true), Lanes.product(vector(lanes)));
        }
    }

    @Test
    void functionsKeepTheirBitsWhenCompiled() {
        check(VectorMath::sin, Math::sin);
        check(VectorMath::cos, Math::cos);
        check(x -> VectorMath.log(x.abs()), x -> Math.log(Math.abs(x)));
        check(x -> VectorMath.pow(x.abs(), x), x -> Math.pow(Math.abs(x), x));
    }

    private void check(UnaryOperator<FloatVector> function, DoubleUnaryOperator expected) {
        for (int round = 0; round < ROUNDS / 10; round++) {
            float[] lanes = lanes();
            float[] found = function.apply(vector(lanes)).toArray();
            for (int i = 0; i < lanes.length; i++) {
                assertEquals((float) expected.applyAsDouble(lanes[i]), found[i]);
            }
        }
    }

    /** These are computed in vectors; each must be the same function before and after compilation. */
    @Test
    void ownFunctionsDoNotChangeWhenCompiled() {
        float[] lanes = lanes();
        float[] exp = VectorMath.exp(vector(lanes)).toArray();
        float[] tanh = VectorMath.tanh(vector(lanes)).toArray();
        float[] erf = VectorMath.erf(vector(lanes)).toArray();
        for (int round = 0; round < ROUNDS; round++) {
            float[] again = VectorMath.exp(vector(lanes)).toArray();
            float[] once = VectorMath.tanh(vector(lanes)).toArray();
            float[] error = VectorMath.erf(vector(lanes)).toArray();
            for (int i = 0; i < lanes.length; i++) {
                assertEquals(exp[i], again[i]);
                assertEquals(tanh[i], once[i]);
                assertEquals(erf[i], error[i]);
            }
        }
    }

    @Test
    void theErrorFunctionIsRightToTwoUnitsInTheLastPlace() {
        float[] lanes = new float[Lanes.LENGTH];
        for (double x = -5; x < 5; x += 1e-4 * lanes.length) {
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] = (float) (x + 1e-4 * i);
            }
            float[] found = VectorMath.erf(vector(lanes)).toArray();
            for (int i = 0; i < lanes.length; i++) {
                double expected = ScalarMath.erf(lanes[i]);
                assertEquals(expected, found[i], 2 * Math.ulp((float) expected), "of " + lanes[i]);
            }
        }
        float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE};
        float[] expected = {Float.NaN, 1, -1, -0f, Float.MIN_VALUE};
        for (int i = 0; i < special.length; i++) {
            float[] found = VectorMath.erf(Lanes.splat(special[i])).toArray();
            assertEquals(expected[i], found[0], "of " + special[i]);
        }
    }
}
