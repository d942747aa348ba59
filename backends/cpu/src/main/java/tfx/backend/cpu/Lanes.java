package tfx.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vector shape of this machine, and index arithmetic over lanes. */
final class Lanes {
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED.withShape(F.vectorShape());
    static final VectorSpecies<Short> S = VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    static final int LENGTH = F.length();

    private static final FloatVector IOTA = FloatVector.zero(F).addIndex(1);
    private static final int FAR = 1 << 20;

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
