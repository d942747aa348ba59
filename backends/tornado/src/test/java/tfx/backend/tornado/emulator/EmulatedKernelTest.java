package tfx.backend.tornado.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.backend.tornado.Driver.Run;

/** A group of every kernel runs before the kernels that come before it, as far as it does not wait for them. */
class EmulatedKernelTest {
    private static final int GROUPS = 3;
    private static final int ITEMS = 8;

    private static EmulatedKernel kernel(Consumer<KernelContext> code, boolean barriers) {
        Run run = new Run("k", (graph, id, context, arguments) -> {}, new Object[0], GROUPS, ITEMS, barriers);
        return new EmulatedKernel(run, code, GROUPS);
    }

    @Test
    void whatIsReadBeforeTheWaitIsWhatWasThere() {
        float[] input = {1};
        float[] before = new float[GROUPS * ITEMS];
        float[] after = new float[GROUPS * ITEMS];
        EmulatedKernel kernel = kernel(
                context -> {
                    context.localBarrier();
                    before[context.globalIdx] = input[0];
                    context.awaitInputs(context.localIdx < ITEMS / 2);
                    context.awaitInputs();
                    context.localBarrier();
                    after[context.globalIdx] = input[0];
                },
                true);
        kernel.begin();
        input[0] = 2;
        kernel.run();
        Arrays.sort(before);
        assertEquals(1, before[ITEMS - 1]);
        assertEquals(2, before[ITEMS]);
        float[] all = new float[GROUPS * ITEMS];
        Arrays.fill(all, 2);
        assertArrayEquals(all, after);
    }

    /** One that never waits ends early; kernels without barriers wait at their begin. */
    @ParameterizedTest
    @CsvSource({"true, 1", "false, 2"})
    void whatIsReadWithoutAWait(boolean barriers, float least) {
        float[] input = {1};
        float[] seen = new float[GROUPS * ITEMS];
        EmulatedKernel kernel = kernel(context -> seen[context.globalIdx] = input[0], barriers);
        kernel.begin();
        input[0] = 2;
        kernel.run();
        Arrays.sort(seen);
        assertEquals(least, seen[0]);
        assertEquals(2, seen[GROUPS * ITEMS - 1]);
    }

    @Test
    void aFaultBeforeTheWaitIsReported() {
        EmulatedKernel kernel = kernel(
                context -> {
                    if (context.localIdx == 5) {
                        throw new ArrayIndexOutOfBoundsException("7");
                    }
                    context.awaitInputs();
                },
                true);
        kernel.begin();
        IllegalStateException fault = assertThrows(IllegalStateException.class, kernel::run);
        assertTrue(fault.getMessage().contains("kernel k") && fault.getMessage().contains("7"), fault.getMessage());
    }
}
