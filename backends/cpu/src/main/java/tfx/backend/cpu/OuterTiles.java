package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * {@code C[r][j] (+)= sum_k A[r][k] * W[k][j]}, W adjacent along j: outer products of a column of A and a row of W, eight
 * rows by two vectors at a time.
 */
final class OuterTiles {
    private OuterTiles() {}

    /** Strides in bytes. */
    static void run(
            long a, long lda, int rows, long depth, long w, long ldw, int columns, long c, long ldc, boolean add) {
        int wide = 2 * Lanes.LENGTH;
        int j = 0;
        for (; j + wide <= columns; j += wide) {
            int r = 0;
            for (; r + 8 <= rows; r += 8) {
                tile(a + r * lda, lda, depth, w + j * 4L, ldw, c + r * ldc + j * 4L, ldc, add);
            }
            for (; r < rows; r++) {
                strip(a + r * lda, depth, w + j * 4L, ldw, c + r * ldc + j * 4L, add);
            }
        }
        for (; j < columns; j += Lanes.LENGTH) {
            var mask = Lanes.first(columns - j);
            for (int r = 0; r < rows; r++) {
                long to = c + r * ldc + j * 4L;
                FloatVector s = add ? Memory.loadF32(to, mask) : Lanes.splat(0);
                for (long k = 0; k < depth; k++) {
                    s = Lanes.splat(Memory.getF32(a + r * lda + k * 4))
                            .fma(Memory.loadF32(w + j * 4L + k * ldw, mask), s);
                }
                Memory.storeF32(to, s, mask);
            }
        }
    }

    private static void strip(long a, long depth, long w, long ldw, long c, boolean add) {
        long step = Lanes.LENGTH * 4L;
        FloatVector s = Lanes.splat(0);
        FloatVector t = s;
        if (add) {
            s = Memory.loadF32(c);
            t = Memory.loadF32(c + step);
        }
        for (long k = 0; k < depth; k++) {
            FloatVector x = Lanes.splat(Memory.getF32(a + k * 4));
            s = x.fma(Memory.loadF32(w + k * ldw), s);
            t = x.fma(Memory.loadF32(w + k * ldw + step), t);
        }
        Memory.storeF32(c, s);
        Memory.storeF32(c + step, t);
    }

    private static void tile(long a, long lda, long depth, long w, long ldw, long c, long ldc, boolean add) {
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
        if (add) {
            s00 = Memory.loadF32(c);
            s01 = Memory.loadF32(c + step);
            s10 = Memory.loadF32(c + 1 * ldc);
            s11 = Memory.loadF32(c + 1 * ldc + step);
            s20 = Memory.loadF32(c + 2 * ldc);
            s21 = Memory.loadF32(c + 2 * ldc + step);
            s30 = Memory.loadF32(c + 3 * ldc);
            s31 = Memory.loadF32(c + 3 * ldc + step);
            s40 = Memory.loadF32(c + 4 * ldc);
            s41 = Memory.loadF32(c + 4 * ldc + step);
            s50 = Memory.loadF32(c + 5 * ldc);
            s51 = Memory.loadF32(c + 5 * ldc + step);
            s60 = Memory.loadF32(c + 6 * ldc);
            s61 = Memory.loadF32(c + 6 * ldc + step);
            s70 = Memory.loadF32(c + 7 * ldc);
            s71 = Memory.loadF32(c + 7 * ldc + step);
        }
        for (long k = 0; k < depth; k++) {
            long at = w + k * ldw;
            FloatVector y0 = Memory.loadF32(at);
            FloatVector y1 = Memory.loadF32(at + step);
            long from = a + k * 4;
            FloatVector x0 = Lanes.splat(Memory.getF32(from));
            s00 = x0.fma(y0, s00);
            s01 = x0.fma(y1, s01);
            FloatVector x1 = Lanes.splat(Memory.getF32(from + 1 * lda));
            s10 = x1.fma(y0, s10);
            s11 = x1.fma(y1, s11);
            FloatVector x2 = Lanes.splat(Memory.getF32(from + 2 * lda));
            s20 = x2.fma(y0, s20);
            s21 = x2.fma(y1, s21);
            FloatVector x3 = Lanes.splat(Memory.getF32(from + 3 * lda));
            s30 = x3.fma(y0, s30);
            s31 = x3.fma(y1, s31);
            FloatVector x4 = Lanes.splat(Memory.getF32(from + 4 * lda));
            s40 = x4.fma(y0, s40);
            s41 = x4.fma(y1, s41);
            FloatVector x5 = Lanes.splat(Memory.getF32(from + 5 * lda));
            s50 = x5.fma(y0, s50);
            s51 = x5.fma(y1, s51);
            FloatVector x6 = Lanes.splat(Memory.getF32(from + 6 * lda));
            s60 = x6.fma(y0, s60);
            s61 = x6.fma(y1, s61);
            FloatVector x7 = Lanes.splat(Memory.getF32(from + 7 * lda));
            s70 = x7.fma(y0, s70);
            s71 = x7.fma(y1, s71);
        }
        Memory.storeF32(c, s00);
        Memory.storeF32(c + step, s01);
        Memory.storeF32(c + 1 * ldc, s10);
        Memory.storeF32(c + 1 * ldc + step, s11);
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
