package tfx.equivalence;

import java.util.List;

/**
 * Everything a generated program is made of: numbers, read by {@link SourceWriter} modulo the choices that are open at the
 * place. So every draw is a valid program, and a shrunk draw too: 0 is the simplest choice everywhere.
 *
 * @param sizes of the dimensions d, e, g (key/value heads), f and the number of ids v, as numbers into {@link #SIZES}
 * @param group query heads per key/value head, less one
 * @param layers how often {@code inner} is repeated
 * @param before, inner, after stages, each on what those before it made
 */
record Draw(List<Integer> sizes, int group, int layers, List<Stage> before, List<Stage> inner, List<Stage> after) {
    static final int[] SIZES = {2, 1, 3, 7, 4, 8, 31, 17};

    /**
     * One statement or a few.
     *
     * @param kind which
     * @param on which of the values made so far, from the last
     * @param a, b, c further choices, each as the kind takes it
     */
    record Stage(int kind, int on, int a, int b, int c) {}

    /** The program's text. */
    String source() {
        return new SourceWriter(this).text();
    }

    @Override
    public String toString() {
        return "\n" + source();
    }
}
