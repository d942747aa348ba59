package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * The pairs of rows and points of a fold's tile: each item has some, with their dot products in registers, and writes their
 * scores and then their weights into the group's memory.
 */
final class FoldTilePairs {
    private final Emitter e;
    private final FoldTile tile;
    private final FoldTileShape shape;

    FoldTilePairs(Emitter e, FoldTileShape shape) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** The factors of the rows, where they stay for the whole tile of rows. */
    void rows(String end) {
        for (int n = 0; shape.whole() && n < tile.dots().size(); n++) {
            FoldTile.Dot dot = tile.dots().get(n);
            load("left" + n, shape.rows(), dot, "0", shape.pitch(n) - 1, dot.left(), tile.row(), "top", end);
        }
    }

    /** The dot products of all pairs, in registers. */
    void dots(String end) {
        for (int n = 0; n < tile.dots().size(); n++) {
            dot(n, end);
        }
    }

    /** What maxima are taken of, a plane each; of a pair that is none the least. */
    void scores(String end, List<Expr> conditions) {
        int[] maxima = shape.maxima().toArray();
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
    }

    /** The weights, a plane each; of a pair that is none 0. */
    void weights(String end) {
        int[] maxima = shape.maxima().toArray();
        pairs(end, (r, p) -> {
            for (int w = 0; w < tile.weights().size(); w++) {
                line("w" + w + "[" + place(r, p) + "] = 0f;");
            }
            e.block("if (ok_" + r + "_" + p + ") {", "}", Set.of(), true, () -> {
                for (int k : maxima) {
                    String shift = e.fresh("v");
                    line("final float " + shift + " = shift[" + k * shape.rows() + " + y + " + r * shape.downPairs()
                            + "];");
                    new Folds(e).publish(k, shift);
                }
                for (int w = 0; w < tile.weights().size(); w++) {
                    line("w" + w + "[" + place(r, p) + "] = "
                            + e.real(tile.weights().get(w)) + ";");
                }
            });
        });
    }

    /** Every pair of a row and a point that this item has, in a scope of its own with both bound. */
    private void pairs(String end, BiConsumer<Integer, Integer> each) {
        for (int r = 0; r < shape.rows() / shape.downPairs(); r++) {
            for (int p = 0; p < shape.points() / shape.acrossPoints(); p++) {
                int i = r;
                int j = p;
                e.block("{", "}", Set.of(tile.row(), tile.fold().index(), Analysis.FOLD), false, () -> {
                    String row = e.fresh("i");
                    String point = e.fresh("i");
                    line("final int " + row + " = top + y + " + i * shape.downPairs() + ";");
                    line("final int " + point + " = first + x + " + j * shape.acrossPoints() + ";");
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
        return "(y + " + r * shape.downPairs() + ") * " + (shape.points() + 1) + " + x + " + p * shape.acrossPoints();
    }

    /** Dot product {@code n} of all pairs of this tile. */
    private void dot(int n, String end) {
        FoldTile.Dot dot = tile.dots().get(n);
        int rows = shape.rows() / shape.downPairs();
        int points = shape.points() / shape.acrossPoints();
        for (int r = 0; r < rows; r++) {
            for (int p = 0; p < points; p++) {
                line("float " + dot(n, r, p) + " = 0f;");
                if (n == 0) {
                    line("boolean ok_" + r + "_" + p + " = false;");
                }
            }
        }
        long depth = Product.count(dot.sum().indices());
        if (shape.whole()) {
            if (n > 0) {
                line("context.localBarrier();");
            }
            load(
                    "right",
                    shape.points(),
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
        e.block("for (int q = 0; q < " + depth + "; q = q + " + shape.depth() + ") {", "}", Set.of(), false, () -> {
            load("left", shape.rows(), dot, "q", shape.depth(), dot.left(), tile.row(), "top", end);
            load(
                    "right",
                    shape.points(),
                    dot,
                    "q",
                    shape.depth(),
                    dot.right(),
                    tile.fold().index(),
                    "first",
                    "highest");
            line("context.localBarrier();");
            products(n, "left", shape.depth());
            line("context.localBarrier();");
        });
    }

    /** Adds so many terms of the dot products of this item's pairs. */
    private void products(int n, String left, long depth) {
        int rows = shape.rows() / shape.downPairs();
        int points = shape.points() / shape.acrossPoints();
        long pitch = depth + 1;
        StringBuilder inner = new StringBuilder("for (int d = 0; d < " + depth + "; d++) {\n");
        for (int r = 0; r < rows; r++) {
            inner.append("final float l" + r + " = " + left + "[(y + " + r * shape.downPairs() + ") * " + pitch
                    + " + d];\n");
        }
        for (int p = 0; p < points; p++) {
            inner.append(
                    "final float g" + p + " = right[(x + " + p * shape.acrossPoints() + ") * " + pitch + " + d];\n");
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
        String head = "for (int z = item; z < " + count * terms + "; z = z + " + shape.items() + ") {";
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
}
