package tfx.backend.tornado;

import java.util.Set;
import tfx.backend.tornado.FragmentFactors.Factor;
import tfx.backend.tornado.FragmentFactors.Side;

/**
 * What a group that computes with fragments has in its memory: tiles of factors as they were written for it. Every work item
 * reads its ints of the next tile of points before the group computes with this one, so that they are there in time.
 */
final class FragmentMemory {
    private final Emitter e;
    private final FragmentShape shape;
    private final FragmentFactors factors;

    FragmentMemory(Emitter e, FragmentFactors factors) {
        this.e = e;
        this.shape = factors.shape();
        this.factors = factors;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** Declares the arrays. */
    void allocate() {
        ints("left", shape.leftInts());
        ints("right", shape.rightInts());
        for (int v = 0; v < shape.tile().values().size(); v++) {
            ints("value" + v, shape.valueInts());
        }
    }

    private void ints(String name, int size) {
        line("final int[] " + name + " = context.allocateIntLocalArray(" + size + ");");
    }

    /** The factors of a tile's rows. */
    void rows() {
        for (Factor factor : factors.all()) {
            if (factor.side() == Side.ROWS) {
                String from = e.fresh("i");
                line("final int " + from + " = " + factors.place(e, factor) + " + down * " + factor.block() + ";");
                each(factor, () -> line("left[" + shape.before(factor.number()) + " + z] = " + load(from) + ";"));
            }
        }
    }

    /** Declares where a tile's points lie, and reads those of the first tile. */
    void begin() {
        for (Factor factor : factors.all()) {
            if (factor.side() != Side.ROWS) {
                line("final int from" + name(factor) + " = " + factors.place(e, factor) + ";");
                line("final int[] next" + name(factor) + " = new int[" + count(factor) + "];");
                if (factor.side() == Side.VALUES) {
                    line("int odd" + factor.number() + " = 0;");
                }
            }
        }
        line("final int begun = (lowest < highest ? lowest : 0);");
        read("begun");
    }

    /** Reads the tile of points that begins at {@code first}. */
    void read(String first) {
        for (Factor factor : factors.all()) {
            if (factor.side() != Side.ROWS) {
                String from = e.fresh("i");
                line("final int " + from + " = from" + name(factor) + " + " + first + " / " + shape.points() + " * "
                        + factor.block() + ";");
                each(factor, () -> line("next" + name(factor) + "[n] = " + load(from) + ";"));
                if (factor.side() == Side.VALUES) {
                    String flag = e.operands.slab(factors.room()) + ".get(" + from + " + " + factor.ints() + " + item)";
                    line("if (item < " + factor.pieces() + ") {\nodd" + factor.number() + " = " + flag + ";\n}");
                }
            }
        }
    }

    /** Writes what was read of a factor where the group finds it. */
    void write(Side side, int number) {
        Factor factor = factors.factor(side, number);
        String into = side == Side.POINTS ? "right" : "value" + number;
        each(factor, () -> line(into + "[z] = next" + name(factor) + "[n];"));
        if (side == Side.VALUES) {
            line("if (odd" + number + " != 0) {\nodd[0] = 1f;\n}");
        }
    }

    private String load(String from) {
        return e.operands.slab(factors.room()) + ".get(" + from + " + z)";
    }

    private static String name(Factor factor) {
        return (factor.side() == Side.POINTS ? "P" : "V") + factor.number();
    }

    private int count(Factor factor) {
        return (factor.ints() + shape.items() - 1) / shape.items();
    }

    /** Every int {@code z} of a tile that is this work item's, its {@code n}-th. */
    private void each(Factor factor, Runnable one) {
        e.block("for (int n = 0; n < " + count(factor) + "; n++) {", "}", Set.of(), false, () -> {
            line("final int z = n * " + shape.items() + " + item;");
            if (factor.ints() % shape.items() == 0) {
                one.run();
            } else {
                e.block("if (z < " + factor.ints() + ") {", "}", Set.of(), true, one);
            }
        });
    }
}
