package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * {@code C[r][j] (+)= sum_k A[r][k] * W[j][k]}, both operands adjacent along k: four rows by four columns of dot products
 * at a time, so that each vector loaded is used four times and sixteen sums hide the latency of the additions.
 */
final class DotTiles {
    private DotTiles() {}

    /** Strides in bytes. */
    static void run(
            long a, long lda, int rows, long depth, long w, long ldw, int columns, long c, long ldc, boolean add) {
        int r = 0;
        for (; r + 4 <= rows; r += 4) {
            int j = 0;
            for (; j + 4 <= columns; j += 4) {
                tile(a + r * lda, lda, depth, w + j * ldw, ldw, c + r * ldc + j * 4L, ldc, add);
            }
            for (; j < columns; j++) {
                for (int i = 0; i < 4; i++) {
                    Gemm.put(c + (r + i) * ldc + j * 4L, dot(a + (r + i) * lda, w + j * ldw, depth), add);
                }
            }
        }
        for (; r < rows; r++) {
            Gemv.dots(a + r * lda, depth, w, Gemm.F32, ldw, columns, c + r * ldc, add);
        }
    }

    private static float dot(long a, long w, long depth) {
        FloatVector s = Lanes.splat(0);
        long k = 0;
        for (; k + Lanes.LENGTH <= depth; k += Lanes.LENGTH) {
            s = Memory.loadF32(a + 4 * k).fma(Memory.loadF32(w + 4 * k), s);
        }
        return tail(Gemm.sum(s), a + 4 * k, w + 4 * k, depth - k);
    }

    private static float tail(float sum, long a, long w, long count) {
        for (long k = 0; k < count; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.getF32(w + 4 * k);
        }
        return sum;
    }

    private static void tile(long a, long lda, long depth, long w, long ldw, long c, long ldc, boolean add) {
        FloatVector s00 = Lanes.splat(0);
        FloatVector s01 = s00;
        FloatVector s02 = s00;
        FloatVector s03 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s12 = s00;
        FloatVector s13 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s22 = s00;
        FloatVector s23 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        FloatVector s32 = s00;
        FloatVector s33 = s00;
        long a1 = a + lda;
        long a2 = a1 + lda;
        long a3 = a2 + lda;
        long w1 = w + ldw;
        long w2 = w1 + ldw;
        long w3 = w2 + ldw;
        long end = depth / Lanes.LENGTH * Lanes.LENGTH * 4;
        for (long k = 0; k < end; k += Lanes.LENGTH * 4L) {
            FloatVector y0 = Memory.loadF32(w + k);
            FloatVector y1 = Memory.loadF32(w1 + k);
            FloatVector y2 = Memory.loadF32(w2 + k);
            FloatVector y3 = Memory.loadF32(w3 + k);
            FloatVector x0 = Memory.loadF32(a + k);
            s00 = x0.fma(y0, s00);
            s01 = x0.fma(y1, s01);
            s02 = x0.fma(y2, s02);
            s03 = x0.fma(y3, s03);
            FloatVector x1 = Memory.loadF32(a1 + k);
            s10 = x1.fma(y0, s10);
            s11 = x1.fma(y1, s11);
            s12 = x1.fma(y2, s12);
            s13 = x1.fma(y3, s13);
            FloatVector x2 = Memory.loadF32(a2 + k);
            s20 = x2.fma(y0, s20);
            s21 = x2.fma(y1, s21);
            s22 = x2.fma(y2, s22);
            s23 = x2.fma(y3, s23);
            FloatVector x3 = Memory.loadF32(a3 + k);
            s30 = x3.fma(y0, s30);
            s31 = x3.fma(y1, s31);
            s32 = x3.fma(y2, s32);
            s33 = x3.fma(y3, s33);
        }
        long rest = depth - end / 4;
        row(s00, s01, s02, s03, a + end, w + end, ldw, rest, c, add);
        row(s10, s11, s12, s13, a1 + end, w + end, ldw, rest, c + 1 * ldc, add);
        row(s20, s21, s22, s23, a2 + end, w + end, ldw, rest, c + 2 * ldc, add);
        row(s30, s31, s32, s33, a3 + end, w + end, ldw, rest, c + 3 * ldc, add);
    }

    private static void row(
            FloatVector s0,
            FloatVector s1,
            FloatVector s2,
            FloatVector s3,
            long a,
            long w,
            long ldw,
            long rest,
            long c,
            boolean add) {
        Gemm.put(c, tail(Gemm.sum(s0), a, w, rest), add);
        Gemm.put(c + 4, tail(Gemm.sum(s1), a, w + ldw, rest), add);
        Gemm.put(c + 8, tail(Gemm.sum(s2), a, w + 2 * ldw, rest), add);
        Gemm.put(c + 12, tail(Gemm.sum(s3), a, w + 3 * ldw, rest), add);
    }
}
