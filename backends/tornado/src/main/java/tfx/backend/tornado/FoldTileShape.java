package tfx.backend.tornado;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How a group of {@code items} divides the tiles of a fold: items across points, and across columns.
 *
 * @param depth terms of a dot product that lie in the group's memory at a time where not all fit; each row has one place more,
 *     so that banks differ
 * @param whole whether all terms lie in the group's memory: those of the rows then stay there
 */
record FoldTileShape(
        FoldTile tile, int items, int rows, int points, int acrossPoints, int acrossColumns, int depth, boolean whole) {

    /** A shape for a device whose groups have so many items and bytes; null where not even a part of the factors fits. */
    static @Nullable FoldTileShape of(FoldTile tile, int available, int memory) {
        long sums = tile.sums().stream()
                        .filter(sum -> sum != null && sum.value() >= 0)
                        .count()
                * tile.width();
        FoldTileShape shape = available < 128
                ? new FoldTileShape(tile, 8, 8, 4, 2, 2, 4, true)
                : new FoldTileShape(tile, sums <= 64 ? 128 : 256, 64, 32, 8, 16, 16, true);
        if (available < shape.items) {
            return null;
        }
        if (shape.memory(true) <= memory) {
            return shape;
        }
        return shape.memory(false) <= memory
                ? new FoldTileShape(
                        tile,
                        shape.items,
                        shape.rows,
                        shape.points,
                        shape.acrossPoints,
                        shape.acrossColumns,
                        shape.depth,
                        false)
                : null;
    }

    int downPairs() {
        return items / acrossPoints;
    }

    int downSums() {
        return items / acrossColumns;
    }

    /** Items that share a row's maxima and sums. */
    int lanes() {
        return items / rows;
    }

    int width() {
        return tile.width();
    }

    /** The columns, rounded up to what the items hold. */
    int wide() {
        return (width() + acrossColumns - 1) / acrossColumns * acrossColumns;
    }

    int planes() {
        return Math.max((int) maxima().count(), tile.weights().size());
    }

    IntStream maxima() {
        return IntStream.range(0, tile.sums().size()).filter(tile::maximum);
    }

    int plane() {
        return rows * (points + 1);
    }

    /** Elements of one row's or point's factor in the group's memory. */
    long pitch(int n) {
        return Product.count(tile.dots().get(n).sum().indices()) + 1;
    }

    long longest() {
        return IntStream.range(0, tile.dots().size())
                .mapToLong(this::pitch)
                .max()
                .orElseThrow();
    }

    private long memory(boolean entire) {
        int states = 3 * tile.sums().size() + 1;
        long lefts =
                IntStream.range(0, tile.dots().size()).mapToLong(this::pitch).sum();
        long factors = entire ? rows * lefts + points * longest() : (long) (rows + points) * (depth + 1);
        return 4 * (factors + planes() * plane() + tile.values().size() * points * wide() + states * rows + items + 1);
    }
}
