package tfx.backend.tornado;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How the warps of a group divide the tiles of a fold whose products are computed with fragments: each has 16 rows, and of all
 * columns and of each tile's points an equal part.
 *
 * @param down warps that have different rows
 * @param across warps that share rows
 * @param points of a tile
 */
record FragmentShape(FoldTile tile, int down, int across, int points) {
    /** Work items of a warp. */
    static final int WARP = 32;
    /** Rows of a product, and its depth. */
    static final int SIDE = 16;
    /** Columns of a product. */
    static final int COLUMNS = 8;
    /** Ints of a fragment of rows, in pairs of terms; the second of a work item's rows lies half of them behind the first. */
    static final int LEFT_INTS = SIDE * SIDE / 2;
    /** Ints of a fragment of columns, in pairs of columns. */
    static final int RIGHT_INTS = SIDE * COLUMNS / 2;
    /** Work items that hold the elements of one row. */
    static final int LANES = 4;

    /**
     * Warps down, warps across, points; the first with room is taken. Two groups of four warps, which wait for one another less,
     * were a little faster than one of eight.
     */
    private static final List<int[]> CHOICES = List.of(
            new int[] {4, 1, 64},
            new int[] {4, 2, 64},
            new int[] {4, 2, 32},
            new int[] {2, 4, 64},
            new int[] {2, 4, 32},
            new int[] {2, 1, 32},
            new int[] {1, 2, 32},
            new int[] {1, 1, 16});

    /** Numbers that a work item can hold in registers beside what it computes with. */
    private static final int REGISTERS = 136;

    /** The first shape that a device has room for; null where there is none. */
    static @Nullable FragmentShape of(FoldTile tile, Platform.Fragments room) {
        if (!tile.groups().stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        return CHOICES.stream()
                .map(choice -> new FragmentShape(tile, choice[0], choice[1], choice[2]))
                .filter(shape -> shape.warps() <= room.warps()
                        && shape.memory() <= room.memory()
                        && shape.registers() <= REGISTERS)
                .findFirst()
                .orElse(null);
    }

    int warps() {
        return down * across;
    }

    int items() {
        return warps() * WARP;
    }

    int rows() {
        return down * SIDE;
    }

    /** Products that the depth of dot product {@code n} takes. */
    int steps(int n) {
        return Math.toIntExact((Product.count(tile.dots().get(n).sum().indices()) + SIDE - 1) / SIDE);
    }

    int longest() {
        return IntStream.range(0, tile.dots().size()).map(this::steps).max().orElseThrow();
    }

    /** Ints that the factors of the rows of dot products before {@code n} take. */
    int before(int n) {
        return IntStream.range(0, n).map(k -> rows() * steps(k) * SIDE / 2).sum();
    }

    int width() {
        return Math.toIntExact(tile.column().size().constant());
    }

    /** The columns, rounded up to whole products of every warp. */
    int wide() {
        int least = COLUMNS * across;
        return (width() + least - 1) / least * least;
    }

    /** Products across a warp's points. */
    int pointFragments() {
        return points / across / COLUMNS;
    }

    /** Products across a warp's columns. */
    int columnFragments() {
        return wide() / across / COLUMNS;
    }

    /** Work items that share a row. */
    int lanes() {
        return LANES * across;
    }

    int[] maxima() {
        return IntStream.range(0, tile.sums().size()).filter(tile::maximum).toArray();
    }

    /** Sums that do not count columns: one number for a row. */
    int[] totals() {
        return IntStream.range(0, tile.sums().size())
                .filter(k -> !tile.maximum(k) && tile.sums().get(k).value() < 0)
                .toArray();
    }

    /** Sums with a number for each column. */
    int[] columns() {
        return IntStream.range(0, tile.sums().size())
                .filter(k -> !tile.maximum(k) && tile.sums().get(k).value() >= 0)
                .toArray();
    }

    /** Ints of the rows' factors, and later of their weights, which lie in the same place. */
    int leftInts() {
        return Math.max(before(tile.dots().size()), tile.weights().size() * weightInts());
    }

    int weightInts() {
        return rows() * points / 2;
    }

    int rightInts() {
        return points * longest() * SIDE / 2;
    }

    int valueInts() {
        return points * wide() / 2;
    }

    /** Numbers that the work items of each row exchange: of each maximum, or of each total and whether there was a point. */
    int exchanged() {
        return Math.max(maxima().length, totals().length + 1) * rows() * lanes();
    }

    /** Floats through which each warp takes the sums of a product out of their fragment. */
    int slots() {
        return warps() * SIDE * COLUMNS;
    }

    private long memory() {
        long values = (long) tile.values().size() * valueInts();
        return 4 * (leftInts() + rightInts() + values + exchanged() + slots() + 16);
    }

    private long registers() {
        int left = IntStream.range(0, tile.dots().size()).map(this::steps).sum() * 4;
        return left
                + 4L * columns().length * columnFragments()
                + 4L * tile.dots().size() * pointFragments();
    }
}
