package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * One row against the rows of a weight as it lies in memory: the weight is read once, front to back, four rows at a time,
 * which is what a decoding step spends its time on.
 */
final class Gemv {
    private Gemv() {}

    /** {@code C[j] (+)= sum_k A[k] * W[j][k]}; {@code ldw} in bytes. */
    static void dots(long a, long depth, long w, int type, long ldw, int columns, long c, boolean add) {
        int j = 0;
        for (; j + 4 <= columns; j += 4) {
            switch (type) {
                case Gemm.F32 -> fourF32(a, depth, w + j * ldw, ldw, c + j * 4L, add);
                case Gemm.BF16 -> fourBF16(a, depth, w + j * ldw, ldw, c + j * 4L, add);
                default -> fourF16(a, depth, w + j * ldw, ldw, c + j * 4L, add);
            }
        }
        for (; j < columns; j++) {
            Gemm.put(c + j * 4L, one(a, depth, w + j * ldw, type), add);
        }
    }

    private static void fourF32(long a, long depth, long w, long ldw, long c, boolean add) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long w1 = w + ldw;
        long w2 = w1 + ldw;
        long w3 = w2 + ldw;
        long k = 0;
        long end = depth * 4;
        for (; k + Lanes.LENGTH * 4L <= end; k += Lanes.LENGTH * 4L) {
            FloatVector x = Memory.loadF32(a + k);
            s0 = x.fma(Memory.loadF32(w + k), s0);
            s1 = x.fma(Memory.loadF32(w1 + k), s1);
            s2 = x.fma(Memory.loadF32(w2 + k), s2);
            s3 = x.fma(Memory.loadF32(w3 + k), s3);
        }
        long tail = depth - k / 4;
        finish(s0, a + k, w + k, Gemm.F32, tail, c, add);
        finish(s1, a + k, w1 + k, Gemm.F32, tail, c + 4, add);
        finish(s2, a + k, w2 + k, Gemm.F32, tail, c + 8, add);
        finish(s3, a + k, w3 + k, Gemm.F32, tail, c + 12, add);
    }

    private static void fourBF16(long a, long depth, long w, long ldw, long c, boolean add) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long w1 = w + ldw;
        long w2 = w1 + ldw;
        long w3 = w2 + ldw;
        long k = 0;
        long end = depth * 2;
        for (; k + Lanes.LENGTH * 2L <= end; k += Lanes.LENGTH * 2L) {
            FloatVector x = Memory.loadF32(a + 2 * k);
            s0 = x.fma(Memory.loadBF16(w + k), s0);
            s1 = x.fma(Memory.loadBF16(w1 + k), s1);
            s2 = x.fma(Memory.loadBF16(w2 + k), s2);
            s3 = x.fma(Memory.loadBF16(w3 + k), s3);
        }
        long tail = depth - k / 2;
        finish(s0, a + 2 * k, w + k, Gemm.BF16, tail, c, add);
        finish(s1, a + 2 * k, w1 + k, Gemm.BF16, tail, c + 4, add);
        finish(s2, a + 2 * k, w2 + k, Gemm.BF16, tail, c + 8, add);
        finish(s3, a + 2 * k, w3 + k, Gemm.BF16, tail, c + 12, add);
    }

    private static void fourF16(long a, long depth, long w, long ldw, long c, boolean add) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long w1 = w + ldw;
        long w2 = w1 + ldw;
        long w3 = w2 + ldw;
        long k = 0;
        long end = depth * 2;
        for (; k + Lanes.LENGTH * 2L <= end; k += Lanes.LENGTH * 2L) {
            FloatVector x = Memory.loadF32(a + 2 * k);
            s0 = x.fma(Memory.loadF16(w + k), s0);
            s1 = x.fma(Memory.loadF16(w1 + k), s1);
            s2 = x.fma(Memory.loadF16(w2 + k), s2);
            s3 = x.fma(Memory.loadF16(w3 + k), s3);
        }
        long tail = depth - k / 2;
        finish(s0, a + 2 * k, w + k, Gemm.F16, tail, c, add);
        finish(s1, a + 2 * k, w1 + k, Gemm.F16, tail, c + 4, add);
        finish(s2, a + 2 * k, w2 + k, Gemm.F16, tail, c + 8, add);
        finish(s3, a + 2 * k, w3 + k, Gemm.F16, tail, c + 12, add);
    }

    private static void finish(FloatVector sums, long a, long w, int type, long tail, long c, boolean add) {
        float sum = Gemm.sum(sums);
        int bytes = type == Gemm.F32 ? 4 : 2;
        for (long k = 0; k < tail; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.get(type, w + bytes * k);
        }
        Gemm.put(c, sum, add);
    }

    private static float one(long a, long depth, long w, int type) {
        FloatVector s = Lanes.splat(0);
        int bytes = type == Gemm.F32 ? 4 : 2;
        long k = 0;
        for (; k + Lanes.LENGTH <= depth; k += Lanes.LENGTH) {
            FloatVector x = Memory.loadF32(a + 4 * k);
            s = switch (type) {
                case Gemm.F32 -> x.fma(Memory.loadF32(w + 4 * k), s);
                case Gemm.BF16 -> x.fma(Memory.loadBF16(w + 2 * k), s);
                default -> x.fma(Memory.loadF16(w + 2 * k), s);
            };
        }
        float sum = Gemm.sum(s);
        for (; k < depth; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.get(type, w + bytes * k);
        }
        return sum;
    }
}
