package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;

/**
 * A row's factors in a group's memory, and the row's statistics: each item reads several of its points before it stores the
 * first, so that they are under way together. The elements that a word holds side by side lie a stretch apart.
 *
 * @param warp items that add without barriers
 */
record RowStage(Emitter e, RowParts all, int group, int warp) {
    /** Points of an item that are under way at a time, at most: they take registers beside the words that wait. */
    private static final int AHEAD = 6;
    /** So many points of an item are written out. */
    private static final int MOST = 24;
    /** Elements between the stretches of a row, so that stores fall into different banks. */
    private static final int GAP = 8;

    /** Bytes that the arrays of a group take. */
    static long bytes(RowParts all, int group) {
        return 4L * (all.rows().size() * (all.depth() + (long) all.each() * GAP) + 2L * group);
    }

    /** Numbers from one element of a word to the next. */
    long pitch() {
        return all.each() == 1 ? 0 : all.depth() / all.each() + GAP;
    }

    /** Declares the arrays. */
    void declare() {
        for (int r = 0; r < all.rows().size(); r++) {
            e.scope.line("final float[] row" + r + " = context.allocateFloatLocalArray("
                    + (all.each() == 1 ? all.depth() : all.each() * pitch()) + ");");
        }
        for (int k = 0; k < all.statistics().size(); k++) {
            e.scope.line("final float[] parts" + k + " = context.allocateFloatLocalArray(" + group / warp + ");");
        }
    }

    /**
     * Fills the arrays; factors of a row that columns take outside of their sums are known from then on. The code around it names
     * the item {@code local} and has a {@code zero}.
     */
    void write() {
        e.lanes = new Lanes(e, e.scope, group, warp, "local");
        List<String> shares = new ArrayList<>();
        for (int k = 0; k < all.statistics().size(); k++) {
            shares.add(e.fresh("s"));
            e.scope.line("float " + shares.getLast() + " = 0f;");
        }
        int share = Math.toIntExact((all.depth() + group - 1) / group);
        Set<Index> own = Set.copyOf(all.first().sum().indices());
        if (share <= MOST) {
            e.block("{", "}", own, false, () -> {
                e.scope.line("final int u = local + zero;");
                for (int first = 0; first < share; first += AHEAD) {
                    int count = Math.min(AHEAD, share - first);
                    points(first, count, (first + count) * (long) group <= all.depth(), shares);
                }
            });
        } else {
            int step = AHEAD * group;
            String head = "for (int u = local + zero; u < " + all.depth() + "; u = u + " + step + ") {";
            e.block(head, "}", own, false, () -> points(0, AHEAD, all.depth() % step == 0, shares));
        }
        totals(shares);
        // Here and not where a column needs them: whoever shares their loops must be here.
        for (RowParts.Part part : all.parts()) {
            part.columns().stream()
                    .filter(column -> column.outside() != null)
                    .forEach(column -> e.real(column.outside()));
        }
        e.lanes = null;
    }

    /**
     * Reads and stores an item's next points from {@code first} on.
     *
     * @param whole whether all are within the depth; if not, those past it are read as the last and not stored
     */
    private void points(int first, int count, boolean whole, List<String> shares) {
        List<Index> points = all.first().sum().indices();
        String[][] values = new String[count][all.rows().size()];
        String[] numbers = new String[count];
        for (int k = 0; k < count; k++) {
            numbers[k] = e.scalars.variable("int", "u + " + (first + k) * group);
            String number = numbers[k];
            for (int r = 0; r < all.rows().size(); r++) {
                values[k][r] = e.fresh("x");
                e.scope.line("float " + values[k][r] + " = 0f;");
            }
            String[] into = values[k];
            e.block("{", "}", Set.copyOf(points), false, () -> {
                String last = Long.toString(all.depth() - 1);
                Product.unflatten(
                        e, points, whole ? number : "(" + number + " < " + last + " ? " + number + " : " + last + ")");
                for (int r = 0; r < into.length; r++) {
                    e.scope.line(into[r] + " = " + e.real(all.rows().get(r)) + ";");
                }
                for (int s = 0; s < shares.size(); s++) {
                    Expr.Reduce sum = all.statistics().get(s);
                    Expr term =
                            e.analysis.intern(Exprs.substitute(sum.body(), RowParts.renamed(sum.indices(), points)));
                    String value = e.real(term);
                    e.scope.line(shares.get(s) + " = " + shares.get(s) + " + "
                            + (whole ? value : "(" + number + " <= " + last + " ? " + value + " : 0f)") + ";");
                }
            });
        }
        for (int k = 0; k < count; k++) {
            String u = numbers[k];
            String place =
                    all.each() == 1 ? u : u + " % " + all.each() + " * " + pitch() + " + " + u + " / " + all.each();
            for (int r = 0; r < all.rows().size(); r++) {
                String store = "row" + r + "[" + place + "] = " + values[k][r] + ";";
                e.scope.line(whole ? store : "if (" + u + " < " + all.depth() + ") {\n" + store + "\n}");
            }
        }
    }

    /** Adds what the items have of each statistic, and waits until all have stored. */
    private void totals(List<String> shares) {
        for (int k = 0; k < shares.size(); k++) {
            String sum = e.fresh("v");
            e.scope.line("final float " + sum + " = context.simdSum(" + shares.get(k) + ");");
            e.scope.line("if (local % " + warp + " == 0) {\nparts" + k + "[local / " + warp + "] = " + sum + ";\n}");
        }
        e.scope.line("context.localBarrier();");
        for (int k = 0; k < shares.size(); k++) {
            StringBuilder sum = new StringBuilder("parts" + k + "[0]");
            for (int w = 1; w < group / warp; w++) {
                sum.append(" + parts").append(k).append('[').append(w).append(']');
            }
            String total = e.scalars.variable("float", sum.toString());
            e.scope.known.put(all.statistics().get(k), new Code(Kind.FLOAT, false, total));
        }
    }
}
