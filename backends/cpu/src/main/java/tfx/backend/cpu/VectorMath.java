package tfx.backend.cpu;

import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Functions of vectors of floats, accurate to one or two units in the last place. */
final class VectorMath {
    private static final float LOG2E = 1.44269504f;
    // ln 2 in two parts: the first has trailing zeros, so that n * LN2_HIGH is exact.
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float ROUND = 0x1.8p23f;

    private VectorMath() {}

    /** e^x: 0 below -104, infinite above 89, NaN for NaN. */
    static FloatVector exp(FloatVector x) {
        // min and max keep NaN; the clamps keep 2^n inside what two exponent fields can hold.
        FloatVector clamped = x.max(-105f).min(90f);
        FloatVector shifted = clamped.fma(Lanes.splat(LOG2E), Lanes.splat(ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(Lanes.splat(-LN2_HIGH), clamped);
        r = n.fma(Lanes.splat(-LN2_LOW), r);
        FloatVector p = Lanes.splat(1.9875691500e-4f);
        p = p.fma(r, Lanes.splat(1.3981999507e-3f));
        p = p.fma(r, Lanes.splat(8.3334519073e-3f));
        p = p.fma(r, Lanes.splat(4.1665795894e-2f));
        p = p.fma(r, Lanes.splat(1.6666665459e-1f));
        p = p.fma(r, Lanes.splat(5.0000001201e-1f));
        p = p.fma(r.mul(r), r).add(1f);
        // 2^n as the product of two halves: reaches the subnormals and overflows to infinity by itself.
        var bits = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
        var half = bits.lanewise(VectorOperators.ASHR, 1);
        FloatVector first = half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        FloatVector second =
                bits.sub(half).add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return p.mul(first).mul(second);
    }

    /** The value, or 0 in the place of -inf: what a running maximum is subtracted as. */
    static FloatVector finite(FloatVector x) {
        return x.blend(0f, x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    }

    static float finite(float x) {
        return x == Float.NEGATIVE_INFINITY ? 0f : x;
    }

    static FloatVector log(FloatVector x) {
        return each(x, Math::log);
    }

    static FloatVector sin(FloatVector x) {
        return each(x, Math::sin);
    }

    static FloatVector cos(FloatVector x) {
        return each(x, Math::cos);
    }

    static FloatVector pow(FloatVector x, FloatVector y) {
        float[] base = x.toArray();
        float[] exponent = y.toArray();
        for (int i = 0; i < base.length; i++) {
            base[i] = (float) Math.pow(base[i], exponent[i]);
        }
        return FloatVector.fromArray(Lanes.F, base, 0);
    }

    /** Lane by lane: vectors have functions of their own for these, whose last bits change when the code is compiled. */
    private static FloatVector each(FloatVector x, DoubleUnaryOperator function) {
        float[] lanes = x.toArray();
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = (float) function.applyAsDouble(lanes[i]);
        }
        return FloatVector.fromArray(Lanes.F, lanes, 0);
    }

    static FloatVector rsqrt(FloatVector x) {
        return Lanes.splat(1f).div(x.sqrt());
    }

    /** Hyperbolic tangent: by an odd polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel. */
    static FloatVector tanh(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector p = Lanes.splat(-5.70498872745e-3f);
        p = p.fma(square, Lanes.splat(2.06390887954e-2f));
        p = p.fma(square, Lanes.splat(-5.37397155531e-2f));
        p = p.fma(square, Lanes.splat(1.33314422036e-1f));
        p = p.fma(square, Lanes.splat(-3.33332819422e-1f));
        FloatVector near = p.mul(square).fma(x, x);
        FloatVector far =
                Lanes.splat(1f).sub(Lanes.splat(2f).div(exp(x.abs().mul(2f)).add(1f)));
        FloatVector signed = far.lanewise(VectorOperators.NEG, x.compare(VectorOperators.LT, 0f));
        return signed.blend(near, x.abs().compare(VectorOperators.LT, 0.625f));
    }

    static FloatVector floor(FloatVector x) {
        return each(x, Math::floor);
    }

    /**
     * The error function: x + x * p(x^2) up to 1, beyond it q(|x| - 2.45), which is 1 from 3.9 on. p is fitted to the largest
     * relative error of erf, 2e-9, and q to the largest error, 3e-8.
     */
    static FloatVector erf(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector p = Lanes.splat(7.854009163565934e-05f);
        p = p.fma(square, Lanes.splat(-0.0008010242017917335f));
        p = p.fma(square, Lanes.splat(0.005188333801925182f));
        p = p.fma(square, Lanes.splat(-0.026853814721107483f));
        p = p.fma(square, Lanes.splat(0.1128358542919159f));
        p = p.fma(square, Lanes.splat(-0.3761262595653534f));
        p = p.fma(square, Lanes.splat(0.12837916612625122f));
        FloatVector near = p.fma(x, x);
        FloatVector size = x.abs();
        FloatVector t = size.min(3.9f).sub(2.45f);
        FloatVector q = Lanes.splat(-9.124737516685855e-06f);
        q = q.fma(t, Lanes.splat(2.6515379431657493e-05f));
        q = q.fma(t, Lanes.splat(4.88101904920768e-05f));
        q = q.fma(t, Lanes.splat(-0.00030669989064335823f));
        q = q.fma(t, Lanes.splat(0.00041851060814224184f));
        q = q.fma(t, Lanes.splat(0.0004297833947930485f));
        q = q.fma(t, Lanes.splat(-0.002994740614667535f));
        q = q.fma(t, Lanes.splat(0.006976414006203413f));
        q = q.fma(t, Lanes.splat(-0.010249171406030655f));
        q = q.fma(t, Lanes.splat(0.010236045345664024f));
        q = q.fma(t, Lanes.splat(-0.0068367645144462585f));
        q = q.fma(t, Lanes.splat(0.002789898542687297f));
        q = q.fma(t, Lanes.splat(0.9994694590568542f));
        FloatVector signed = q.lanewise(VectorOperators.NEG, x.compare(VectorOperators.LT, 0f));
        return signed.blend(near, size.compare(VectorOperators.LT, 1f));
    }

    static FloatVector floorDiv(FloatVector x, FloatVector y) {
        return floor(x.div(y));
    }

    static FloatVector mod(FloatVector x, FloatVector y) {
        return x.sub(floor(x.div(y)).mul(y));
    }
}
