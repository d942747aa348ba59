package tfx.backend.tornado;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * A fold over few rows, some of which read the same points: heads that share keys and values. A group takes those rows together,
 * so that it reads each point once. It takes points in rounds: the lanes of a warp share the terms of a point's dot products,
 * a warp computes the weights of one row, and the items stand for columns, several for each.
 *
 * @param index the output index over rows that read the same points; null where none do
 * @param rows how many neighbouring ones a group takes
 * @param items of a group
 * @param warp items that exchange numbers without barriers
 * @param lanes items that share the terms of a point
 */
record FoldRows(FoldTile tile, @Nullable Index index, int rows, int items, int warp, int lanes) {
    private static final int ITEMS = 256;
    /** Rows whose sums an item has in registers, at most. */
    private static final int MOST = 8;
    /** Items side by side read as much as memory gives at a time. */
    private static final int LANES = 8;
    /** Terms of a point that an item reads, at most. */
    private static final int TERMS = 16;
    /** Points of an item that are under way at a time. */
    static final int AHEAD = 2;

    /** The only fold of a kernel where it is such a one, on a device with warps; null for others. */
    static @Nullable FoldRows find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        return platform.warp() <= 1
                ? null
                : FoldTile.all(e, indices, body).stream()
                        .map(tile -> of(e, tile, platform))
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null);
    }

    private static @Nullable FoldRows of(Emitter e, FoldTile tile, Platform platform) {
        if (!tile.groups().stream().allMatch(index -> index.size().isConstant())) {
            return null;
        }
        int width = width(tile);
        int items = Math.max(Math.min(ITEMS, platform.items()), width);
        int lanes = Math.min(LANES, platform.warp());
        for (FoldTile.Dot dot : tile.dots()) {
            long depth = Product.count(dot.sum().indices());
            while (depth % lanes != 0) {
                lanes /= 2;
            }
            if (depth / lanes > TERMS) {
                return null;
            }
        }
        Index index = null;
        int rows = 1;
        for (Index group : tile.groups()) {
            int shared = shared(e, tile, group);
            int together = Math.min(shared, Math.min(MOST, items / platform.warp()));
            while (shared % together != 0) {
                together--;
            }
            if (together > rows) {
                index = group;
                rows = together;
            }
        }
        FoldRows found = new FoldRows(tile, index, rows, items, platform.warp(), lanes);
        return found.bytes() <= platform.localMemory() ? found : null;
    }

    /** How many neighbouring values of an index give the same points. */
    private static int shared(Emitter e, FoldTile tile, Index index) {
        if (e.analysis.mentions(tile.fold().domain(), index)) {
            return 1;
        }
        long common = Stream.concat(tile.dots().stream().map(FoldTile.Dot::right), tile.values().stream())
                .mapToLong(expr -> FragmentFactors.divisor(expr, index))
                .reduce(0, FragmentFactors::divisor);
        return Math.toIntExact(FragmentFactors.divisor(common, index.size().constant()));
    }

    private static int width(FoldTile tile) {
        int width = 1;
        while (width < tile.width()) {
            width *= 2;
        }
        return width;
    }

    /** Declares a work item's place in its group: among its warp, and the column and the part of it that it stands for. */
    void items(Emitter e) {
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int lane = local % " + warp + ";");
        e.scope.line("final int column = local % " + width() + ";");
        e.scope.line("final int part = local / " + width() + ";");
    }

    /** The columns, rounded up to a power of two. */
    int width() {
        return width(tile);
    }

    /** Items that stand for one column. */
    int parts() {
        return items / width();
    }

    /** Points of a round. */
    int points() {
        return items / lanes * AHEAD;
    }

    long depth(int dot) {
        return Product.count(tile.dots().get(dot).sum().indices());
    }

    /** Bytes of the arrays of a group. */
    private long bytes() {
        long floats = (long) columns().size() * rows * items;
        for (int d = 0; d < tile.dots().size(); d++) {
            floats += rows * (depth(d) + points());
        }
        return 4
                * (floats
                        + rows
                                * ((long) tile.weights().size() * points()
                                        + tile.sums().size()));
    }

    /** The accumulators that the columns have in common. */
    List<Integer> scalars() {
        return accumulators(false);
    }

    /** Those of which each column has its own. */
    List<Integer> columns() {
        return accumulators(true);
    }

    private List<Integer> accumulators(boolean column) {
        return Stream.iterate(0, k -> k + 1)
                .limit(tile.sums().size())
                .filter(k -> column == (!tile.maximum(k) && tile.sums().get(k).value() >= 0))
                .toList();
    }

    /** Numbers that a stretch of a row hands on: scalars, whether there was a point, and columns. */
    int numbers() {
        return scalars().size() + 1 + columns().size() * width();
    }

    /** Declares an array of the group with so many numbers for each of its rows. */
    void array(Emitter e, String name, long each) {
        e.scope.line("final float[] " + name + " = context.allocateFloatLocalArray(" + rows * each + ");");
    }

    /** From here on the group's row of a number is meant. */
    void row(Emitter e, String number) {
        if (index != null) {
            e.names.put(index, e.scalars.variable("int", "first + " + number));
        }
    }

    /** From here on the group's first row is meant: of what is the same for all. */
    void first(Emitter e) {
        if (index != null) {
            e.names.put(index, "first");
        }
    }

    /** A point of the round by its number there; the last one where there is none so far. */
    String point(Emitter e, String number) {
        String point = e.scalars.variable("int", "round + " + number);
        return e.scalars.variable("int", "(" + point + " < high ? " + point + " : high - 1)");
    }
}
