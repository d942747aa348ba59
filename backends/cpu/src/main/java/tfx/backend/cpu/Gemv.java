package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * One row against the rows of a weight as it lies in memory: the weight is read once, front to back, which is what a decoding
 * step spends its time on.
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

    /**
     * {@code C[j] = sum_k A[k] * W[k][j]}, row after row: a piece of the reduction over all columns, which reads a part of the
     * weight front to back while the sums stay in the first cache.
     */
    static void piece(long a, long depth, long w, int type, long ldw, int columns, long c) {
        Gemm.fill(c, columns, 0f);
        int bytes = Gemm.bytes(type);
        int whole = columns / Lanes.LENGTH * Lanes.LENGTH;
        for (long k = 0; k < depth; k++) {
            float x = Memory.getF32(a + 4 * k);
            long row = w + k * ldw;
            switch (type) {
                case Gemm.F32 -> addF32(x, row, whole, c);
                case Gemm.BF16 -> addBF16(x, row, whole, c);
                default -> addF16(x, row, whole, c);
            }
            for (int j = whole; j < columns; j++) {
                Memory.putF32(c + 4L * j, Memory.getF32(c + 4L * j) + x * Memory.get(type, row + (long) j * bytes));
            }
        }
    }

    private static void addF32(float x, long w, int columns, long c) {
        FloatVector factor = Lanes.splat(x);
        for (int j = 0; j < columns; j += Lanes.LENGTH) {
            long to = c + 4L * j;
            Memory.storeF32(to, factor.fma(Memory.loadF32(w + 4L * j), Memory.loadF32(to)));
        }
    }

    private static void addBF16(float x, long w, int columns, long c) {
        FloatVector factor = Lanes.splat(x);
        for (int j = 0; j < columns; j += Lanes.LENGTH) {
            long to = c + 4L * j;
            Memory.storeF32(to, factor.fma(Memory.loadBF16(w + 2L * j), Memory.loadF32(to)));
        }
    }

    private static void addF16(float x, long w, int columns, long c) {
        FloatVector factor = Lanes.splat(x);
        for (int j = 0; j < columns; j += Lanes.LENGTH) {
            long to = c + 4L * j;
            Memory.storeF32(to, factor.fma(Memory.loadF16(w + 2L * j), Memory.loadF32(to)));
        }
    }

    /** {@code C[j] = sum_p P[p][j]}: what {@code count} pieces have summed up, in their order. */
    static void sum(long p, int count, long lead, int columns, long c) {
        Memory.copy(p, c, 4L * columns);
        for (int piece = 1; piece < count; piece++) {
            long from = p + piece * lead;
            int j = 0;
            for (; j + Lanes.LENGTH <= columns; j += Lanes.LENGTH) {
                long to = c + 4L * j;
                Memory.storeF32(to, Memory.loadF32(to).add(Memory.loadF32(from + 4L * j)));
            }
            for (; j < columns; j++) {
                Memory.putF32(c + 4L * j, Memory.getF32(c + 4L * j) + Memory.getF32(from + 4L * j));
            }
        }
    }

    private static FloatVector vector(int type, long at) {
        return switch (type) {
            case Gemm.F32 -> Memory.loadF32(at);
            case Gemm.BF16 -> Memory.loadBF16(at);
            default -> Memory.loadF16(at);
        };
    }

    /** Columns adjacent along k; {@code ldw} in bytes. One after the other: memory is fastest when it is read in one stream. */
    private static void dots(long a, long depth, long w, int type, long ldw, int columns, long c) {
        for (int j = 0; j < columns; j++) {
            long column = w + j * ldw;
            float sum = switch (type) {
                case Gemm.F32 -> dotF32(a, depth, column);
                case Gemm.BF16 -> dotBF16(a, depth, column);
                default -> dotF16(a, depth, column);
            };
            Memory.putF32(c + j * 4L, sum);
        }
    }

    private static float dotF32(long a, long depth, long w) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long at = Lanes.LENGTH * 4L;
        long step = Lanes.LENGTH * 4L;
        long k = 0;
        for (; k + 4 * Lanes.LENGTH <= depth; k += 4 * Lanes.LENGTH) {
            long x = a + 4 * k;
            long y = w + 4 * k;
            s0 = Memory.loadF32(x).fma(Memory.loadF32(y), s0);
            s1 = Memory.loadF32(x + at).fma(Memory.loadF32(y + step), s1);
            s2 = Memory.loadF32(x + 2 * at).fma(Memory.loadF32(y + 2 * step), s2);
            s3 = Memory.loadF32(x + 3 * at).fma(Memory.loadF32(y + 3 * step), s3);
        }
        for (; k + Lanes.LENGTH <= depth; k += Lanes.LENGTH) {
            s0 = Memory.loadF32(a + 4 * k).fma(Memory.loadF32(w + 4 * k), s0);
        }
        float sum = Gemm.sum(s0.add(s1).add(s2.add(s3)));
        for (; k < depth; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.getF32(w + 4 * k);
        }
        return sum;
    }

    private static float dotBF16(long a, long depth, long w) {
        FloatVector s0 = Lanes.splat(0);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long at = Lanes.LENGTH * 4L;
        long step = Lanes.LENGTH * 2L;
        long k = 0;
        for (; k + 4 * Lanes.LENGTH <= depth; k += 4 * Lanes.LENGTH) {
            long x = a + 4 * k;
            long y = w + 2 * k;
            s0 = Memory.loadF32(x).fma(Memory.loadBF16(y), s0);
            s1 = Memory.loadF32(x + at).fma(Memory.loadBF16(y + step), s1);
            s2 = Memory.loadF32(x + 2 * at).fma(Memory.loadBF16(y + 2 * step), s2);
            s3 = Memory.loadF32(x + 3 * at).fma(Memory.loadBF16(y + 3 * step), s3);
        }
        for (; k + Lanes.LENGTH <= depth; k += Lanes.LENGTH) {
            s0 = Memory.loadF32(a + 4 * k).fma(Memory.loadBF16(w + 2 * k), s0);
        }
        float sum = Gemm.sum(s0.add(s1).add(s2.add(s3)));
        for (; k < depth; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.getBF16(w + 2 * k);
        }
        return sum;
    }

    /** One sum only: with more of these conversions the compiler gives up on keeping vectors in registers. */
    private static float dotF16(long a, long depth, long w) {
        FloatVector s = Lanes.splat(0);
        long k = 0;
        for (; k + Lanes.LENGTH <= depth; k += Lanes.LENGTH) {
            s = Memory.loadF32(a + 4 * k).fma(Memory.loadF16(w + 2 * k), s);
        }
        float sum = Gemm.sum(s);
        for (; k < depth; k++) {
            sum += Memory.getF32(a + 4 * k) * Memory.getF16(w + 2 * k);
        }
        return sum;
    }
}
