package tfx.backend.tornado;

import java.util.Set;
import tfx.backend.tornado.FragmentFactors.Side;

/** The columns of a tile whose weighted values are summed with fragments: a work item has numbers of two rows. */
final class FragmentSums {
    private final Emitter e;
    private final FoldTile tile;
    private final FragmentShape shape;
    private final FragmentPart part;
    private final FragmentMemory memory;
    private final FragmentWeights weights;

    FragmentSums(Emitter e, FragmentShape shape, FragmentPart part, FragmentMemory memory, FragmentWeights weights) {
        this.e = e;
        this.tile = shape.tile();
        this.shape = shape;
        this.part = part;
        this.memory = memory;
        this.weights = weights;
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** What a work item has of fragment {@code f} of the {@code i}-th sum of columns of a part. */
    static String name(int i, int f) {
        return "a" + i + "_" + f;
    }

    private FoldTile.Sum sum(int i) {
        return tile.sums().get(part.columns().get(i));
    }

    private int weight(int i) {
        return part.weights().indexOf(sum(i).weight());
    }

    /** Multiplies what was shifted by accumulator {@code k} by {@code factor_0} in the one row, {@code factor_1} in the other. */
    void rescale(int k) {
        for (int i = 0; i < part.columns().size(); i++) {
            if (tile.fold().accumulators().get(part.columns().get(i)).shift() == k) {
                for (int f = 0; f < shape.columnFragments(); f++) {
                    for (int r = 0; r < 4; r++) {
                        String a = name(i, f) + "[" + r + "]";
                        line(a + " = " + a + " * factor_" + r / 2 + ";");
                    }
                }
            }
        }
    }

    /**
     * Adds a tile's weighted values. A point that a row does not have must not count even where its value is no number: the rare
     * tile with one asks.
     */
    void add() {
        e.block("if (finite) {", "}", Set.of(), true, this::multiply);
        e.block("if (!finite) {", "}", Set.of(), true, this::guarded);
    }

    private void multiply() {
        int across = shape.columnFragments() / 2;
        for (int s = 0; s < shape.points() / FragmentShape.SIDE; s++) {
            String[] left = new String[part.weights().size()];
            for (int w = 0; w < left.length; w++) {
                left[w] = weights.left(w, s);
            }
            for (int i = 0; i < part.columns().size(); i++) {
                for (int c = 0; c < across; c++) {
                    String[] b = memory.columns(Side.VALUES, sum(i).value(), s * across + c);
                    String row = left[weight(i)];
                    line("context.multiply(" + name(i, 2 * c) + ", " + row + ", " + b[0] + ", " + b[1] + ");");
                    line("context.multiply(" + name(i, 2 * c + 1) + ", " + row + ", " + b[2] + ", " + b[3] + ");");
                }
            }
        }
    }

    /** The same number by number, for points with a weight alone. */
    private void guarded() {
        int each = FragmentScores.OWN * shape.pointFragments();
        for (int w = 0; w < part.weights().size(); w++) {
            for (int h = 0; h < FragmentScores.OWN; h++) {
                String all = "w" + w + "_" + h;
                line("final float[] " + all + " = new float[" + each + "];");
                for (int n = 0; n < each; n++) {
                    line(all + "[" + n + "] = " + FragmentScores.name("p", w, h, n / 2, n % 2) + ";");
                }
            }
        }
        String head = "for (int c = 0; c < " + shape.points() + "; c++) {";
        e.block(head, "}", Set.of(), false, () -> {
            // A row's four work items have the weights of two of eight neighbouring points each.
            line("final int from = lane % 4 ^ c % 8 / 2;");
            for (int w = 0; w < part.weights().size(); w++) {
                for (int h = 0; h < FragmentScores.OWN; h++) {
                    line("final float g" + w + "_" + h + " = context.simdShuffleXor(w" + w + "_" + h
                            + "[c / 8 * 2 + c % 2], from);");
                }
            }
            for (int i = 0; i < part.columns().size(); i++) {
                for (int f = 0; f < shape.columnFragments(); f++) {
                    for (int j = 0; j < FragmentScores.OWN; j++) {
                        guarded(i, f, j);
                    }
                }
            }
        });
    }

    /** Point {@code c} in one column of both rows. */
    private void guarded(int i, int f, int j) {
        String pair = e.fresh("b");
        String value = e.fresh("v");
        String at = "(c / 16 * " + shape.columnFragments() / 2 + " + " + f / 2 + ") * " + FragmentShape.RIGHT_INTS
                + " + (lane % 4 * 8 + " + 4 * j + " + c % 8 / 2) * 4 + " + f % 2 * 2 + " + c % 16 / 8";
        line("final int " + pair + " = " + memory.value(sum(i).value(), at) + ";");
        line("final float " + value + " = BFloat16.bf16ToFloat((short) (" + pair + " >> c % 2 * 16));");
        for (int h = 0; h < FragmentScores.OWN; h++) {
            String weight = "g" + weight(i) + "_" + h;
            String a = FragmentScores.element(name(i, f), h, j);
            line("if (" + weight + " != 0f) {\n" + a + " = " + a + " + " + weight + " * " + value + ";\n}");
        }
    }
}
