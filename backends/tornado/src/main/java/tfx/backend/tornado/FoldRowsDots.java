package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.ir.Index;

/**
 * The dot products of a round's points with the rows of a {@link FoldRows}. Lanes side by side share the terms of a point, so that a
 * warp reads whole sectors; the rows' factors lie in the group's memory.
 */
final class FoldRowsDots {
    /** Numbers of the rows' factors that an item reads before it stores the first, at most. */
    private static final int LEFTS = 8;

    private final Emitter e;
    private final FoldRows rows;
    private final FoldTile tile;
    private final Index point;
    private final List<String[][]> rights = new ArrayList<>();

    FoldRowsDots(Emitter emitter, FoldRows rows) {
        this.e = emitter;
        this.rows = rows;
        this.tile = rows.tile();
        this.point = tile.fold().index();
    }

    void declare() {
        for (int d = 0; d < tile.dots().size(); d++) {
            rows.array(e, "left" + d, rows.depth(d));
            rows.array(e, "dot" + d, rows.points());
        }
    }

    /** Brings the rows' factors into the group's memory. */
    void lefts() {
        for (int d = 0; d < tile.dots().size(); d++) {
            lefts(d);
        }
        rows.first(e);
    }

    /** Multiplies, once all items have what they asked for. */
    void multiply() {
        for (int d = 0; d < rights.size(); d++) {
            multiply(d, rights.get(d));
        }
    }

    /** The rows' factors of a dot product, in the group's memory. */
    private void lefts(int d) {
        FoldTile.Dot dot = tile.dots().get(d);
        int depth = Math.toIntExact(rows.depth(d));
        int all = rows.rows() * depth;
        Set<Index> own = new LinkedHashSet<>(dot.sum().indices());
        own.addAll(rows.index() == null ? List.of() : List.of(rows.index()));
        int ahead = Math.min(LEFTS, (all + rows.items() - 1) / rows.items());
        int step = ahead * rows.items();
        String head = "for (int place = local; place < " + all + "; place = place + " + step + ") {";
        e.block(step >= all ? "{\nfinal int place = local;" : head, "}", Set.of(), false, () -> {
            String[] numbers = new String[ahead];
            String[] places = new String[ahead];
            for (int u = 0; u < ahead; u++) {
                String place = e.scalars.variable("int", "place + " + u * rows.items());
                String at =
                        e.scalars.variable("int", "(" + place + " < " + all + " ? " + place + " : " + (all - 1) + ")");
                String number = e.fresh("s");
                e.scope.line("float " + number + " = 0f;");
                e.block("{", "}", own, false, () -> {
                    Product.unflatten(e, dot.sum().indices(), e.scalars.variable("int", at + " % " + depth));
                    rows.row(e, at + " / " + depth);
                    e.scope.line(number + " = " + e.real(dot.left()) + ";");
                });
                places[u] = place;
                numbers[u] = number;
            }
            for (int u = 0; u < ahead; u++) {
                e.scope.line("if (" + places[u] + " < " + all + ") {\nleft" + d + "[" + places[u] + "] = " + numbers[u]
                        + ";\n}");
            }
        });
    }

    /** Asks for the points' factors of the dot products: by dot product, an item's points and their terms. */
    void rights() {
        rights.clear();
        for (int d = 0; d < tile.dots().size(); d++) {
            FoldTile.Dot dot = tile.dots().get(d);
            int terms = Math.toIntExact(rows.depth(d) / rows.lanes());
            String[][] right = new String[FoldRows.AHEAD][terms];
            Set<Index> own = new LinkedHashSet<>(dot.sum().indices());
            own.add(point);
            for (int u = 0; u < FoldRows.AHEAD; u++) {
                for (int j = 0; j < terms; j++) {
                    right[u][j] = e.fresh("k");
                    e.scope.line("float " + right[u][j] + " = 0f;");
                }
                String[] into = right[u];
                String number = number(u);
                e.block("{", "}", Set.of(point), false, () -> {
                    e.names.put(point, rows.point(e, number));
                    for (int j = 0; j < terms; j++) {
                        String term = "lane % " + rows.lanes() + " + " + j * rows.lanes();
                        String name = into[j];
                        e.block("{", "}", own, false, () -> {
                            Product.unflatten(e, dot.sum().indices(), e.scalars.variable("int", term));
                            e.scope.line(name + " = " + e.real(dot.right()) + ";");
                        });
                    }
                });
            }
            rights.add(right);
        }
    }

    /** The number of an item's point {@code u} in a round. */
    private String number(int u) {
        int side = rows.warp() / rows.lanes();
        return "own * " + side * FoldRows.AHEAD + " + " + u * side + " + lane / " + rows.lanes();
    }

    /** The dot products of an item's points with every row, each in the first of the lanes that share it, which stores it. */
    private void multiply(int d, String[][] right) {
        int terms = right[0].length;
        String[][] sums = new String[FoldRows.AHEAD][rows.rows()];
        for (int i = 0; i < rows.rows(); i++) {
            StringBuilder[] texts = new StringBuilder[FoldRows.AHEAD];
            for (int j = 0; j < terms; j++) {
                String at = "lane % " + rows.lanes() + " + " + (i * rows.depth(d) + (long) j * rows.lanes());
                String left = e.scalars.variable("float", "left" + d + "[" + at + "]");
                for (int u = 0; u < FoldRows.AHEAD; u++) {
                    texts[u] = j == 0 ? new StringBuilder() : texts[u].append(" + ");
                    texts[u].append(left).append(" * ").append(right[u][j]);
                }
            }
            for (int u = 0; u < FoldRows.AHEAD; u++) {
                sums[u][i] = e.fresh("s");
                e.scope.line("float " + sums[u][i] + " = " + texts[u] + ";");
                for (int half = rows.lanes() / 2; half > 0; half /= 2) {
                    String other =
                            e.scalars.variable("float", "context.simdShuffleDown(" + sums[u][i] + ", " + half + ")");
                    e.scope.line(sums[u][i] + " = " + sums[u][i] + " + " + other + ";");
                }
            }
        }
        e.block("if (lane % " + rows.lanes() + " == 0) {", "}", Set.of(), true, () -> {
            for (int u = 0; u < FoldRows.AHEAD; u++) {
                for (int i = 0; i < rows.rows(); i++) {
                    e.scope.line("dot" + d + "[" + i * rows.points() + " + " + number(u) + "] = " + sums[u][i] + ";");
                }
            }
        });
    }
}
