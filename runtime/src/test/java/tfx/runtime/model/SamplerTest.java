package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import tfx.source.TfxException;

class SamplerTest {
    private static final float[] LOGITS = {0.5f, 3, -1, 3, 2.5f};

    @Test
    void greedyTakesTheFirstOfTheLargest() {
        assertEquals(1, new Sampler(Sampling.GREEDY).next(LOGITS));
    }

    @Test
    void topOneIsGreedyAtAnyTemperature() {
        for (long seed = 0; seed < 50; seed++) {
            assertEquals(1, new Sampler(new Sampling(5, 1, 1, seed)).next(LOGITS));
        }
    }

    @Test
    void topKDrawsFromTheLikeliestOnly() {
        assertEquals(Set.of(1, 3, 4), drawn(new Sampling(10, 3, 1, 7)));
    }

    @Test
    void topPKeepsTheFewestThatReachTheSum() {
        // Probabilities 0.5, 0.3, 0.2 for ids 2, 0, 1: 0.75 needs the first two.
        float[] logits = {(float) Math.log(0.3), (float) Math.log(0.2), (float) Math.log(0.5)};
        Sampler sampler = new Sampler(new Sampling(1, 0, 0.75, 3));
        Set<Integer> seen = new HashSet<>();
        IntStream.range(0, 500).forEach(i -> seen.add(sampler.next(logits)));
        assertEquals(Set.of(0, 2), seen);
    }

    @Test
    void drawsInProportion() {
        float[] logits = {0, (float) Math.log(3)};
        Sampler sampler = new Sampler(new Sampling(1, 0, 1, 11));
        long ones =
                IntStream.range(0, 4000).filter(i -> sampler.next(logits) == 1).count();
        assertEquals(3000, ones, 150);
    }

    @Test
    void aTinyTemperatureDoesNotOverflow() {
        assertEquals(4, new Sampler(new Sampling(1e-300, 0, 1, 1)).next(new float[] {1, 2, 3, 4, 1e30f}));
    }

    @Property(tries = 100)
    void theSameSeedDrawsTheSame(
            @ForAll @Size(min = 1, max = 30) float @FloatRange(min = -50, max = 50) [] logits,
            @ForAll @LongRange(min = 0, max = 1000) long seed) {
        Sampling sampling = new Sampling(0.8, 5, 0.9, seed);
        Sampler a = new Sampler(sampling);
        Sampler b = new Sampler(sampling);
        for (int i = 0; i < 10; i++) {
            assertEquals(a.next(logits), b.next(logits));
        }
    }

    @Test
    void logitsThatAreNoNumbersAreNamed() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            TfxException fault =
                    assertThrows(TfxException.class, () -> new Sampler(Sampling.GREEDY).next(new float[] {0, bad}));
            assertEquals("TFX0606", fault.diagnostics().getFirst().code());
            assertTrue(fault.getMessage().contains("logit 1"), fault.getMessage());
        }
        assertThrows(
                TfxException.class, () -> new Sampler(Sampling.GREEDY).next(new float[] {Float.NEGATIVE_INFINITY}));
    }

    private static Set<Integer> drawn(Sampling sampling) {
        Sampler sampler = new Sampler(sampling);
        Set<Integer> seen = new HashSet<>();
        IntStream.range(0, 500).forEach(i -> seen.add(sampler.next(LOGITS)));
        return seen;
    }
}
