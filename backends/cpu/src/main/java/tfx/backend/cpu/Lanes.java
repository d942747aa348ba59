package tfx.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector shape of this machine, and index arithmetic over lanes. */
final class Lanes {
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED.withShape(F.vectorShape());
    static final VectorSpecies<Short> S = VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    static final int LENGTH = F.length();

    private static final FloatVector IOTA = FloatVector.zero(F).addIndex(1);
    private static final int FAR = 1 << 20;
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F, 8, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F, 4, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F, 2, 1, true);

    private Lanes() {}

    /** The first {@code count} lanes. */
    static VectorMask<Float> first(long count) {
        return F.indexInRange(0, count);
    }

    static FloatVector splat(float value) {
        return FloatVector.broadcast(F, value);
    }

    /** Lane j holds {@code start + j * step}. */
    static FloatVector iota(long start, long step) {
        return IOTA.mul((float) step).add((float) start);
    }

    /** The lanes j where {@code start + j * step < 0}; |step| is below 2^15. */
    static VectorMask<Float> negative(long start, long step) {
        return iota(Math.clamp(start, -FAR, FAR), step).compare(VectorOperators.LT, 0f);
    }

    /** The lanes j where {@code start + j * step == 0}; |step| is below 2^15. */
    static VectorMask<Float> zero(long start, long step) {
        return iota(Math.clamp(start, -FAR, FAR), step).compare(VectorOperators.EQ, 0f);
    }

    /**
     * The sum of all lanes, halves added to each other. What {@code reduceLanes} adds in which order is left open, and changes
     * when the code is compiled: the same kernel would give other bits as it warms up.
     */
    static float sum(FloatVector v) {
        FloatVector sum = v;
        if (LENGTH > 8) {
            sum = sum.add(sum.rearrange(BY_8));
        }
        if (LENGTH > 4) {
            sum = sum.add(sum.rearrange(BY_4));
        }
        if (LENGTH > 2) {
            sum = sum.add(sum.rearrange(BY_2));
        }
        return sum.lane(0) + sum.lane(1);
    }

    /** The product of all lanes, in the order of {@link #sum}. */
    static float product(FloatVector v) {
        FloatVector product = v;
        if (LENGTH > 8) {
            product = product.mul(product.rearrange(BY_8));
        }
        if (LENGTH > 4) {
            product = product.mul(product.rearrange(BY_4));
        }
        if (LENGTH > 2) {
            product = product.mul(product.rearrange(BY_2));
        }
        return product.lane(0) * product.lane(1);
    }

    /** A gathered index, which must lie in {@code 0 .. size}: memory is read without further checks. */
    static long within(long index, long size) {
        return java.util.Objects.checkIndex(index, size);
    }

    static VectorMask<Float> mask(boolean on) {
        return F.maskAll(on);
    }

    /** {@code low}, the cuts inside the range and {@code high}, ascending: pieces within which no cut lies. */
    static long[] pieces(long low, long high, long... cuts) {
        long[] all = new long[cuts.length + 2];
        for (int i = 0; i < cuts.length; i++) {
            all[i] = Math.max(low, Math.min(high, cuts[i]));
        }
        all[cuts.length] = low;
        all[cuts.length + 1] = high;
        Arrays.sort(all);
        return all;
    }
}
