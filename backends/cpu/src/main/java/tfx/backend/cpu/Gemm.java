package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * Sums of products over tiles: {@code C[r][c] (+)= sum_k A[r][k] * W[k][c]}. A and C are rows of floats; W is of any type
 * and strides. Ordinary Java rather than generated: all kernels share it, so it is compiled to machine code once.
 */
final class Gemm {
    static final int F32 = 1;
    static final int F16 = 2;
    static final int BF16 = 3;
    /** Columns of a weight tile that stay in the second-level cache while the rows pass by. */
    static final int COLUMNS = 32;

    private Gemm() {}

    /**
     * @param a address of A's row 0; its elements are adjacent
     * @param lda bytes from row to row
     * @param w address of W[0][0]
     * @param type ordinal of W's {@link tfx.compiler.schedule.ElementType}
     * @param ks elements from W[k] to W[k + 1]
     * @param cs elements from column to column
     * @param ldc bytes from row to row of C
     * @param add whether to add to what C holds
     */
    static void contract(
            long a,
            long lda,
            int rows,
            long depth,
            long w,
            int type,
            long ks,
            long cs,
            int columns,
            long c,
            long ldc,
            boolean add) {
        int bytes = bytes(type);
        if (ks == 1 && rows == 1 && type >= F32 && type <= BF16) {
            Gemv.dots(a, depth, w, type, cs * bytes, columns, c, add);
        } else if (cs == 1 && type == F32) {
            OuterTiles.run(a, lda, rows, depth, w, ks * 4, columns, c, ldc, add);
        } else if (cs == 1 && type >= F16 && type <= BF16) {
            long panel = Scratch.panel(depth * columns * 4);
            for (long k = 0; k < depth; k++) {
                convert(w + k * ks * bytes, type, columns, panel + k * columns * 4);
            }
            OuterTiles.run(a, lda, rows, depth, panel, columns * 4L, columns, c, ldc, add);
        } else if (ks == 1 && type == F32) {
            DotTiles.run(a, lda, rows, depth, w, cs * 4, columns, c, ldc, add);
        } else {
            long panel = Scratch.panel(depth * columns * 4);
            for (int j = 0; j < columns; j++) {
                long from = w + j * cs * bytes;
                long to = panel + j * depth * 4;
                if (ks == 1 && type >= F16 && type <= BF16) {
                    convert(from, type, depth, to);
                } else {
                    for (long k = 0; k < depth; k++) {
                        Memory.putF32(to + k * 4, Memory.get(type, from + k * ks * bytes));
                    }
                }
            }
            DotTiles.run(a, lda, rows, depth, panel, depth * 4, columns, c, ldc, add);
        }
    }

    static int bytes(int type) {
        return switch (type) {
            case 0, 4 -> 8;
            case F16, BF16 -> 2;
            default -> 4;
        };
    }

    /** Copies {@code count} adjacent 16-bit numbers to floats. */
    private static void convert(long from, int type, long count, long to) {
        long i = 0;
        if (type == BF16) {
            for (; i + Lanes.LENGTH <= count; i += Lanes.LENGTH) {
                Memory.storeF32(to + i * 4, Memory.loadBF16(from + i * 2));
            }
        } else {
            for (; i + Lanes.LENGTH <= count; i += Lanes.LENGTH) {
                Memory.storeF32(to + i * 4, Memory.loadF16(from + i * 2));
            }
        }
        for (; i < count; i++) {
            Memory.putF32(to + i * 4, Memory.get(type, from + i * 2));
        }
    }

    static void put(long at, float value, boolean add) {
        Memory.putF32(at, add ? Memory.getF32(at) + value : value);
    }

    static float sum(FloatVector v) {
        return v.reduceLanes(jdk.incubator.vector.VectorOperators.ADD);
    }
}
