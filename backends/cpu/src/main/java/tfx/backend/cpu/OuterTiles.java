package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@code C[r][j] (+)= sum_k A[r][k] * W[k][j]}, W adjacent along j: outer products of a column of A and a row of W, eight
 * rows by two vectors at a time.
 */
final class OuterTiles {
    private static final int ROWS = 8;
    /** How much of the reduction is done at a time: what a tile touches then stays in the first cache levels. */
    private static final int DEPTH = 512;
    /**
     * Single floats come from an array, since a read of native memory is so many nodes of the compiler's graph that a tile
     * would pass its inlining limit, and every vector would become an object.
     */
    private static final ThreadLocal<float[]> PACKED = ThreadLocal.withInitial(() -> new float[ROWS * DEPTH]);

    private OuterTiles() {}

    /** Strides in bytes. */
    static void run(
            long a, long lda, int rows, long depth, long w, long ldw, int columns, long c, long ldc, boolean add) {
        run(null, a, lda, rows, depth, w, ldw, columns, c, ldc, add);
    }

    /** The same with rows of A at the first {@code rows} addresses of {@code a}. */
    static void run(long[] a, int rows, long depth, long w, long ldw, int columns, long c, long ldc, boolean add) {
        run(a, 0, 0, rows, depth, w, ldw, columns, c, ldc, add);
    }

    private static void run(
            long @Nullable [] at,
            long a,
            long lda,
            int rows,
            long depth,
            long w,
            long ldw,
            int columns,
            long c,
            long ldc,
            boolean add) {
        if (!add) {
            for (int r = 0; r < rows; r++) {
                Gemm.fill(c + r * ldc, columns, 0f);
            }
        }
        float[] packed = PACKED.get();
        for (long k = 0; k < depth; k += DEPTH) {
            int some = (int) Math.min(DEPTH, depth - k);
            for (int r = 0; r < rows; r += ROWS) {
                int count = Math.min(ROWS, rows - r);
                for (int i = 0; i < count; i++) {
                    long row = at == null ? a + (r + i) * lda : at[r + i];
                    Memory.copyF32(row + 4 * k, packed, i * DEPTH, some);
                }
                band(packed, count, some, w + k * ldw, ldw, columns, c + r * ldc, ldc);
            }
        }
    }

    /** At most {@link #ROWS} rows and {@link #DEPTH} of the reduction. */
    private static void band(float[] a, int rows, int depth, long w, long ldw, int columns, long c, long ldc) {
        int wide = 2 * Lanes.LENGTH;
        int j = 0;
        for (; j + wide <= columns; j += wide) {
            if (rows == ROWS) {
                tile(a, depth, w + j * 4L, ldw, c + j * 4L, ldc);
            } else {
                for (int r = 0; r < rows; r++) {
                    strip(a, r * DEPTH, depth, w + j * 4L, ldw, c + r * ldc + j * 4L);
                }
            }
        }
        for (; j < columns; j += Lanes.LENGTH) {
            var mask = Lanes.first(columns - j);
            for (int r = 0; r < rows; r++) {
                long to = c + r * ldc + j * 4L;
                FloatVector s = Memory.loadF32(to, mask);
                for (int k = 0; k < depth; k++) {
                    s = Lanes.splat(a[r * DEPTH + k]).fma(Memory.loadF32(w + j * 4L + k * ldw, mask), s);
                }
                Memory.storeF32(to, s, mask);
            }
        }
    }

    private static void strip(float[] a, int row, int depth, long w, long ldw, long c) {
        long step = Lanes.LENGTH * 4L;
        FloatVector s = Memory.loadF32(c);
        FloatVector t = Memory.loadF32(c + step);
        for (int k = 0; k < depth; k++) {
            FloatVector x = Lanes.splat(a[row + k]);
            s = x.fma(Memory.loadF32(w + k * ldw), s);
            t = x.fma(Memory.loadF32(w + k * ldw + step), t);
        }
        Memory.storeF32(c, s);
        Memory.storeF32(c + step, t);
    }

    private static void tile(float[] a, int depth, long w, long ldw, long c, long ldc) {
        long step = Lanes.LENGTH * 4L;
        FloatVector s00 = Memory.loadF32(c);
        FloatVector s01 = Memory.loadF32(c + step);
        FloatVector s10 = Memory.loadF32(c + ldc);
        FloatVector s11 = Memory.loadF32(c + ldc + step);
        FloatVector s20 = Memory.loadF32(c + 2 * ldc);
        FloatVector s21 = Memory.loadF32(c + 2 * ldc + step);
        FloatVector s30 = Memory.loadF32(c + 3 * ldc);
        FloatVector s31 = Memory.loadF32(c + 3 * ldc + step);
        FloatVector s40 = Memory.loadF32(c + 4 * ldc);
        FloatVector s41 = Memory.loadF32(c + 4 * ldc + step);
        FloatVector s50 = Memory.loadF32(c + 5 * ldc);
        FloatVector s51 = Memory.loadF32(c + 5 * ldc + step);
        FloatVector s60 = Memory.loadF32(c + 6 * ldc);
        FloatVector s61 = Memory.loadF32(c + 6 * ldc + step);
        FloatVector s70 = Memory.loadF32(c + 7 * ldc);
        FloatVector s71 = Memory.loadF32(c + 7 * ldc + step);
        for (int k = 0; k < depth; k++) {
            long from = w + k * ldw;
            FloatVector y0 = Memory.loadF32(from);
            FloatVector y1 = Memory.loadF32(from + step);
            FloatVector x0 = Lanes.splat(a[k]);
            s00 = x0.fma(y0, s00);
            s01 = x0.fma(y1, s01);
            FloatVector x1 = Lanes.splat(a[DEPTH + k]);
            s10 = x1.fma(y0, s10);
            s11 = x1.fma(y1, s11);
            FloatVector x2 = Lanes.splat(a[2 * DEPTH + k]);
            s20 = x2.fma(y0, s20);
            s21 = x2.fma(y1, s21);
            FloatVector x3 = Lanes.splat(a[3 * DEPTH + k]);
            s30 = x3.fma(y0, s30);
            s31 = x3.fma(y1, s31);
            FloatVector x4 = Lanes.splat(a[4 * DEPTH + k]);
            s40 = x4.fma(y0, s40);
            s41 = x4.fma(y1, s41);
            FloatVector x5 = Lanes.splat(a[5 * DEPTH + k]);
            s50 = x5.fma(y0, s50);
            s51 = x5.fma(y1, s51);
            FloatVector x6 = Lanes.splat(a[6 * DEPTH + k]);
            s60 = x6.fma(y0, s60);
            s61 = x6.fma(y1, s61);
            FloatVector x7 = Lanes.splat(a[7 * DEPTH + k]);
            s70 = x7.fma(y0, s70);
            s71 = x7.fma(y1, s71);
        }
        Memory.storeF32(c, s00);
        Memory.storeF32(c + step, s01);
        Memory.storeF32(c + ldc, s10);
        Memory.storeF32(c + ldc + step, s11);
        Memory.storeF32(c + 2 * ldc, s20);
        Memory.storeF32(c + 2 * ldc + step, s21);
        Memory.storeF32(c + 3 * ldc, s30);
        Memory.storeF32(c + 3 * ldc + step, s31);
        Memory.storeF32(c + 4 * ldc, s40);
        Memory.storeF32(c + 4 * ldc + step, s41);
        Memory.storeF32(c + 5 * ldc, s50);
        Memory.storeF32(c + 5 * ldc + step, s51);
        Memory.storeF32(c + 6 * ldc, s60);
        Memory.storeF32(c + 6 * ldc + step, s61);
        Memory.storeF32(c + 7 * ldc, s70);
        Memory.storeF32(c + 7 * ldc + step, s71);
    }
}
