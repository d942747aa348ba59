package tfx.backend.tornado;

/** Products of matrices that a warp computes in fragments, and their sums as numbers of single work items. */
final class FragmentProducts {
    private static final int BYTES_LEFT = Integer.BYTES * FragmentShape.LEFT_INTS;
    private static final int BYTES_RIGHT = Integer.BYTES * FragmentShape.RIGHT_INTS;
    /** Sums of a fragment. */
    private static final int SUMS = FragmentShape.SIDE * FragmentShape.COLUMNS;

    private final Emitter e;
    private final Platform platform;
    private final int header;

    FragmentProducts(Emitter e, Platform platform) {
        this.e = e;
        this.platform = platform;
        this.header = platform.driver().header();
    }

    private void line(String text) {
        e.scope.line(text);
    }

    /** A number that a work item has of a fragment's sums. */
    interface Number {
        void take(int h, int j, String text);
    }

    /** Declares the place where sums leave their fragments; each warp has one of its own, so that none waits. */
    void allocate(FragmentShape shape) {
        line("final float[] slots = context.allocateFloatLocalArray(" + (shape.slots() + header) + ");");
        line("final int own = warp * " + SUMS + " + lane * 2 + " + header + ";");
    }

    /** Loads a warp's rows of a left factor: a fragment for each 16 terms, {@code name_0} and on. */
    void left(String name, int ints, int steps) {
        String base = e.fresh("i");
        line("final int " + base + " = " + 4 * ints + " + y * " + steps * BYTES_LEFT + ";");
        for (int s = 0; s < steps; s++) {
            line("final var " + name + "_" + s + " = context.mmaLoadA(left, 16, " + base + " + " + s * BYTES_LEFT
                    + ");");
        }
    }

    /**
     * The products of a left factor with neighbouring fragments of a right one; gives the names of their sums.
     *
     * @param begin text of the right factor's first fragment, counted in fragments
     * @param from how many fragments side by side to leave out
     * @param count fragments side by side
     * @param steps fragments of the depth
     * @param aside from one fragment to the one beside it
     * @param below from one fragment to the one with the next terms
     */
    String[] multiply(String left, String right, String begin, int from, int count, int steps, int aside, int below) {
        String base = e.fresh("i");
        line("final int " + base + " = (" + begin + ") * " + BYTES_RIGHT + ";");
        String[] sums = new String[count];
        for (int f = 0; f < count; f++) {
            sums[f] = e.fresh("c");
            line("final var " + sums[f] + " = context.mmaFragment(0f);");
        }
        // Neighbours first: a product waits for the one before with the same sums.
        for (int s = 0; s < steps; s++) {
            for (int f = 0; f < count; f++) {
                String factor = e.fresh("b");
                int offset = ((from + f) * aside + s * below) * BYTES_RIGHT;
                line("final var " + factor + " = context.mmaLoadB(" + right + ", 16, " + base + " + " + offset + ");");
                String sum = e.fresh("c");
                line("final var " + sum + " = context.mmaBF16(" + left + "_" + s + ", " + factor + ", " + sums[f]
                        + ", MMAShape.M16N8K16);");
                sums[f] = sum;
            }
        }
        return sums;
    }

    /** Hands the work item's numbers of a fragment on. */
    void take(String sums, Number number) {
        line("context.mmaStore(" + sums + ", " + platform.storage("slots") + ", warp * 16, 0, 8);");
        for (int h = 0; h < FragmentScores.OWN; h++) {
            for (int j = 0; j < FragmentScores.OWN; j++) {
                number.take(h, j, "slots[own + " + (h * SUMS / 2 + j) + "]");
            }
        }
    }
}
