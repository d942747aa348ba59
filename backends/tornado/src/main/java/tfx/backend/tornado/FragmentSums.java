package tfx.backend.tornado;

import java.util.Set;

/** The columns of a tile whose weighted values are summed with fragments: a work item has numbers of two rows. */
final class FragmentSums {
    /** Fragments whose sums are open at a time: enough that products need not wait for one another. */
    private static final int OPEN = 8;

    private final Emitter e;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentProducts products;

    FragmentSums(Emitter e, FragmentShape shape, FragmentProducts products) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
        this.products = products;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    static String name(int k, int h, int f, int j) {
        return FragmentScores.name("a", k, h, f, j);
    }

    /** Every column of this item in each of its rows. */
    void each(FragmentScores.Each each) {
        FragmentScores.each(shape.columnFragments(), each);
    }

    /** Adds a tile's weighted values. */
    void add() {
        for (int k : shape.columns()) {
            int shift = tile.fold().accumulators().get(k).shift();
            if (shift >= 0) {
                each((h, f, j) ->
                        line(name(k, h, f, j) + " = " + name(k, h, f, j) + " * factor" + shift + "_" + h + ";"));
            }
        }
        // A point that a row does not have must not count even where its value is no number: the rare tile with one
        // asks.
        line("final boolean plain = odd[0] == 0f;");
        e.block("if (plain) {", "}", Set.of(), true, this::multiply);
        e.block("if (!plain) {", "}", Set.of(), true, this::guarded);
    }

    private void multiply() {
        int steps = shape.points() / FragmentShape.SIDE;
        for (int w = 0; w < tile.weights().size(); w++) {
            products.left("p" + w, w * shape.weightInts(), steps);
        }
        for (int k : shape.columns()) {
            FoldTile.Sum sum = tile.sums().get(k);
            for (int from = 0; from < shape.columnFragments(); from += OPEN) {
                int count = Math.min(OPEN, shape.columnFragments() - from);
                String[] sums = products.multiply(
                        "p" + sum.weight(),
                        "value" + sum.value(),
                        "x * " + shape.columnFragments(),
                        from,
                        count,
                        steps,
                        1,
                        shape.wide() / FragmentShape.COLUMNS);
                for (int f = 0; f < count; f++) {
                    int fragment = from + f;
                    products.take(sums[f], (h, j, text) -> {
                        String a = name(k, h, fragment, j);
                        line(a + " = " + a + " + " + text + ";");
                    });
                }
            }
        }
    }

    /** The same number by number, for points with a weight alone. */
    private void guarded() {
        String head = "for (int c = 0; c < " + shape.points() + "; c++) {";
        e.block(head, "}", Set.of(), false, () -> {
            line("final int pair = (y * " + shape.points() / 16 + " + c / 16) * " + FragmentShape.LEFT_INTS
                    + " + lane / 4 * 8 + c % 16 / 2;");
            for (int w = 0; w < tile.weights().size(); w++) {
                for (int h = 0; h < FragmentScores.OWN; h++) {
                    String number = "left[pair + " + (w * shape.weightInts() + h * FragmentShape.LEFT_INTS / 2) + "]";
                    line("final int l" + w + "_" + h + " = " + number + ";");
                    line("final float g" + w + "_" + h + " = BFloat16.bf16ToFloat((short) (l" + w + "_" + h
                            + " >> c % 2 * 16));");
                }
            }
            for (int k : shape.columns()) {
                FoldTile.Sum sum = tile.sums().get(k);
                for (int f = 0; f < shape.columnFragments(); f++) {
                    String pair = e.fresh("b");
                    line("final int " + pair + " = value" + sum.value() + "[(c / 16 * " + shape.wide() / 8 + " + x * "
                            + shape.columnFragments() + " + " + f + ") * " + FragmentShape.RIGHT_INTS
                            + " + c % 16 * 4 + lane % 4];");
                    for (int j = 0; j < FragmentScores.OWN; j++) {
                        String value = e.fresh("v");
                        line("final float " + value + " = BFloat16.bf16ToFloat((short) (" + pair + " >> " + 16 * j
                                + "));");
                        for (int h = 0; h < FragmentScores.OWN; h++) {
                            String weight = "g" + sum.weight() + "_" + h;
                            String a = name(k, h, f, j);
                            line("if (" + weight + " != 0f) {\n" + a + " = " + a + " + " + weight + " * " + value
                                    + ";\n}");
                        }
                    }
                }
            }
        });
    }
}
