package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.emulator.EmulatedDriver;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

class SlabsTest {
    private static final Slabs.Carrier NOTHING = new Slabs.Carrier() {
        @Override
        public void written(Slab slab, long first, long count) {}

        @Override
        public void read(Slab slab, long first, long count) {}
    };

    private static Slabs slabs(long memory) {
        return new Slabs(new EmulatedDriver(memory), new Platform.Sizes(64, 64, 64, 1), NOTHING, note -> {});
    }

    private static Diagnostic fault(Slabs slabs, long elements) {
        return assertThrows(TfxException.class, () -> slabs.allocate(ElementType.F32, elements))
                .diagnostics()
                .getFirst();
    }

    @Test
    void whatDoesNotFitIsSaidWithBothSizes() {
        Slabs slabs = slabs(3 << 20);
        slabs.allocate(ElementType.F32, 400_000);
        Diagnostic fault = fault(slabs, 400_000);
        assertEquals("TFX0545", fault.code());
        assertTrue(fault.message().contains("4 MiB") && fault.message().contains("3 MiB"), fault.message());
    }

    @Test
    void aTensorLargerThanAnArrayIsSaid() {
        assertEquals("TFX0546", fault(slabs(1L << 40), 3L << 30).code());
    }

    @Test
    void freedMemoryIsUsedAgain() {
        Slabs slabs = slabs(1 << 20);
        for (int i = 0; i < 100; i++) {
            slabs.allocate(ElementType.F32, 100_000).close();
        }
        assertEquals(1, slabs.all().size());
    }

    /** Transposed, in double precision: what kernels get is row-major and in single precision, once for each tensor. */
    @Test
    void weightsAreCopiedInTheOrderOfTheirDimensions() {
        Slabs slabs = slabs(1 << 20);
        MemorySegment data = MemorySegment.ofArray(new double[] {9, 1, 4, 2, 5, 3, 6});
        MemorySegment outside =
                java.lang.foreign.Arena.ofAuto().allocate(data.byteSize(), 8).copyFrom(data);
        Tensor given = new Tensor(outside, ElementType.F64, new long[] {2, 3}, new long[] {1, 2}, 1, 0, 0, -1);
        Tensor held = slabs.resident(given);
        assertEquals(ElementType.F32, held.type());
        assertArrayEquals(new long[] {3, 1}, held.strides());
        assertArrayEquals(
                new float[] {1, 2, 3, 4, 5, 6}, held.data().asSlice(0, 24).toArray(ValueLayout.JAVA_FLOAT));
        assertSame(held, slabs.resident(given));
    }
}
