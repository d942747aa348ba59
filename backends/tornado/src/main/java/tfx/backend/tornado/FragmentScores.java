package tfx.backend.tornado;

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
 * fragments for {@code mma.m16n8k16}). Names are those of a part: its first dot product, its second.
 */
final class FragmentScores {
    /** Rows, and neighbouring points, that a work item has of a fragment. */
    static final int OWN = 2;

    private final Emitter e;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentPart part;
    private final FragmentMemory memory;

    FragmentScores(Emitter e, FragmentShape shape, FragmentPart part, FragmentMemory memory) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
        this.part = part;
        this.memory = memory;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** One of a work item's numbers: of row {@code h} of fragment {@code f}. */
    interface Each {
        void number(int h, int f, int j);
    }

    /** Every number that a work item has of a tile. */
    private void each(Each each) {
        for (int f = 0; f < shape.pointFragments(); f++) {
            for (int h = 0; h < OWN; h++) {
                for (int j = 0; j < OWN; j++) {
                    each.number(h, f, j);
                }
            }
        }
    }

    static String name(String kind, int n, int h, int f, int j) {
        return kind + n + "_" + h + "_" + f + "_" + j;
    }

    /** Element {@code j} of row {@code h} in what a work item has of a fragment of sums. */
    static String element(String fragment, int h, int j) {
        return fragment + "[" + (h * OWN + j) + "]";
    }

    /** What is the same in both rows of a work item. */
    static void rows(IntConsumer each) {
        for (int h = 0; h < OWN; h++) {
            each.accept(h);
        }
    }

    /** The dot products of a work item's pairs. */
    void dots() {
        for (int i = 0; i < part.dots().size(); i++) {
            for (int f = 0; f < shape.pointFragments(); f++) {
                line("final float[] d" + i + "_" + f + " = new float[4];");
            }
            int steps = shape.steps(part.dots().get(i));
            // Neighbours first: a product waits for the one before with the same sums.
            for (int s = 0; s < steps; s++) {
                for (int f = 0; f < shape.pointFragments(); f += 2) {
                    String[] b = memory.columns(Side.POINTS, part.dots().get(i), f / 2 * steps + s);
                    String rows = FragmentMemory.row(i, s);
                    line("context.multiply(d" + i + "_" + f + ", " + rows + ", " + b[0] + ", " + b[1] + ");");
                    line("context.multiply(d" + i + "_" + (f + 1) + ", " + rows + ", " + b[2] + ", " + b[3] + ");");
                }
            }
        }
    }

    /**
     * Which of the pairs there are, a bit each, and the scores. Where {@code whole} is known, as in most tiles, all are there and
     * none is asked.
     */
    void scores(List<Expr> conditions) {
        line("int valid = -1;");
        e.block("if (!whole) {", "}", Set.of(), true, () -> {
            line("valid = 0;");
            each((h, f, j) -> pair(h, f, j, () -> valid(conditions, bit(h, f, j))));
        });
        for (int i = 0; i < part.maxima().size(); i++) {
            Expr score = tile.fold().accumulators().get(part.maxima().get(i)).body();
            numbers("s", i, Loops.identity(Monoid.MAX), score, (h, f, j) -> {}, false);
        }
        rows(h -> {
            int mask = 0;
            for (int f = 0; f < shape.pointFragments(); f++) {
                mask |= bit(h, f, 0) | bit(h, f, 1);
            }
            line("met_" + h + " = ((valid & " + mask + ") != 0 ? 1f : met_" + h + ");");
        });
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

    /** The largest of each row's scores of the {@code i}-th maximum in this tile, which all work items of the row then know. */
    void best(int i) {
        rows(h -> {
            String best = "best" + i + "_" + h;
            line("float " + best + " = " + Loops.identity(Monoid.MAX) + ";");
            for (int f = 0; f < shape.pointFragments(); f++) {
                for (int j = 0; j < OWN; j++) {
                    extreme(i, best, name("s", i, h, f, j));
                }
            }
            for (int mask = 1; mask < 4; mask *= 2) {
                extreme(i, best, "context.simdShuffleXor(" + best + ", " + mask + ")");
            }
        });
    }

    /** Whether the fold's value is computed from the {@code i}-th maximum. */
    boolean published(int i) {
        return tile.published(part.maxima().get(i));
    }

    /**
     * Takes a score into a maximum. One that only keeps exponentials in range may pass over what is no number: the weight of
     * that is none either.
     */
    void extreme(int i, String into, String score) {
        if (published(i)) {
            e.loops.combine(Monoid.MAX, into, score);
        } else {
            line(into + " = TornadoMath.max(" + into + ", " + score + ");");
        }
    }

    /** A pair's number as an expression, where what it is computed from is known. */
    interface Known {
        void at(int h, int f, int j);
    }

    /**
     * Declares the numbers of all pairs: {@code none} for a pair that is none, but where {@code itself} says that it is that by
     * itself.
     */
    void numbers(String kind, int n, String none, Expr expr, Known known, boolean itself) {
        each((h, f, j) -> number(kind, n, h, f, j, none, expr, known));
        if (!itself) {
            masked(kind, n, none, expr);
        }
    }

    /** Declares a pair's number; {@code none} where there is none and it cannot be computed all the same. */
    private void number(String kind, int n, int h, int f, int j, String none, Expr expr, Known known) {
        String number = name(kind, n, h, f, j);
        line("float " + number + " = " + none + ";");
        pair(h, f, j, () -> {
            known.at(h, f, j);
            if (plain(expr)) {
                line(number + " = " + e.real(expr) + ";");
            } else {
                String there = "if ((valid & " + bit(h, f, j) + ") != 0) {";
                e.block(there, "}", Set.of(), true, () -> line(number + " = " + e.real(expr) + ";"));
            }
        });
    }

    /** Of pairs that are none {@code none}, where that was not asked of each. */
    private void masked(String kind, int n, String none, Expr expr) {
        if (plain(expr)) {
            e.block(
                    "if (!whole) {",
                    "}",
                    Set.of(),
                    true,
                    () -> each((h, f, j) -> {
                        String number = name(kind, n, h, f, j);
                        line(number + " = ((valid & " + bit(h, f, j) + ") != 0 ? " + number + " : " + none + ");");
                    }));
        }
    }

    private int bit(int h, int f, int j) {
        return 1 << ((h * shape.pointFragments() + f) * OWN + j);
    }

    /** Whether an expression can be computed for any pair of numbers, of pairs that there are not too. */
    boolean plain(Expr expr) {
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
            line("final int " + point + " = first + lane % 4 * 2 + " + (f * FragmentShape.COLUMNS + j) + ";");
            e.names.put(tile.row(), row);
            e.names.put(tile.fold().index(), point);
            for (int i = 0; i < part.dots().size(); i++) {
                Expr sum = tile.dots().get(part.dots().get(i)).sum();
                e.scope.known.put(sum, new Code(Kind.FLOAT, false, element("d" + i + "_" + f, h, j)));
            }
            inside.run();
        });
    }
}
