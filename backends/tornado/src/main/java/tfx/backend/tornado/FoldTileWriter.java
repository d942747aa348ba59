package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A fold in tiles: a group takes a tile of rows, and points in tiles from the first to the last that any of its rows has. For
 * each tile of points it computes dot products in registers, from them maxima of each row, weights in its memory, and adds
 * weighted values to sums in registers. No score outlives its tile.
 */
final class FoldTileWriter {
    /**
     * How a group of {@code items} divides its tiles: items across points, and across columns.
     *
     * @param depth terms of a dot product that lie in the group's memory at a time where not all fit; each row has one place
     *     more, so that banks differ
     */
    private record Shape(int items, int rows, int points, int acrossPoints, int acrossColumns, int depth) {
        int downPairs() {
            return items / acrossPoints;
        }

        int downSums() {
            return items / acrossColumns;
        }

        int lanes() {
            return items / rows;
        }

        static Shape of(int available, long sums) {
            return available < 128
                    ? new Shape(8, 8, 4, 2, 2, 4)
                    : sums <= 64 ? new Shape(128, 64, 32, 8, 16, 16) : new Shape(256, 64, 32, 8, 16, 16);
        }
    }

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final FoldTile tile;
    private final Shape shape;
    private final int width;
    private final int wide;
    /** Whether whole factors of the dot products lie in the group's memory: those of the rows then stay there. */
    private final boolean whole;

    private FoldTileWriter(Emitter e, List<Index> indices, Expr body, FoldTile tile, Shape shape, int memory) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.tile = tile;
        this.shape = shape;
        this.width = Math.toIntExact(tile.column().size().constant());
        this.wide = (width + shape.acrossColumns - 1) / shape.acrossColumns * shape.acrossColumns;
        this.whole = memory(true) <= memory;
    }

    /** A writer for the kernel, or null where it is no such fold or its tiles are too large. */
    static @Nullable FoldTileWriter find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        int items = platform.items();
        FoldTile tile = FoldTile.find(e, indices, body);
        if (tile == null || items < 8) {
            return null;
        }
        long sums = tile.sums().stream()
                        .filter(sum -> sum != null && sum.value() >= 0)
                        .count()
                * tile.column().size().constant();
        FoldTileWriter writer =
                new FoldTileWriter(e, indices, body, tile, Shape.of(items, sums), platform.localMemory());
        return writer.memory(writer.whole) <= platform.localMemory() ? writer : null;
    }

    private int planes() {
        return Math.max((int) maxima().count(), tile.weights().size());
    }

    private IntStream maxima() {
        return IntStream.range(0, tile.sums().size()).filter(tile::maximum);
    }

    private int plane() {
        return shape.rows * (shape.points + 1);
    }

    /** Elements of one row's or point's factor in the group's memory. */
    private long pitch(int n) {
        return Product.count(tile.dots().get(n).sum().indices()) + 1;
    }

    private long longest() {
        return IntStream.range(0, tile.dots().size())
                .mapToLong(this::pitch)
                .max()
                .orElseThrow();
    }

    private long memory(boolean entire) {
        int states = 3 * tile.sums().size() + 1;
        long lefts =
                IntStream.range(0, tile.dots().size()).mapToLong(this::pitch).sum();
        long factors = entire
                ? shape.rows * lefts + shape.points * longest()
                : (long) (shape.rows + shape.points) * (shape.depth + 1);
        return 4
                * (factors
                        + planes() * plane()
                        + tile.values().size() * shape.points * wide
                        + states * shape.rows
                        + shape.items
                        + 1);
    }

    Written write() {
        List<Extent> extents = Extent.of(e, indices.subList(0, indices.size() - 1));
        CellWriter.countCells(e, extents);
        int sums = tile.sums().size();
        if (whole) {
            for (int n = 0; n < tile.dots().size(); n++) {
                local("left" + n, shape.rows * pitch(n));
            }
        } else {
            local("left", shape.rows * (shape.depth + 1));
        }
        local("right", shape.points * (whole ? longest() : shape.depth + 1));
        for (int p = 0; p < planes(); p++) {
            local("w" + p, plane());
        }
        for (int v = 0; v < tile.values().size(); v++) {
            local("value" + v, shape.points * wide);
        }
        // By accumulator and row: a maximum as it shifts, what it rescales by, and final values.
        local("shift", sums * shape.rows);
        local("factor", sums * shape.rows);
        local("last", sums * shape.rows);
        local("met", shape.rows);
        local("joined", shape.items);
        local("odd", 1);
        line("final int item = context.localIdx;");
        line("final int x = item % " + shape.acrossPoints + ";");
        line("final int y = item / " + shape.acrossPoints + ";");
        line("final int u = item % " + shape.acrossColumns + ";");
        line("final int w = item / " + shape.acrossColumns + ";");
        line("final int mine = item / " + shape.lanes() + ";");
        line("final int lane = item % " + shape.lanes() + ";");
        String end = e.operands.record.end();
        String start = e.operands.record.start();
        e.block("if (total > 0) {", "}", Set.of(), true, () -> {
            line("final int tall = (" + end + " - " + start + " + " + (shape.rows - 1) + ") / " + shape.rows + ";");
            line("final int tiles = total / (" + end + " - " + start + ") * tall;");
            String head = "for (int tile = context.groupIdx; tile < tiles; tile = tile + context.globalGroupSizeX / "
                    + shape.items + ") {";
            e.block(head, "}", tile.common(), false, () -> {
                // The last rows have the most points where a mask is causal: they come first.
                line("final int top = " + start + " + (tall - 1 - tile % tall) * " + shape.rows + ";");
                line("int rest = tile / tall;");
                for (int d = indices.size() - 1; d >= 0; d--) {
                    if (tile.groups().contains(indices.get(d))) {
                        String name = e.fresh("i");
                        String size = e.operands.size(indices.get(d).size());
                        e.names.put(indices.get(d), name);
                        line("final int " + name + " = rest % " + size + ";");
                        line("rest = rest / " + size + ";");
                    }
                }
                line("final int batch = rest;");
                tile(end);
            });
        });
        return new Written(e, shape.items, true, Written.cells(shape.items));
    }

    private void local(String name, long size) {
        line("final float[] " + name + " = context.allocateFloatLocalArray(" + size + ");");
    }

    private void line(String text) {
        e.scope.line(text);
    }

    private void tile(String end) {
        List<Expr> conditions = e.analysis.conjuncts(tile.fold().domain());
        line("int lowest = " + Integer.MAX_VALUE + ";");
        line("int highest = 0;");
        e.block("for (int r = 0; r < " + shape.rows + "; r++) {", "}", Set.of(tile.row()), false, () -> {
            line("final int one = top + r;");
            e.names.put(tile.row(), "one");
            e.block("if (one < " + end + ") {", "}", Set.of(), true, () -> {
                Loops.Range range = e.loops.range(tile.fold().index(), conditions);
                line("final int low = " + range.low() + ";");
                line("final int high = " + range.high() + ";");
                line("lowest = (low < lowest ? low : lowest);");
                line("highest = (high > highest ? high : highest);");
            });
        });
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum == null) {
                line("float m" + k + " = " + Loops.identity(Monoid.MAX) + ";");
            } else if (sum.value() < 0) {
                line("float t" + k + " = 0f;");
            } else {
                int accumulator = k;
                sums((r, c) -> line("float " + sum(accumulator, r, c) + " = 0f;"));
            }
        }
        line("if (lane == 0) {\nmet[mine] = 0f;\n}");
        line("if (item == 0) {\nodd[0] = 0f;\n}");
        for (int n = 0; whole && n < tile.dots().size(); n++) {
            FoldTile.Dot dot = tile.dots().get(n);
            load("left" + n, shape.rows, dot, "0", pitch(n) - 1, dot.left(), tile.row(), "top", end);
        }
        line("context.localBarrier();");
        e.block(
                "for (int first = lowest; first < highest; first = first + " + shape.points + ") {",
                "}",
                Set.of(Analysis.FOLD),
                false,
                () -> points(end, conditions));
        finish(end);
    }

    private static String sum(int k, int r, int c) {
        return "a" + k + "_" + r + "_" + c;
    }

    private void sums(BiConsumer<Integer, Integer> each) {
        for (int r = 0; r < shape.rows / shape.downSums(); r++) {
            for (int c = 0; c < wide / shape.acrossColumns; c++) {
                each.accept(r, c);
            }
        }
    }

    /** Every pair of a row and a point that this item has, in a scope of its own with both bound. */
    private void pairs(String end, BiConsumer<Integer, Integer> each) {
        for (int r = 0; r < shape.rows / shape.downPairs(); r++) {
            for (int p = 0; p < shape.points / shape.acrossPoints; p++) {
                int i = r;
                int j = p;
                e.block("{", "}", Set.of(tile.row(), tile.fold().index(), Analysis.FOLD), false, () -> {
                    String row = e.fresh("i");
                    String point = e.fresh("i");
                    line("final int " + row + " = top + y + " + i * shape.downPairs() + ";");
                    line("final int " + point + " = first + x + " + j * shape.acrossPoints + ";");
                    e.names.put(tile.row(), row);
                    e.names.put(tile.fold().index(), point);
                    for (int n = 0; n < tile.dots().size(); n++) {
                        e.scope.known.put(tile.dots().get(n).sum(), new Code(Kind.FLOAT, false, dot(n, i, j)));
                    }
                    each.accept(i, j);
                });
            }
        }
    }

    private static String dot(int n, int r, int p) {
        return "d" + n + "_" + r + "_" + p;
    }

    /** The place of an item's pair in a plane. */
    private String place(int r, int p) {
        return "(y + " + r * shape.downPairs() + ") * " + (shape.points + 1) + " + x + " + p * shape.acrossPoints;
    }

    private void points(String end, List<Expr> conditions) {
        for (int v = 0; v < tile.values().size(); v++) {
            value(v);
        }
        for (int n = 0; n < tile.dots().size(); n++) {
            dot(n, end);
        }
        int[] maxima = maxima().toArray();
        pairs(end, (r, p) -> {
            line("ok_" + r + "_" + p + " = false;");
            String inside = e.names.get(tile.row()) + " < " + end + " && "
                    + e.names.get(tile.fold().index()) + " < highest";
            e.block("if (" + inside + ") {", "}", Set.of(), true, () -> {
                String valid = conditions.isEmpty() ? "true" : e.truth(conditions);
                line("ok_" + r + "_" + p + " = " + valid + ";");
            });
            for (int m = 0; m < maxima.length; m++) {
                line("w" + m + "[" + place(r, p) + "] = " + Loops.identity(Monoid.MAX) + ";");
            }
            e.block("if (ok_" + r + "_" + p + ") {", "}", Set.of(), true, () -> {
                line("met[y + " + r * shape.downPairs() + "] = 1f;");
                for (int m = 0; m < maxima.length; m++) {
                    String score =
                            e.real(tile.fold().accumulators().get(maxima[m]).body());
                    line("w" + m + "[" + place(r, p) + "] = " + score + ";");
                }
            });
        });
        line("context.localBarrier();");
        for (int m = 0; m < maxima.length; m++) {
            maximum(maxima[m], m);
        }
        pairs(end, (r, p) -> {
            for (int w = 0; w < tile.weights().size(); w++) {
                line("w" + w + "[" + place(r, p) + "] = 0f;");
            }
            e.block("if (ok_" + r + "_" + p + ") {", "}", Set.of(), true, () -> {
                for (int k : maxima) {
                    String shift = e.fresh("v");
                    line("final float " + shift + " = shift[" + k * shape.rows + " + y + " + r * shape.downPairs()
                            + "];");
                    new Folds(e).publish(k, shift);
                }
                for (int w = 0; w < tile.weights().size(); w++) {
                    line("w" + w + "[" + place(r, p) + "] = "
                            + e.real(tile.weights().get(w)) + ";");
                }
            });
        });
        line("context.localBarrier();");
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum != null && sum.value() < 0) {
                line("for (int c = lane; c < " + shape.points + "; c = c + " + shape.lanes() + ") {\nt" + k + " = t" + k
                        + " + w" + sum.weight() + "[mine * " + (shape.points + 1) + " + c];\n}");
            } else if (sum != null) {
                add(k, sum);
            }
        }
        line("context.localBarrier();");
    }

    /** Dot product {@code n} of all pairs of this tile. */
    private void dot(int n, String end) {
        FoldTile.Dot dot = tile.dots().get(n);
        int rows = shape.rows / shape.downPairs();
        int points = shape.points / shape.acrossPoints;
        for (int r = 0; r < rows; r++) {
            for (int p = 0; p < points; p++) {
                line("float " + dot(n, r, p) + " = 0f;");
                if (n == 0) {
                    line("boolean ok_" + r + "_" + p + " = false;");
                }
            }
        }
        long depth = Product.count(dot.sum().indices());
        if (whole) {
            if (n > 0) {
                line("context.localBarrier();");
            }
            load(
                    "right",
                    shape.points,
                    dot,
                    "0",
                    depth,
                    dot.right(),
                    tile.fold().index(),
                    "first",
                    "highest");
            line("context.localBarrier();");
            products(n, "left" + n, depth);
            return;
        }
        e.block("for (int q = 0; q < " + depth + "; q = q + " + shape.depth + ") {", "}", Set.of(), false, () -> {
            load("left", shape.rows, dot, "q", shape.depth, dot.left(), tile.row(), "top", end);
            load(
                    "right",
                    shape.points,
                    dot,
                    "q",
                    shape.depth,
                    dot.right(),
                    tile.fold().index(),
                    "first",
                    "highest");
            line("context.localBarrier();");
            products(n, "left", shape.depth);
            line("context.localBarrier();");
        });
    }

    /** Adds so many terms of the dot products of this item's pairs. */
    private void products(int n, String left, long depth) {
        int rows = shape.rows / shape.downPairs();
        int points = shape.points / shape.acrossPoints;
        long pitch = depth + 1;
        StringBuilder inner = new StringBuilder("for (int d = 0; d < " + depth + "; d++) {\n");
        for (int r = 0; r < rows; r++) {
            inner.append("final float l" + r + " = " + left + "[(y + " + r * shape.downPairs() + ") * " + pitch
                    + " + d];\n");
        }
        for (int p = 0; p < points; p++) {
            inner.append("final float g" + p + " = right[(x + " + p * shape.acrossPoints + ") * " + pitch + " + d];\n");
        }
        for (int r = 0; r < rows; r++) {
            for (int p = 0; p < points; p++) {
                inner.append(dot(n, r, p) + " = " + dot(n, r, p) + " + l" + r + " * g" + p + ";\n");
            }
        }
        line(inner.append("}").toString());
    }

    /** Fills a stretch of one side's factors, so many terms from {@code term} on of rows or points from {@code first}; 0 outside. */
    private void load(
            String into,
            int count,
            FoldTile.Dot dot,
            String term,
            long terms,
            Expr factor,
            Index bound,
            String first,
            String limit) {
        Set<Index> own = new LinkedHashSet<>(dot.sum().indices());
        own.add(bound);
        long depth = Product.count(dot.sum().indices());
        String head = "for (int z = item; z < " + count * terms + "; z = z + " + shape.items + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            line("final int which = " + first + " + z / " + terms + ";");
            line("final int term = " + term + " + z % " + terms + ";");
            line("float number = 0f;");
            e.block("if (which < " + limit + " && term < " + depth + ") {", "}", own, true, () -> {
                e.names.put(bound, "which");
                Product.unflatten(e, dot.sum().indices(), "term");
                line("number = " + e.real(factor) + ";");
            });
            line(into + "[z / " + terms + " * " + (terms + 1) + " + z % " + terms + "] = number;");
        });
    }

    /** The maximum of each row with this tile's points; what was shifted by the one before is rescaled. */
    private void maximum(int k, int plane) {
        String best = e.fresh("s");
        line("float " + best + " = " + Loops.identity(Monoid.MAX) + ";");
        e.block(
                "for (int c = lane; c < " + shape.points + "; c = c + " + shape.lanes() + ") {",
                "}",
                Set.of(),
                false,
                () -> e.loops.combine(Monoid.MAX, best, "w" + plane + "[mine * " + (shape.points + 1) + " + c]"));
        line("joined[item] = " + best + ";");
        line("context.localBarrier();");
        String old = e.fresh("v");
        line("final float " + old + " = m" + k + ";");
        for (int l = 0; l < shape.lanes(); l++) {
            e.loops.combine(Monoid.MAX, "m" + k, "joined[mine * " + shape.lanes() + " + " + l + "]");
        }
        String safe = new Folds(e).finite("m" + k);
        String factor = e.fresh("v");
        line("final float " + factor + " = TornadoMath.exp(" + old + " - " + safe + ");");
        line("if (lane == 0) {\nshift[" + k * shape.rows + " + mine] = " + safe + ";\nfactor[" + k * shape.rows
                + " + mine] = " + factor + ";\n}");
        for (int j = 0; j < tile.sums().size(); j++) {
            FoldTile.Sum sum = tile.sums().get(j);
            if (sum != null
                    && sum.value() < 0
                    && tile.fold().accumulators().get(j).shift() == k) {
                line("t" + j + " = t" + j + " * " + factor + ";");
            }
        }
        line("context.localBarrier();");
    }

    private void value(int v) {
        Set<Index> own = Set.of(tile.fold().index(), tile.column());
        String head = "for (int z = item; z < " + shape.points * wide + "; z = z + " + shape.items + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            line("final int which = first + z / " + wide + ";");
            line("final int across = z % " + wide + ";");
            line("float number = 0f;");
            e.block("if (which < highest && across < " + width + ") {", "}", own, true, () -> {
                e.names.put(tile.fold().index(), "which");
                e.names.put(tile.column(), "across");
                line("number = " + e.real(tile.values().get(v)) + ";");
            });
            line("value" + v + "[z] = number;");
            line("if (number - number != 0f) {\nodd[0] = 1f;\n}");
        });
    }

    /** Adds this tile's weighted values to the sums of an accumulator. */
    private void add(int k, FoldTile.Sum sum) {
        int shift = tile.fold().accumulators().get(k).shift();
        if (shift >= 0) {
            for (int r = 0; r < shape.rows / shape.downSums(); r++) {
                String factor = e.fresh("v");
                line("final float " + factor + " = factor[" + shift * shape.rows + " + w + " + r * shape.downSums()
                        + "];");
                for (int c = 0; c < wide / shape.acrossColumns; c++) {
                    line(sum(k, r, c) + " = " + sum(k, r, c) + " * " + factor + ";");
                }
            }
        }
        // A point that a row does not have must not count even where its value is no number: the rare tile with one
        // asks. Not an else: TornadoVM gives what two loops that end both branches leave the values of one of them.
        line("final boolean plain_" + k + " = odd[0] == 0f;");
        line("if (plain_" + k + ") {\n" + terms(k, sum, false) + "}");
        line("if (!plain_" + k + ") {\n" + terms(k, sum, true) + "}");
    }

    private String terms(int k, FoldTile.Sum sum, boolean guarded) {
        int rows = shape.rows / shape.downSums();
        int columns = wide / shape.acrossColumns;
        StringBuilder text = new StringBuilder("for (int c = 0; c < " + shape.points + "; c++) {\n");
        for (int r = 0; r < rows; r++) {
            text.append("final float l" + r + " = w" + sum.weight() + "[(w + " + r * shape.downSums() + ") * "
                    + (shape.points + 1) + " + c];\n");
        }
        for (int c = 0; c < columns; c++) {
            text.append("final float g" + c + " = value" + sum.value() + "[c * " + wide + " + u + "
                    + c * shape.acrossColumns + "];\n");
        }
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                String a = sum(k, r, c);
                String more = a + " = " + a + " + l" + r + " * g" + c + ";\n";
                text.append(guarded ? "if (l" + r + " != 0f) {\n" + more + "}\n" : more);
            }
        }
        return text.append("}\n").toString();
    }

    private void finish(String end) {
        for (int k = 0; k < tile.sums().size(); k++) {
            FoldTile.Sum sum = tile.sums().get(k);
            if (sum == null) {
                line("if (lane == 0) {\nlast[" + k * shape.rows + " + mine] = m" + k + ";\n}");
            } else if (sum.value() < 0) {
                line("joined[item] = t" + k + ";");
                line("context.localBarrier();");
                StringBuilder all = new StringBuilder("joined[item]");
                for (int l = 1; l < shape.lanes(); l++) {
                    all.append(" + joined[item + " + l + "]");
                }
                line("if (lane == 0) {\nlast[" + k * shape.rows + " + mine] = " + all + ";\n}");
                line("context.localBarrier();");
            }
        }
        line("context.localBarrier();");
        Set<Index> own = Set.of(tile.row(), tile.column(), Analysis.FOLD);
        sums((r, c) -> {
            String row = e.fresh("i");
            String column = e.fresh("i");
            String at = "w + " + r * shape.downSums();
            line("final int " + row + " = top + " + at + ";");
            line("final int " + column + " = u + " + c * shape.acrossColumns + ";");
            e.block("if (" + row + " < " + end + " && " + column + " < " + width + ") {", "}", own, true, () -> {
                e.names.put(tile.row(), row);
                e.names.put(tile.column(), column);
                String[] names = new String[tile.sums().size()];
                for (int k = 0; k < names.length; k++) {
                    FoldTile.Sum sum = tile.sums().get(k);
                    names[k] = sum != null && sum.value() >= 0
                            ? sum(k, r, c)
                            : "last[" + k * shape.rows + " + " + at + "]";
                }
                e.scope.known.put(tile.fold(), new Folds(e).result(tile.fold(), names, "met[" + at + "] != 0f"));
                String value = e.real(body);
                line(e.operands.store(CellWriter.place(e, indices), value));
            });
        });
        line("context.localBarrier();");
    }
}
