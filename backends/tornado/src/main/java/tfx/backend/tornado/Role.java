package tfx.backend.tornado;

/**
 * What a task computes of its kernel.
 *
 * @param factor of those a product's kernel is cut into, where it writes the rows of one; else 0
 */
record Role(Kind kind, int factor) {
    /** The ways a kernel is taken apart. */
    enum Kind {
        /** All of it. */
        WHOLE,
        /** Of a {@link Cut}: the rows of a factor. */
        ROWS,
        /** What is left of it behind the products. */
        REST,
        /** Of a {@link Split}: stretches of points. */
        STRETCHES,
        /** Their join. */
        JOIN,
        /** Of {@link Packed}: the fold's factors as fragments. */
        FACTORS,
        /** The fold of them. */
        FRAGMENTS
    }

    static final Role WHOLE = new Role(Kind.WHOLE, 0);
    static final Role REST = new Role(Kind.REST, 0);
    static final Role STRETCHES = new Role(Kind.STRETCHES, 0);
    static final Role JOIN = new Role(Kind.JOIN, 0);
    static final Role FACTORS = new Role(Kind.FACTORS, 0);
    static final Role FRAGMENTS = new Role(Kind.FRAGMENTS, 0);

    static Role rows(int factor) {
        return new Role(Kind.ROWS, factor);
    }
}
