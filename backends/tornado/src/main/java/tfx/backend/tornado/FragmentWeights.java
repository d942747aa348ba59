package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;

/** The weights of the pairs that {@link FragmentScores} has, and their fragments as left factors of the values. */
final class FragmentWeights {
    private final Emitter e;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentPart part;
    private final FragmentScores scores;

    FragmentWeights(Emitter e, FragmentShape shape, FragmentPart part, FragmentScores scores) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
        this.part = part;
        this.scores = scores;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** The weights, which are counted in totals; of a pair that is none 0. */
    void write() {
        for (int w = 0; w < part.weights().size(); w++) {
            Expr expr = tile.weights().get(part.weights().get(w));
            scores.numbers("p", w, "0f", expr, this::known, vanishes(expr));
        }
        for (int t = 0; t < part.totals().size(); t++) {
            int w = part.weights().indexOf(tile.sums().get(part.totals().get(t)).weight());
            int total = t;
            FragmentScores.rows(h -> {
                List<String> all = new ArrayList<>();
                for (int f = 0; f < shape.pointFragments(); f++) {
                    all.add("(" + FragmentScores.name("p", w, h, f, 0) + " + " + FragmentScores.name("p", w, h, f, 1)
                            + ")");
                }
                String name = "t" + total + "_" + h;
                line(name + " = " + name + " + (" + String.join(" + ", all) + ");");
            });
        }
    }

    /** Whether a weight is 0 by itself where its score is minus infinity: {@code exp(score - shift)}. */
    private boolean vanishes(Expr weight) {
        return weight
                        instanceof
                        Expr.Unary(UnaryOp exp, Expr.Binary(BinaryOp minus, Expr score, Expr.Accumulated(int k)))
                && exp == UnaryOp.EXP
                && minus == BinaryOp.SUB
                && part.maxima().contains(k)
                && scores.plain(score)
                && score.equals(tile.fold().accumulators().get(k).body());
    }

    /** What the weight of a pair may be computed from: its scores, and the shifts of its row. */
    private void known(int h, int f, int j) {
        for (int i = 0; i < part.maxima().size(); i++) {
            int k = part.maxima().get(i);
            new Folds(e).publish(k, "shift" + i + "_" + h);
            Expr score = tile.fold().accumulators().get(k).body();
            e.scope.known.put(
                    e.analysis.intern(score), new Code(Kind.FLOAT, false, FragmentScores.name("s", i, h, f, j)));
        }
    }

    /** The four ints of a fragment of weights for 16 points, as arguments: sums of a product lie as a left factor does. */
    String left(int w, int step) {
        List<String> ints = new ArrayList<>();
        for (int r = 0; r < 4; r++) {
            int f = 2 * step + r / 2;
            String x = e.fresh("x");
            line("final int " + x + " = BFloat16.pack(" + FragmentScores.name("p", w, r % 2, f, 0) + ", "
                    + FragmentScores.name("p", w, r % 2, f, 1) + ");");
            ints.add(x);
        }
        return String.join(", ", ints);
    }
}
