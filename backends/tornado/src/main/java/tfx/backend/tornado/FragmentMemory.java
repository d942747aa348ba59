package tfx.backend.tornado;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tfx.backend.tornado.FragmentFactors.Factor;
import tfx.backend.tornado.FragmentFactors.Side;

/**
 * Where the warps of a group find factors: the rows' in their registers, the points' in memory that the group shares, in tiles as
 * they were written for it. A tile is copied while the group computes with the one before.
 */
final class FragmentMemory {
    /** Ints that are copied at once. */
    private static final int COPIED = 4;

    private final Emitter e;
    private final FragmentShape shape;
    private final FragmentFactors factors;
    /** Where the points' factors begin in a tile, in their order. */
    private final Map<Factor, Integer> begins = new LinkedHashMap<>();

    FragmentMemory(Emitter e, FragmentFactors factors) {
        this.e = e;
        this.shape = factors.shape();
        this.factors = factors;
        int begin = 0;
        for (Factor factor : factors.all()) {
            if (factor.side() != Side.ROWS) {
                begins.put(factor, begin);
                begin += factor.block();
            }
        }
    }

    private void line(String text) {
        e.scope.line(text);
    }

    void allocate() {
        line("final int[] shared = context.allocateIntLocalArray(" + shape.ints() + ");");
    }

    /** A row's factors of the {@code i}-th dot product of whichever part. */
    private static String row(int i, int step, int r) {
        return "q" + i + "_" + step + "[" + r + "]";
    }

    /** The four ints of a fragment of rows, as arguments. */
    static String row(int i, int step) {
        return IntStream.range(0, 4).mapToObj(r -> row(i, step, r)).collect(Collectors.joining(", "));
    }

    /** Declares the registers that hold rows' factors, and where the tiles of points of this tile of rows begin. */
    void begin() {
        for (int i = 0; i < shape.most(part -> part.dots().size()); i++) {
            for (int s = 0; s < shape.longest(i); s++) {
                line("final int[] q" + i + "_" + s + " = new int[4];");
            }
        }
        for (Factor factor : begins.keySet()) {
            line("final int from" + name(factor) + " = " + factors.place(e, factor) + ";");
        }
    }

    /** Reads the factors of a warp's rows. */
    void rows(FragmentPart part) {
        for (int i = 0; i < part.dots().size(); i++) {
            int n = part.dots().get(i);
            Factor factor = factors.factor(Side.ROWS, n);
            String from = e.fresh("i");
            line("final int " + from + " = " + factors.place(e, factor) + " + down * " + factor.block() + " + y * "
                    + shape.steps(n) * FragmentShape.LEFT_INTS + " + lane * 4;");
            for (int s = 0; s < shape.steps(n); s++) {
                for (int r = 0; r < 4; r++) {
                    line(row(i, s, r) + " = " + e.operands.slab(factors.room()) + ".get(" + from + " + "
                            + (s * FragmentShape.LEFT_INTS + r) + ");");
                }
            }
        }
    }

    /** Begins to copy the tile of points at {@code first} to stage {@code turn}. */
    void copy(String first, String turn) {
        for (Factor factor : begins.keySet()) {
            String from = e.fresh("i");
            line("final int " + from + " = from" + name(factor) + " + " + first + " / " + shape.points() + " * "
                    + factor.block() + ";");
            int each = COPIED * shape.items();
            for (int n = 0; n * each < factor.block(); n++) {
                String z = (n == 0 ? "" : n * each + " + ") + "item * " + COPIED;
                String one = "context.copyToLocal(shared, " + turn + " * " + shape.stage() + " + " + begins.get(factor)
                        + " + " + z + ", " + e.operands.slab(factors.room()) + ", " + from + " + " + z + ");";
                if ((n + 1) * each <= factor.block()) {
                    line(one);
                } else {
                    e.block("if (" + z + " < " + factor.block() + ") {", "}", Set.of(), true, () -> line(one));
                }
            }
        }
    }

    /** Declares where this work item's factors lie in the tile at stage {@code turn}. */
    void here() {
        for (Factor factor : begins.keySet()) {
            line("final int at" + name(factor) + " = turn * " + shape.stage() + " + " + begins.get(factor)
                    + " + lane * 4;");
        }
    }

    /** The four ints of this work item of two fragments of columns, as variables. */
    String[] columns(Side side, int number, int fragments) {
        String at = "at" + name(factors.factor(side, number));
        String[] ints = new String[4];
        for (int r = 0; r < 4; r++) {
            ints[r] = e.fresh("b");
            line("final int " + ints[r] + " = shared[" + at + " + " + (fragments * FragmentShape.RIGHT_INTS + r)
                    + "];");
        }
        return ints;
    }

    /** The int of a work item's own values of two fragments at {@code at}, an expression, counted from the tile's begin. */
    String value(int number, String at) {
        Factor factor = factors.factor(Side.VALUES, number);
        return "shared[turn * " + shape.stage() + " + " + begins.get(factor) + " + " + at + "]";
    }

    /** Whether all of a tile's values are finite, as text. */
    String finite() {
        return begins.keySet().stream()
                .filter(factor -> factor.side() == Side.VALUES)
                .flatMap(factor -> IntStream.range(0, factor.pieces())
                        .mapToObj(piece -> value(factor.number(), String.valueOf(factor.ints() + piece))))
                .collect(Collectors.joining(" | ", "(", ") == 0"));
    }

    private static String name(Factor factor) {
        return (factor.side() == Side.POINTS ? "P" : "V") + factor.number();
    }
}
