package tfx.backend.cpu;

import jdk.incubator.vector.FloatVector;

/**
 * Matrix products over tiles: {@code sums[r][c] = sum_k left[r][k] * weight[c][k]}, with blocks of {@link #ROWS} rows that lie
 * side by side, so that a vector holds one element of many rows. Ordinary Java rather than generated: all kernels share it,
 * so it is compiled to machine code once. Addresses and strides are in bytes unless said otherwise.
 */
final class Gemm {
    static final int F32 = 1;
    static final int F16 = 2;
    static final int BF16 = 3;
    /** Rows of a block. */
    static final int ROWS = 32;

    private Gemm() {}

    static int bytes(int type) {
        return switch (type) {
            case 0, 4 -> 8;
            case F16, BF16 -> 2;
            default -> 4;
        };
    }

    /** Lays {@code count} rows side by side: element k of row r comes to {@code to + 4 * (k * ROWS + r)}. */
    static void turn(long[] rows, int count, long depth, long to) {
        int r = 0;
        for (; r + 4 <= count; r += 4) {
            long r0 = rows[r];
            long r1 = rows[r + 1];
            long r2 = rows[r + 2];
            long r3 = rows[r + 3];
            long at = to + 4L * r;
            for (long k = 0; k < depth; k++) {
                Memory.putF32(at, Memory.getF32(r0 + 4 * k));
                Memory.putF32(at + 4, Memory.getF32(r1 + 4 * k));
                Memory.putF32(at + 8, Memory.getF32(r2 + 4 * k));
                Memory.putF32(at + 12, Memory.getF32(r3 + 4 * k));
                at += 4L * ROWS;
            }
        }
        for (; r < count; r++) {
            for (long k = 0; k < depth; k++) {
                Memory.putF32(to + 4 * (k * ROWS + r), Memory.getF32(rows[r] + 4 * k));
            }
        }
    }

    /**
     * Columns of a weight as floats, each adjacent along the reduction.
     *
     * @param ks elements from W[k] to W[k + 1]
     * @param cs elements from column to column
     * @param lead bytes from column to column of the copy
     */
    static void panel(long w, int type, long ks, long cs, int columns, long depth, long to, long lead) {
        int bytes = bytes(type);
        if (ks == 1 && type >= F32 && type <= BF16) {
            for (int j = 0; j < columns; j++) {
                widen(w + j * cs * bytes, type, depth, to + j * lead);
            }
            return;
        }
        for (long k = 0; k < depth; k++) {
            long from = w + k * ks * bytes;
            for (int j = 0; j < columns; j++) {
                Memory.putF32(to + j * lead + 4 * k, Memory.get(type, from + j * cs * bytes));
            }
        }
    }

    /**
     * Pieces of a weight's rows as floats.
     *
     * @param columns elements of a piece
     * @param lead bytes from piece to piece of the copy
     */
    static void piece(long w, int type, long ldw, int columns, long rows, long to, long lead) {
        for (long k = 0; k < rows; k++) {
            widen(w + k * ldw, type, columns, to + k * lead);
        }
    }

    private static void widen(long from, int type, long count, long to) {
        long i = 0;
        if (type == BF16) {
            for (; i + Lanes.LENGTH <= count; i += Lanes.LENGTH) {
                Memory.storeF32(to + i * 4, Memory.loadBF16(from + i * 2));
            }
        } else if (type == F16) {
            for (; i + Lanes.LENGTH <= count; i += Lanes.LENGTH) {
                Memory.storeF32(to + i * 4, Memory.loadF16(from + i * 2));
            }
        } else if (type == F32) {
            for (; i + Lanes.LENGTH <= count; i += Lanes.LENGTH) {
                Memory.storeF32(to + i * 4, Memory.loadF32(from + i * 4));
            }
        }
        int bytes = bytes(type);
        for (; i < count; i++) {
            Memory.putF32(to + i * 4, Memory.get(type, from + i * bytes));
        }
    }

    /**
     * A block of rows times some columns.
     *
     * @param w the columns as floats, adjacent along the reduction
     * @param turned the rows as {@link #turn} lays them
     * @param square room for {@code columns} times {@link #ROWS} floats
     * @param lead bytes from row to row of {@code sums}
     */
    static void block(long w, long ldw, int columns, long depth, long turned, long square, long sums, long lead) {
        OuterTiles.run(w, ldw, columns, depth, turned, 4L * ROWS, ROWS, square, 4L * ROWS, false);
        for (int r = 0; r < ROWS; r++) {
            for (int j = 0; j < columns; j++) {
                Memory.putF32(sums + r * lead + 4L * j, Memory.getF32(square + 4L * (j * ROWS + r)));
            }
        }
    }

    /** {@code c[r][j] += sum_k p[r][k] * v[k][j]}, where what a weight of 0 meets counts for nothing, even if it is not finite. */
    static void add(long p, long ldp, int rows, long depth, long v, long ldv, int columns, long c, long ldc) {
        long line = 4L * columns;
        long before = Scratch.panel(rows * line);
        for (int r = 0; r < rows; r++) {
            Memory.copy(c + r * ldc, before + r * line, line);
        }
        OuterTiles.run(p, ldp, rows, depth, v, ldv, columns, c, ldc, true);
        if (isFinite(c, ldc, rows, columns)) {
            return;
        }
        for (int r = 0; r < rows; r++) {
            Memory.copy(before + r * line, c + r * ldc, line);
            for (long k = 0; k < depth; k++) {
                if (Memory.getF32(p + r * ldp + 4 * k) != 0) {
                    OuterTiles.run(p + r * ldp + 4 * k, ldp, 1, 1, v + k * ldv, ldv, columns, c + r * ldc, ldc, true);
                }
            }
        }
    }

    private static boolean isFinite(long at, long lead, int rows, int columns) {
        FloatVector all = Lanes.splat(0);
        float rest = 0;
        for (int r = 0; r < rows; r++) {
            long row = at + r * lead;
            int j = 0;
            for (; j + Lanes.LENGTH <= columns; j += Lanes.LENGTH) {
                all = Memory.loadF32(row + 4L * j).fma(Lanes.splat(0), all);
            }
            for (; j < columns; j++) {
                rest += 0 * Memory.getF32(row + 4L * j);
            }
        }
        return sum(all) + rest == 0;
    }

    static void fill(long at, long count, float value) {
        long k = 0;
        for (; k + Lanes.LENGTH <= count; k += Lanes.LENGTH) {
            Memory.storeF32(at + 4 * k, Lanes.splat(value));
        }
        for (; k < count; k++) {
            Memory.putF32(at + 4 * k, value);
        }
    }

    static void scale(long at, long count, float factor) {
        long k = 0;
        for (; k + Lanes.LENGTH <= count; k += Lanes.LENGTH) {
            Memory.storeF32(at + 4 * k, Memory.loadF32(at + 4 * k).mul(factor));
        }
        for (; k < count; k++) {
            Memory.putF32(at + 4 * k, Memory.getF32(at + 4 * k) * factor);
        }
    }

    static float sum(FloatVector v) {
        return Lanes.sum(v);
    }
}
