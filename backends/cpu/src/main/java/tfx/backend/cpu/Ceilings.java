package tfx.backend.cpu;

import java.lang.foreign.Arena;
import tfx.compiler.schedule.Workers;

/**
 * What this machine can do at most, measured with all given threads: benchmarks report shares of it.
 *
 * @param flops floating-point operations per second of independent multiply-adds (two each) in registers
 * @param bytes bytes per second read from memory, over more than any cache holds
 */
public record Ceilings(double flops, double bytes) {
    private static final long LIMIT_NANOS = 1_500_000_000;
    private static final int WARM_UP = 12_000;
    private static final int SHORT = 64;
    private static final int STEPS = 200_000;
    private static final long BLOCK = 256L << 20;

    /** Measures for about two seconds, after the loops are compiled; the best round counts. */
    public static Ceilings measure(Workers workers) {
        int n = workers.count();
        double[] sink = new double[n];
        double flops = 0;
        double bytes = 0;
        try (Arena arena = Arena.ofShared()) {
            long memory = arena.allocate(BLOCK * n, 64).fill((byte) 0).address();
            // Many short calls: what is called often enough is compiled, and in short calls no time is lost before.
            for (int i = 0; i < WARM_UP; i++) {
                sink[0] += multiplyAdd(SHORT) + read(memory, SHORT * 16L * Lanes.LENGTH);
            }
            long begin = System.nanoTime();
            while (System.nanoTime() - begin < LIMIT_NANOS) {
                long start = System.nanoTime();
                workers.forEach(n, part -> sink[part] += multiplyAdd(STEPS));
                flops = Math.max(flops, 16.0 * Lanes.LENGTH * STEPS * n / (System.nanoTime() - start) * 1e9);
                start = System.nanoTime();
                workers.forEach(n, part -> sink[part] += read(memory + part * BLOCK, BLOCK));
                bytes = Math.max(bytes, (double) BLOCK * n / (System.nanoTime() - start) * 1e9);
            }
        }
        // The sums are used, so that the work cannot be left out.
        return Double.isNaN(sink[0]) ? new Ceilings(0, 0) : new Ceilings(flops, bytes);
    }

    private static float multiplyAdd(int steps) {
        var x = Lanes.splat(0.5f);
        var a = x;
        var b = Lanes.splat(2);
        var c = Lanes.splat(3);
        var d = Lanes.splat(4);
        var e = Lanes.splat(5);
        var f = Lanes.splat(6);
        var g = Lanes.splat(7);
        var h = Lanes.splat(8);
        for (int i = 0; i < steps; i++) {
            a = a.fma(x, x);
            b = b.fma(x, x);
            c = c.fma(x, x);
            d = d.fma(x, x);
            e = e.fma(x, x);
            f = f.fma(x, x);
            g = g.fma(x, x);
            h = h.fma(x, x);
        }
        return Gemm.sum(a.add(b).add(c).add(d).add(e).add(f).add(g).add(h));
    }

    private static float read(long at, long size) {
        long step = Lanes.LENGTH * 4L;
        var a = Lanes.splat(0);
        var b = a;
        var c = a;
        var d = a;
        for (long k = 0; k + 4 * step <= size; k += 4 * step) {
            a = a.add(Memory.loadF32(at + k));
            b = b.add(Memory.loadF32(at + k + step));
            c = c.add(Memory.loadF32(at + k + 2 * step));
            d = d.add(Memory.loadF32(at + k + 3 * step));
        }
        return Gemm.sum(a.add(b).add(c).add(d));
    }
}
