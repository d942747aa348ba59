package tfx.backend.tornado;

import java.util.Collection;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How the warps of a group divide the tiles of a fold whose products are computed with fragments: each has 16 rows of one of the
 * fold's parts, with all columns and all of a tile's points.
 *
 * @param down warps of a part, which have different rows
 * @param points of a tile
 */
record FragmentShape(FoldTile tile, List<FragmentPart> parts, int down, int points) {
    /** Work items of a warp. */
    static final int WARP = 32;
    /** Rows of a product, and its depth. */
    static final int SIDE = 16;
    /** Columns of a product. */
    static final int COLUMNS = 8;
    /** Ints of a fragment of rows, in pairs of terms: four of each work item. */
    static final int LEFT_INTS = SIDE * SIDE / 2;
    /** Ints of two fragments of columns side by side: four of each work item. */
    static final int RIGHT_INTS = SIDE * COLUMNS;
    /** Tiles of points in a group's memory: one is computed with while the next comes. */
    static final int STAGES = 2;
    /** Columns of sums between those of one row and of the next where they are exchanged, beyond those of the row. */
    private static final int APART = 8;

    /** Warps down and points; the first with room is taken. */
    private static final List<int[]> CHOICES = List.of(
            new int[] {4, 64},
            new int[] {4, 32},
            new int[] {2, 64},
            new int[] {2, 32},
            new int[] {1, 32},
            new int[] {4, 16},
            new int[] {1, 16});

    /** Numbers that a work item can hold in registers beside what it computes with. */
    private static final int REGISTERS = 144;

    /** The first shape that a device has room for; null where there is none. */
    static @Nullable FragmentShape of(FoldTile tile, Platform.Fragments room) {
        if (!tile.groups().stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        List<FragmentPart> parts = FragmentPart.of(tile);
        return CHOICES.stream()
                .map(choice -> new FragmentShape(tile, parts, choice[0], choice[1]))
                .filter(shape -> shape.warps() <= room.warps()
                        && shape.memory() <= room.memory()
                        && parts.stream().allMatch(part -> shape.registers(part) <= REGISTERS))
                .findFirst()
                .orElse(null);
    }

    int warps() {
        return down * parts.size();
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

    int width() {
        return tile.width();
    }

    /** The columns, rounded up to whole pairs of fragments. */
    int wide() {
        int pair = 2 * COLUMNS;
        return (width() + pair - 1) / pair * pair;
    }

    /** Products across a tile's points. */
    int pointFragments() {
        return points / COLUMNS;
    }

    /** Products across the columns. */
    int columnFragments() {
        return wide() / COLUMNS;
    }

    /** The most that any part has of something. */
    int most(ToIntFunction<FragmentPart> count) {
        return parts.stream().mapToInt(count).max().orElseThrow();
    }

    /** The longest depth, in products, of the {@code i}-th dot product of any part. */
    int longest(int i) {
        return most(part -> i < part.dots().size() ? steps(part.dots().get(i)) : 0);
    }

    /** Ints of the rows' factors of a dot product. */
    int rowInts(int n) {
        return down * steps(n) * LEFT_INTS;
    }

    /** Ints of the points' factors of a dot product. */
    int pointInts(int n) {
        return points / (2 * COLUMNS) * steps(n) * RIGHT_INTS;
    }

    int valueInts() {
        return points / SIDE * wide() / (2 * COLUMNS) * RIGHT_INTS;
    }

    /** Ints of a tile of points: the factors of its dot products, and the values with what is said of them. */
    int stage() {
        int dots = IntStream.range(0, tile.dots().size()).map(this::pointInts).sum();
        return dots + tile.values().size() * FragmentFactors.block(valueInts());
    }

    /** Maxima, totals and whether there was a point: what is exchanged of each row. */
    int rowNumbers() {
        return 1
                + sum(parts.stream().map(FragmentPart::maxima).toList())
                + sum(parts.stream().map(FragmentPart::totals).toList());
    }

    /** Sums of columns: planes of what is exchanged. */
    int planes() {
        return sum(parts.stream().map(FragmentPart::columns).toList());
    }

    private static int sum(List<List<Integer>> all) {
        return all.stream().mapToInt(Collection::size).sum();
    }

    /** Columns that are exchanged at a time, whole pairs of fragments. */
    int exchanged() {
        int room = (STAGES * stage() / rows() - rowNumbers()) / planes() - APART;
        int pair = 2 * COLUMNS;
        return Math.max(pair, Math.min(wide(), room / pair * pair));
    }

    /** From one row's sums to the next: rows of a fragment lie in different banks. */
    int pitch() {
        return exchanged() + APART;
    }

    /** Ints of the memory that tiles of points, and later a tile's results, lie in. */
    int ints() {
        return Math.max(STAGES * stage(), rows() * (rowNumbers() + planes() * pitch()));
    }

    private long memory() {
        return (long) Integer.BYTES * ints();
    }

    private long registers(FragmentPart part) {
        int left = part.dots().stream().mapToInt(this::steps).sum() * 4;
        return left
                + 4L * part.columns().size() * columnFragments()
                + 4L * part.dots().size() * pointFragments();
    }
}
