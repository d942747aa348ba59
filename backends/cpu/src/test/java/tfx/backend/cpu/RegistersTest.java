package tfx.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The loops that all time goes into keep vectors in registers once they are compiled. Where the compiler gives up on inlining
 * one operation, every vector becomes an object, and the loop is ten times slower with the same results.
 */
class RegistersTest {
    private static final int DEPTH = 512;
    private static final int COLUMNS = 32;
    /** Compiling takes its time where the machine is busy. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    @ParameterizedTest
    @DisplayName("a row times a weight makes no object for its vectors")
    @ValueSource(ints = {Gemm.F32, Gemm.F16, Gemm.BF16})
    void rows(int type) {
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocate(4L * DEPTH, 64).address();
            long w = arena.allocate(4L * DEPTH * COLUMNS, 64).address();
            long c = arena.allocate(4L * COLUMNS, 64).address();
            settles(COLUMNS * DEPTH / Lanes.LENGTH, () -> Gemv.row(a, DEPTH, w, type, 1, DEPTH, COLUMNS, c));
        }
    }

    @ParameterizedTest
    @DisplayName("a piece of a row times adjacent rows of a weight makes no object for its vectors")
    @ValueSource(ints = {Gemm.F32, Gemm.F16, Gemm.BF16})
    void pieces(int type) {
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocate(4L * COLUMNS, 64).address();
            long w = arena.allocate(4L * DEPTH * COLUMNS, 64).address();
            long c = arena.allocate(4L * DEPTH, 64).address();
            long lead = (long) DEPTH * Gemm.bytes(type);
            settles(COLUMNS * DEPTH / Lanes.LENGTH, () -> Gemv.piece(a, COLUMNS, w, type, lead, DEPTH, c));
        }
    }

    @ParameterizedTest
    @DisplayName("tiles of outer products make no object for their vectors")
    @ValueSource(booleans = {false, true})
    void tiles(boolean add) {
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocate(4L * DEPTH * COLUMNS, 64).address();
            long w = arena.allocate(4L * DEPTH * Gemm.ROWS, 64).address();
            long c = arena.allocate(4L * COLUMNS * Gemm.ROWS, 64).address();
            settles(
                    COLUMNS * Gemm.ROWS * DEPTH / Lanes.LENGTH,
                    () -> OuterTiles.run(
                            a, 4L * DEPTH, COLUMNS, DEPTH, w, 4L * Gemm.ROWS, Gemm.ROWS, c, 4L * Gemm.ROWS, add));
        }
    }

    /** Runs until there is less than an object for every fourth multiply-add of {@code operations}. */
    private static void settles(long operations, Runnable run) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long smallestObject = 16;
        long begun = System.nanoTime();
        long perRun = Long.MAX_VALUE;
        while (perRun > operations / 4 * smallestObject && System.nanoTime() - begun < PATIENCE_NANOS) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50; i++) {
                run.run();
            }
            perRun = (threads.getCurrentThreadAllocatedBytes() - before) / 50;
        }
        long bytes = perRun;
        assertTrue(
                bytes <= operations / 4 * smallestObject,
                () -> bytes + " bytes allocated by " + operations + " multiply-adds");
    }
}
