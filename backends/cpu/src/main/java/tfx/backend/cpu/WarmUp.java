package tfx.backend.cpu;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the loops that all kernels share while kernels are still being written and compiled, so that the JVM has machine code of
 * them by the first token. On vectors the difference is a factor of a hundred: interpreted, each is an object.
 */
final class WarmUp {
    private static final int DEPTH = 256;
    private static final int COLUMNS = 16;
    /** By then the loops are compiled, or the machine is too busy to bother. */
    private static final long LIMIT_NANOS = 1_500_000_000;

    private static final AtomicBoolean BEGUN = new AtomicBoolean();
    private static volatile boolean needed = true;

    private WarmUp() {}

    /** Begins in the background, once in a process. */
    static void begin() {
        if (needed && BEGUN.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("tfx-warm-up").start(WarmUp::run);
        }
    }

    /** Kernels are about to run: they warm up what they need better than anything else. */
    static void end() {
        needed = false;
    }

    private static void run() {
        long until = System.nanoTime() + LIMIT_NANOS;
        try (Arena arena = Arena.ofConfined()) {
            long a = arena.allocate(4L * DEPTH * COLUMNS, 64).address();
            long w = arena.allocate(4L * DEPTH * Gemm.ROWS, 64).address();
            long c = arena.allocate(4L * COLUMNS * Gemm.ROWS, 64).address();
            while (needed && System.nanoTime() < until) {
                for (int type = Gemm.F32; type <= Gemm.BF16; type++) {
                    Gemv.row(a, DEPTH, w, type, 1, DEPTH, COLUMNS, c);
                }
                OuterTiles.run(a, 4L * DEPTH, COLUMNS, DEPTH, w, 4L * Gemm.ROWS, Gemm.ROWS, c, 4L * Gemm.ROWS, false);
            }
        }
    }
}
