package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * One row against the rows of a weight as it lies in memory: the weight is read once, front to back, four rows at a time,
 * which is what a decoding step spends its time on.
 */
final class Gemv {
    private Gemv() {}

    /**
     * {@code C[j] = sum_k A[k] * W[j][k]}.
     *
     * @param ks elements from W[j][k] to W[j][k + 1]
     * @param cs elements from column to column
     */
    static void row(long a, long depth, long w, int type, long ks, long cs, int columns, long c) {
        boolean narrow = type >= Gemm.F32 && type <= Gemm.BF16;
        if (ks == 1 && narrow) {
            dots(a, depth, w, type, cs * Gemm.bytes(type), columns, c);
        } else if (cs == 1 && narrow) {
            sideBySide(a, depth, w, type, ks * Gemm.bytes(type), columns, c);
        } else {
            int bytes = Gemm.bytes(type);
            for (int j = 0; j < columns; j++) {
                float sum = 0;
                for (long k = 0; k < depth; k++) {
                    sum += Memory.getF32(a + 4 * k) * Memory.get(type, w + (k * ks + j * cs) * bytes);
                }
                Memory.putF32(c + j * 4L, sum);
            }
        }
    }

    /** Columns adjacent: each element of the row times a piece of a row of the weight. */
    private static void sideBySide(long a, long depth, long w, int type, long ldw, int columns, long c) {
        int bytes = Gemm.bytes(type);
        int j = 0;
        for (; j + Lanes.LENGTH <= columns; j += Lanes.LENGTH) {
            FloatVector s0 = Lanes.splat(0);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            long at = w + (long) j * bytes;
            long k = 0;
            for (; k + 4 <= depth; k += 4) {
                s0 = Lanes.splat(Memory.getF32(a + 4 * k)).fma(vector(type, at), s0);
                s1 = Lanes.splat(Memory.getF32(a + 4 * k + 4)).fma(vector(type, at + ldw), s1);
                s2 = Lanes.splat(Memory.getF32(a + 4 * k + 8)).fma(vector(type, at + 2 * ldw), s2);
                s3 = Lanes.splat(Memory.getF32(a + 4 * k + 12)).fma(vector(type, at + 3 * ldw), s3);
                at += 4 * ldw;
            }
            for (; k < depth; k++) {
                s0 = Lanes.splat(Memory.getF32(a + 4 * k)).fma(vector(type, at), s0);
                at += ldw;
            }
            Memory.storeF32(c + j * 4L, s0.add(s1).add(s2.add(s3)));
        }
        for (; j < columns; j++) {
            float sum = 0;
            for (long k = 0; k < depth; k++) {
                sum += Memory.getF32(a + 4 * k) * Memory.get(type, w + k * ldw + (long) j * bytes);
            }
            Memory.putF32(c + j * 4L, sum);
        }
    }

    private static FloatVector vector(int type, long at) {
        return switch (type) {
            case Gemm.F32 -> Memory.loadF32(at);
            case Gemm.BF16 -> Memory.loadBF16(at);
            default -> Memory.loadF16(at);
        };
    }

    /** Columns adjacent along k; {@code ldw} in bytes. */
    private static void dots(long a, long depth, long w, int type, long ldw, int columns, long c) {
        int j = 0;
        for (; j + 4 <= columns; j += 4) {
            switch (type) {
                case Gemm.F32 -> fourF32(a, depth, w + j * ldw, ldw, c + j * 4L);
                case Gemm.BF16 -> fourBF16(a, depth, w + j * ldw, ldw, c + j * 4L);
                default -> fourF16(a, depth, w + j * ldw, ldw, c + j * 4L);
            }
        }
        for (; j < columns; j++) {
            Memory.putF32(c + j * 4L, one(a, depth, w + j * ldw, type));
        }
    }

    private static void fourF32(long a, long depth, long w, long ldw, long c) {
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
        finish(s0, a + k, w + k, Gemm.F32, tail, c);
        finish(s1, a + k, w1 + k, Gemm.F32, tail, c + 4);
        finish(s2, a + k, w2 + k, Gemm.F32, tail, c + 8);
        finish(s3, a + k, w3 + k, Gemm.F32, tail, c + 12);
    }

    private static void fourBF16(long a, long depth, long w, long ldw, long c) {
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
        finish(s0, a + 2 * k, w + k, Gemm.BF16, tail, c);
        finish(s1, a + 2 * k, w1 + k, Gemm.BF16, tail, c + 4);
        finish(s2, a + 2 * k, w2 + k, Gemm.BF16, tail, c + 8);
        finish(s3, a + 2 * k, w3 + k, Gemm.BF16, tail, c + 12);
    }

    private static void fourF16(long a, long depth, long w, long ldw, long c) {
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
        finish(s0, a + 2 * k, w + k, Gemm.F16, tail, c);
        finish(s1, a + 2 * k, w1 + k, Gemm.F16, tail, c + 4);
        finish(s2, a + 2 * k, w2 + k, Gemm.F16, tail, c + 8);
        finish(s3, a + 2 * k, w3 + k, Gemm.F16, tail, c + 12);
    }

    private static void finish(FloatVector sums, long a, long w, int type, long tail, long c) {
        float sum = Gemm.sum(sums);
        int bytes = type == Gemm.F32 ? 4 : 2;
        for (long k = 0; k < tail; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.get(type, w + bytes * k);
        }
        Memory.putF32(c, sum);
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
