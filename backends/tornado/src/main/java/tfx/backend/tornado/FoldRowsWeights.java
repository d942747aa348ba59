package tfx.backend.tornado;

import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * The weights of a round's points for the rows of a {@link FoldRows}, and what all columns of a row have in common: a warp has a row,
 * each of its lanes every so many-th point. Running maxima and sums are in the registers of the warp.
 */
final class FoldRowsWeights {
    private final Emitter e;
    private final FoldRows rows;
    private final FoldTile tile;
    private final Index point;

    FoldRowsWeights(Emitter emitter, FoldRows rows) {
        this.e = emitter;
        this.rows = rows;
        this.tile = rows.tile();
        this.point = tile.fold().index();
    }

    void declare() {
        for (int w = 0; w < tile.weights().size(); w++) {
            rows.array(e, "weight" + w, rows.points());
        }
        rows.array(e, "factors", tile.sums().size());
        rows.array(e, "there", rows.points());
    }

    /** Before the first point. */
    void begin() {
        for (int k : rows.scalars()) {
            e.scope.line("float all" + k + " = "
                    + Loops.identity(tile.fold().accumulators().get(k).monoid()) + ";");
        }
        e.scope.line("float met = 0f;");
    }

    /**
     * Writes the weights, and by what the sums so far are to be rescaled, into the group's memory.
     *
     * @param others conditions on a point beside its range
     */
    void write(List<Expr> others) {
        Set<Index> own = rows.index() == null ? Set.of() : Set.of(rows.index());
        e.block("if (own < " + rows.rows() + ") {", "}", own, true, () -> {
            rows.row(e, "own");
            int each = rows.points() / rows.warp();
            String[] valid = new String[each];
            String[][] dots = new String[each][tile.dots().size()];
            for (int j = 0; j < each; j++) {
                String number = "lane + " + j * rows.warp();
                valid[j] = valid(number, others);
                for (int d = 0; d < dots[j].length; d++) {
                    dots[j][d] =
                            e.scalars.variable("float", "dot" + d + "[own * " + rows.points() + " + " + number + "]");
                }
            }
            for (int k : rows.scalars()) {
                if (tile.maximum(k)) {
                    Expr body = tile.fold().accumulators().get(k).body();
                    maximum(k, each(body, Loops.LOWEST, valid, dots));
                }
            }
            String[][] weights = new String[tile.weights().size()][];
            for (int w = 0; w < weights.length; w++) {
                weights[w] = each(tile.weights().get(w), "0f", valid, dots);
                for (int j = 0; j < each; j++) {
                    e.scope.line("weight" + w + place(j) + " = " + weights[w][j] + ";");
                }
            }
            for (int k : rows.scalars()) {
                if (!tile.maximum(k)) {
                    String mine = String.join(" + ", weights[tile.sums().get(k).weight()]);
                    String sum = e.scalars.variable("float", "context.simdSum(" + mine + ")");
                    e.scope.line("all" + k + " = all" + k + " + " + sum + ";");
                }
            }
            for (int j = 0; j < each; j++) {
                e.scope.line("met = (" + valid[j] + " ? 1f : met);");
                if (!others.isEmpty()) {
                    e.scope.line("there" + place(j) + " = (" + valid[j] + " ? 1f : 0f);");
                }
            }
        });
        rows.first(e);
    }

    /** Where a number of the warp's row and of a lane's {@code j}-th point lies: those of all rows side by side. */
    private String place(int j) {
        return "[(lane + " + j * rows.warp() + ") * " + rows.rows() + " + own]";
    }

    /** Whether the row has a point of a number of the round. */
    private String valid(String number, List<Expr> others) {
        String valid = e.fresh("ok");
        String at = e.scalars.variable("int", "round + " + number);
        e.scope.line("boolean " + valid + " = " + at + " < high;");
        if (!others.isEmpty()) {
            e.names.put(point, at);
            e.block("if (" + valid + ") {", "}", Set.of(point), true, () -> {
                e.scope.line(valid + " = " + e.truth(others) + ";");
            });
        }
        return valid;
    }

    /** An expression of the row and each of an item's points. */
    private String[] each(Expr expr, String otherwise, String[] valid, String[][] dots) {
        String[] names = new String[valid.length];
        for (int j = 0; j < names.length; j++) {
            names[j] = e.fresh("s");
            String name = names[j];
            String[] known = dots[j];
            String number = "lane + " + j * rows.warp();
            e.scope.line("float " + name + " = " + otherwise + ";");
            e.block("if (" + valid[j] + ") {", "}", Set.of(point), true, () -> {
                e.names.put(point, e.scalars.variable("int", "round + " + number));
                for (int d = 0; d < known.length; d++) {
                    e.scope.known.put(tile.dots().get(d).sum(), new Code(Kind.FLOAT, false, known[d]));
                }
                e.scope.line(name + " = " + e.real(expr) + ";");
            });
        }
        return names;
    }

    /** Takes a warp's points into the row's maximum, which is known from then on, and rescales what it shifts. */
    private void maximum(int k, String[] mine) {
        Folds folds = new Folds(e);
        String most = e.fresh("m");
        e.scope.line("float " + most + " = " + mine[0] + ";");
        for (int j = 1; j < mine.length; j++) {
            e.loops.combine(Monoid.MAX, most, mine[j]);
        }
        String found = StretchRoom.maximum(e, most, rows.warp());
        String old = e.scalars.variable("float", "all" + k);
        e.loops.combine(Monoid.MAX, "all" + k, found);
        String safe = folds.finite("all" + k);
        String factor = e.scalars.variable("float", "TornadoMath.exp(" + old + " - " + safe + ")");
        for (int j : rows.scalars()) {
            if (tile.fold().accumulators().get(j).shift() == k) {
                e.scope.line("all" + j + " = all" + j + " * " + factor + ";");
            }
        }
        e.scope.line("if (lane == 0) {\nfactors[" + k * rows.rows() + " + own] = " + factor + ";\n}");
        folds.publish(k, safe);
    }
}
