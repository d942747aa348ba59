package tfx.backend.tornado.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The emulator keeps to what a device promises of work groups, and no more. */
class WorkGroupTest {
    @Test
    void aTreeSumNeedsItsBarriers() {
        float[] sum = new float[3];
        for (int g = 0; g < sum.length; g++) {
            new WorkGroup(64, true).run(g, sum.length, context -> {
                float[] shared = context.allocateFloatLocalArray(64);
                shared[context.localIdx] = context.globalIdx;
                for (int half = 32; half > 0; half = half / 2) {
                    context.localBarrier();
                    if (context.localIdx < half) {
                        shared[context.localIdx] += shared[context.localIdx + half];
                    }
                }
                if (context.localIdx == 0) {
                    sum[context.groupIdx] = shared[0];
                }
            });
            assertEquals(64 * 64 * g + 64 * 63 / 2, sum[g]);
        }
    }

    @Test
    void localMemoryIsNotZeroAtFirst() {
        float[] seen = new float[1];
        new WorkGroup(2, true).run(0, 1, context -> {
            float first = context.allocateFloatLocalArray(1)[0];
            context.localBarrier();
            seen[0] = first;
        });
        assertTrue(Float.isNaN(seen[0]));
    }

    @Test
    void warpsExchangeNumbers() {
        float[] behind = new float[6];
        float[] first = new float[6];
        new WorkGroup(6, true).run(0, 1, context -> {
            behind[context.localIdx] = context.simdShuffleDown(context.localIdx, 3);
            first[context.localIdx] = context.simdBroadcastFirst(context.localIdx);
        });
        assertArrayEquals(new float[] {3, 1, 2, 3, 4, 5}, behind);
        assertArrayEquals(new float[] {0, 0, 0, 0, 4, 4}, first);
    }

    @Test
    void aBarrierThatSomeItemsLeaveOutIsAFault() {
        assertThrows(
                IllegalStateException.class,
                () -> new WorkGroup(4, true).run(0, 1, context -> {
                    if (context.localIdx > 0) {
                        context.localBarrier();
                    }
                }));
        assertThrows(IllegalStateException.class, () -> new WorkGroup(4, false).run(0, 1, KernelContext::localBarrier));
    }

    @Test
    void anItemsFaultEndsTheGroup() {
        IllegalStateException fault = assertThrows(
                IllegalStateException.class,
                () -> new WorkGroup(4, true).run(0, 1, context -> {
                    if (context.localIdx == 2) {
                        throw new ArrayIndexOutOfBoundsException("7");
                    }
                    context.localBarrier();
                }));
        assertTrue(fault.getMessage().contains("7"), fault.getMessage());
    }

    @Test
    void itemsThatWaitAtDifferentPlacesAreAFault() {
        IllegalStateException fault = assertThrows(
                IllegalStateException.class,
                () -> new WorkGroup(4, true)
                        .run(0, 1, context -> KernelContext.localBarrier(context, context.localIdx % 2)));
        assertTrue(fault.getMessage().contains("different barriers"), fault.getMessage());
    }

    @Test
    void whatOneItemWritesAndAnotherReadsNeedsABarrier() {
        assertRace(context -> {
            float[] shared = context.allocateFloatLocalArray(4);
            KernelContext.store(shared, context.localIdx, 1, context);
            KernelContext.load(shared, 3 - context.localIdx, context);
        });
        assertRace(context -> {
            float[] shared = context.allocateFloatLocalArray(1);
            KernelContext.store(shared, 0, context.localIdx, context);
        });
    }

    @Test
    void aBarrierEndsARaceAndEqualNumbersAreNone() {
        new WorkGroup(4, true).run(0, 1, context -> {
            float[] shared = context.allocateFloatLocalArray(4);
            float[] own = new float[1];
            KernelContext.store(own, 0, context.localIdx, context);
            KernelContext.store(shared, context.localIdx, 1, context);
            context.localBarrier();
            KernelContext.load(shared, 3 - context.localIdx, context);
            context.localBarrier();
            KernelContext.store(shared, 0, 7, context);
            context.localBarrier();
            assertEquals(7, KernelContext.load(shared, 0, context));
            assertEquals(context.localIdx, KernelContext.load(own, 0, context));
        });
    }

    private static void assertRace(java.util.function.Consumer<KernelContext> kernel) {
        IllegalStateException fault =
                assertThrows(IllegalStateException.class, () -> new WorkGroup(4, true).run(0, 1, kernel));
        assertTrue(fault.getMessage().contains("a race"), fault.getMessage());
    }
}
