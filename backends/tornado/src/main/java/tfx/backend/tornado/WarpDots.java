package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * The sums that a streamed fold's points need (scores: dot products of a row with each point), by warps: of each point of its
 * items a warp reads the numbers side by side, where items by themselves would read as many places at a time.
 */
final class WarpDots {
    /** Points under way at a time. */
    private static final int AHEAD = 16;

    /** Terms of an item in one sum, each written out. */
    private static final int MOST = 8;

    private final Emitter e;
    private final Expr.Fold fold;
    private final int warp;
    private final List<Expr.Reduce> sums = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    /** @param warp items that add without barriers; 0 where none do */
    WarpDots(Emitter e, Streamed streamed, int warp) {
        this.e = e;
        this.fold = streamed.fold();
        this.warp = warp;
        if (warp > 1) {
            for (int k = 0; k < fold.accumulators().size(); k++) {
                if (Streamed.rescales(fold, k)) {
                    collect(fold.accumulators().get(k).body());
                }
            }
            streamed.parts().forEach(this::collect);
        }
    }

    private void collect(Expr expr) {
        if (expr instanceof Expr.Reduce r) {
            boolean even = r.monoid() == Monoid.SUM
                    && r.domain().equals(Expr.TRUE)
                    && r.indices().stream().allMatch(i -> i.size().isConstant())
                    && Product.count(r.indices()) % warp == 0
                    && Product.count(r.indices()) <= (long) MOST * warp
                    && e.analysis.mentions(r, fold.index())
                    && !Product.loops(r.body())
                    && !e.analysis.mentions(r, Analysis.FOLD);
            if (even && !sums.contains(r)) {
                sums.add(r);
            }
        } else if (!(expr instanceof Expr.Fold || expr instanceof Expr.Select)) {
            Analysis.parts(expr).forEach(this::collect);
        }
    }

    /**
     * Computes the sums of every item's point of a round.
     *
     * @param round the round's first point
     * @param high one past the last of all points
     * @param others conditions on a point beside its range
     */
    void compute(String round, String high, List<Expr> others) {
        names.clear();
        for (int n = 0; n < sums.size(); n++) {
            names.add(e.fresh("dot"));
            e.scope.line("float " + names.get(n) + " = 0f;");
        }
        if (sums.isEmpty()) {
            return;
        }
        String first = e.fresh("v");
        String p = e.fresh("p");
        e.scope.line("final int " + first + " = " + round + " + local / " + warp + " * " + warp + ";");
        int ahead = Math.min(AHEAD, warp);
        String head = "for (int " + p + " = (" + first + " < " + high + " ? 0 : " + warp + "); " + p + " < " + warp
                + "; " + p + " = " + p + " + " + ahead + ") {";
        e.block(head, "}", Set.of(), false, () -> {
            String[][] shares = new String[ahead][];
            for (int u = 0; u < ahead; u++) {
                shares[u] = share(first + " + " + p + " + " + u, high, others);
            }
            for (int u = 0; u < ahead; u++) {
                for (int n = 0; n < names.size(); n++) {
                    String sum = e.fresh("v");
                    e.scope.line("final float " + sum + " = context.simdSum(" + shares[u][n] + ");");
                    e.scope.line(names.get(n) + " = (local % " + warp + " == " + p + " + " + u + " ? " + sum + " : "
                            + names.get(n) + ");");
                }
            }
        });
    }

    /** What this item adds to the sums of one point; where there is no such point, to those of the last. */
    private String[] share(String point, String high, List<Expr> others) {
        String[] shares = new String[sums.size()];
        Set<Index> own = new LinkedHashSet<>(Set.of(fold.index()));
        for (int n = 0; n < shares.length; n++) {
            shares[n] = e.fresh("s");
            own.addAll(sums.get(n).indices());
            e.scope.line("float " + shares[n] + " = 0f;");
        }
        e.block("{", "}", own, false, () -> {
            String at = e.fresh("i");
            e.scope.line("final int " + at + " = (" + point + " < " + high + " ? " + point + " : " + high + " - 1);");
            e.names.put(fold.index(), at);
            e.branch(others, () -> {
                for (int n = 0; n < shares.length; n++) {
                    Expr.Reduce r = sums.get(n);
                    for (int k = 0; k < Product.count(r.indices()) / warp; k++) {
                        String number = e.fresh("i");
                        int from = k * warp;
                        String share = shares[n];
                        e.block("{", "}", own, others.size() > 0, () -> {
                            e.scope.line("final int " + number + " = local % " + warp + " + " + from + ";");
                            Product.unflatten(e, r.indices(), number);
                            e.scope.line(share + " = " + share + " + " + e.real(r.body()) + ";");
                        });
                    }
                }
            });
        });
        return shares;
    }

    /** Makes the sums known where an item computes with its point. */
    void publish() {
        for (int n = 0; n < names.size(); n++) {
            e.scope.known.put(sums.get(n), new Code(Kind.FLOAT, false, names.get(n)));
        }
    }
}
