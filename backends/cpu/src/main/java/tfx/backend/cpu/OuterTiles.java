package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@code C[r][j] (+)= sum_k A[r][k] * W[k][j]}, W adjacent along j: outer products of a column of A and a row of W, eight
 * rows by two vectors at a time.
 */
final class OuterTiles {
    private static final int ROWS = 8;
    /** Rows from which a tile of which the others are not wanted is faster than a row by itself. */
    private static final int SOME = 3;
    /** How much of the reduction is done at a time: what a tile touches then stays in the first cache levels. */
    private static final int DEPTH = 512;
    /**
     * Single floats come from an array, since a read of native memory is so many nodes of the compiler's graph that a tile
     * would pass its inlining limit, and every vector would become an object.
     */
    private static final ThreadLocal<float[]> PACKED =
            ThreadLocal.withInitial(() -> new float[ROWS * (DEPTH + 2 * Lanes.LENGTH)]);

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
            if (rows >= SOME) {
                tile(a, depth, w + j * 4L, ldw);
                add(a, rows, c + j * 4L, ldc);
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

    /**
     * Sums up a whole tile and leaves it behind the packed rows: vectors to and from an array are far fewer nodes than those
     * of native memory, of which 32 more would bring the tile to the compiler's limit.
     */
    private static void tile(float[] a, int depth, long w, long ldw) {
        long step = Lanes.LENGTH * 4L;
        FloatVector s00 = Lanes.splat(0);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        FloatVector s40 = s00;
        FloatVector s41 = s00;
        FloatVector s50 = s00;
        FloatVector s51 = s00;
        FloatVector s60 = s00;
        FloatVector s61 = s00;
        FloatVector s70 = s00;
        FloatVector s71 = s00;
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
        int to = ROWS * DEPTH;
        s00.intoArray(a, to);
        s01.intoArray(a, to + Lanes.LENGTH);
        s10.intoArray(a, to + 2 * Lanes.LENGTH);
        s11.intoArray(a, to + 3 * Lanes.LENGTH);
        s20.intoArray(a, to + 4 * Lanes.LENGTH);
        s21.intoArray(a, to + 5 * Lanes.LENGTH);
        s30.intoArray(a, to + 6 * Lanes.LENGTH);
        s31.intoArray(a, to + 7 * Lanes.LENGTH);
        s40.intoArray(a, to + 8 * Lanes.LENGTH);
        s41.intoArray(a, to + 9 * Lanes.LENGTH);
        s50.intoArray(a, to + 10 * Lanes.LENGTH);
        s51.intoArray(a, to + 11 * Lanes.LENGTH);
        s60.intoArray(a, to + 12 * Lanes.LENGTH);
        s61.intoArray(a, to + 13 * Lanes.LENGTH);
        s70.intoArray(a, to + 14 * Lanes.LENGTH);
        s71.intoArray(a, to + 15 * Lanes.LENGTH);
    }

    /** Adds the sums of a tile's first rows to what is there. */
    private static void add(float[] a, int rows, long c, long ldc) {
        for (int r = 0; r < rows; r++) {
            for (int half = 0; half < 2; half++) {
                long at = c + r * ldc + half * Lanes.LENGTH * 4L;
                FloatVector sum = FloatVector.fromArray(Lanes.F, a, ROWS * DEPTH + (2 * r + half) * Lanes.LENGTH);
                Memory.storeF32(at, Memory.loadF32(at).add(sum));
            }
        }
    }
}
