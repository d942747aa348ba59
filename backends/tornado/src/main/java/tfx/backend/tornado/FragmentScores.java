package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.FragmentFactors.Side;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;

/**
 * The pairs of rows and points of a tile whose dot products are computed with fragments. A work item has of each fragment two
 * rows ({@code h}), 8 apart, and in them two neighbouring points ({@code j}), as sums lie in fragments (PTX ISA, matrix
 * fragments for {@code mma.m16n8k16}).
 */
final class FragmentScores {
    /** Rows, and neighbouring points, that a work item has of a fragment. */
    static final int OWN = 2;

    private final Emitter e;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentMemory memory;
    private final FragmentProducts products;

    FragmentScores(Emitter e, FragmentShape shape, FragmentMemory memory, FragmentProducts products) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
        this.memory = memory;
        this.products = products;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** One of a work item's numbers: of row {@code h} of fragment {@code f}. */
    interface Each {
        void number(int h, int f, int j);
    }

    /** Every number that a work item has of fragments side by side. */
    static void each(int fragments, Each each) {
        for (int h = 0; h < OWN; h++) {
            for (int f = 0; f < fragments; f++) {
                for (int j = 0; j < OWN; j++) {
                    each.number(h, f, j);
                }
            }
        }
    }

    static String name(String kind, int n, int h, int f, int j) {
        return kind + n + "_" + h + "_" + f + "_" + j;
    }

    /** Fragments of the rows' factors, which stay for all points. */
    void rows() {
        memory.rows();
        line("context.localBarrier();");
        for (int n = 0; n < tile.dots().size(); n++) {
            products.left("q" + n, shape.before(n), shape.steps(n));
        }
    }

    /** The dot products of a work item's pairs, where the points' factors of the first were written. */
    void dots() {
        for (int n = 0; n < tile.dots().size(); n++) {
            if (n > 0) {
                line("context.localBarrier();");
                memory.write(Side.POINTS, n);
            }
            line("context.localBarrier();");
            int steps = shape.steps(n);
            String[] sums = products.multiply(
                    "q" + n,
                    "right",
                    "x * " + shape.pointFragments() * steps,
                    0,
                    shape.pointFragments(),
                    steps,
                    steps,
                    1);
            for (int f = 0; f < sums.length; f++) {
                int dot = n;
                int fragment = f;
                products.take(
                        sums[f],
                        (h, j, text) -> line("final float " + name("d", dot, h, fragment, j) + " = " + text + ";"));
            }
        }
    }

    /**
     * Which of the pairs there are, a bit each, and the largest scores of a work item's rows in this tile. Where {@code whole} is
     * known, as in most tiles, all are there and none is asked.
     */
    void scores(List<Expr> conditions) {
        int[] maxima = shape.maxima();
        line("int valid = -1;");
        missing(() -> {
            line("valid = 0;");
            each(shape.pointFragments(), (h, f, j) -> pair(h, f, j, () -> valid(conditions, bit(h, f, j))));
        });
        for (int k : maxima) {
            rows(h -> line("float best" + k + "_" + h + " = " + Loops.identity(Monoid.MAX) + ";"));
            Expr score = tile.fold().accumulators().get(k).body();
            for (int h = 0; h < OWN; h++) {
                for (int f = 0; f < shape.pointFragments(); f++) {
                    numbers("s", k, h, f, Loops.identity(Monoid.MAX), score, false);
                    for (int j = 0; j < OWN; j++) {
                        extreme(k, "best" + k + "_" + h, name("s", k, h, f, j));
                    }
                }
            }
        }
        rows(h -> {
            int mask = 0;
            for (int f = 0; f < shape.pointFragments(); f++) {
                mask |= bit(h, f, 0) | bit(h, f, 1);
            }
            line("met_" + h + " = ((valid & " + mask + ") != 0 ? 1f : met_" + h + ");");
        });
    }

    private void missing(Runnable inside) {
        e.block("if (!whole) {", "}", Set.of(), true, inside);
    }

    /** Sets a pair's bit where there is the pair. */
    private void valid(List<Expr> conditions, int bit) {
        String inside = e.names.get(tile.row()) + " < " + e.operands.record.end() + " && "
                + e.names.get(tile.fold().index()) + " < highest";
        boolean plain = conditions.stream().allMatch(this::plain);
        line((plain ? "final boolean ok = " : "boolean ok = ") + inside
                + (plain && !conditions.isEmpty() ? " && " + e.truth(conditions) : "") + ";");
        if (!plain) {
            e.block("if (ok) {", "}", Set.of(), true, () -> line("ok = " + e.truth(conditions) + ";"));
        }
        line("valid = (ok ? valid | " + bit + " : valid);");
    }

    /**
     * Takes a score into a maximum. One that only keeps exponentials in range may pass over what is no number: the weight of
     * that is none either.
     */
    void extreme(int k, String into, String score) {
        if (tile.published(k)) {
            e.loops.combine(Monoid.MAX, into, score);
        } else {
            line(into + " = TornadoMath.max(" + into + ", " + score + ");");
        }
    }

    /**
     * A number for each of two neighbouring pairs; {@code none} for a pair that is none.
     *
     * @param shifted whether it may read the rows' maxima
     */
    private void numbers(String kind, int n, int h, int f, String none, Expr expr, boolean shifted) {
        boolean plain = plain(expr);
        for (int j = 0; j < OWN; j++) {
            String number = name(kind, n, h, f, j);
            String there = "(valid & " + bit(h, f, j) + ") != 0";
            line("float " + number + " = " + none + ";");
            pair(h, f, j, () -> {
                if (shifted) {
                    Arrays.stream(shape.maxima()).forEach(k -> new Folds(e).publish(k, "shift" + k + "_" + h));
                }
                if (plain) {
                    line(number + " = " + e.real(expr) + ";");
                } else {
                    e.block(
                            "if (" + there + ") {",
                            "}",
                            Set.of(),
                            true,
                            () -> line(number + " = " + e.real(expr) + ";"));
                }
            });
        }
        if (plain) {
            missing(() -> {
                for (int j = 0; j < OWN; j++) {
                    String number = name(kind, n, h, f, j);
                    line(number + " = ((valid & " + bit(h, f, j) + ") != 0 ? " + number + " : " + none + ");");
                }
            });
        }
    }

    /** What is the same in both rows of a work item. */
    static void rows(IntConsumer each) {
        for (int h = 0; h < OWN; h++) {
            each.accept(h);
        }
    }

    private int bit(int h, int f, int j) {
        return 1 << ((h * shape.pointFragments() + f) * OWN + j);
    }

    /** The weights, which are counted in totals and lie, rounded, where the rows' factors were; of a pair that is none 0. */
    void weights() {
        for (int f = 0; f < shape.pointFragments(); f++) {
            String at = e.fresh("i");
            String eight = "(x * " + shape.pointFragments() + " + " + f + ")";
            line("final int " + at + " = (y * " + shape.points() / 16 + " + " + eight + " / 2) * "
                    + FragmentShape.LEFT_INTS + " + lane / 4 * 8 + " + eight + " % 2 * 4 + lane % 4;");
            for (int h = 0; h < OWN; h++) {
                for (int w = 0; w < tile.weights().size(); w++) {
                    numbers("p", w, h, f, "0f", tile.weights().get(w), true);
                }
                for (int k : shape.totals()) {
                    String total = "t" + k + "_" + h;
                    int w = tile.sums().get(k).weight();
                    line(total + " = " + total + " + (" + name("p", w, h, f, 0) + " + " + name("p", w, h, f, 1) + ");");
                }
                for (int w = 0; w < tile.weights().size(); w++) {
                    String pair = FactorWriter.pack(e, name("p", w, h, f, 0), name("p", w, h, f, 1));
                    line("left[" + at + " + " + (w * shape.weightInts() + h * FragmentShape.LEFT_INTS / 2) + "] = "
                            + pair + ";");
                }
            }
        }
    }

    /** Whether an expression can be computed for any pair of numbers, of pairs that there are not too. */
    private boolean plain(Expr expr) {
        if (tile.dots().stream().anyMatch(dot -> dot.sum().equals(expr))) {
            return true;
        }
        return !(expr instanceof Expr.Read || expr instanceof Expr.Reduce || expr instanceof Expr.Fold)
                && Analysis.parts(expr).stream().allMatch(this::plain);
    }

    /** A scope in which a pair's row and point are bound and its dot products known. */
    private void pair(int h, int f, int j, Runnable inside) {
        e.block("{", "}", Set.of(tile.row(), tile.fold().index(), Analysis.FOLD), false, () -> {
            String row = e.fresh("i");
            String point = e.fresh("i");
            line("final int " + row + " = top + mine_" + h + ";");
            line("final int " + point + " = first + x * " + shape.points() / shape.across() + " + lane % 4 * 2 + "
                    + (f * FragmentShape.COLUMNS + j) + ";");
            e.names.put(tile.row(), row);
            e.names.put(tile.fold().index(), point);
            for (int n = 0; n < tile.dots().size(); n++) {
                e.scope.known.put(tile.dots().get(n).sum(), new Code(Kind.FLOAT, false, name("d", n, h, f, j)));
            }
            inside.run();
        });
    }
}
