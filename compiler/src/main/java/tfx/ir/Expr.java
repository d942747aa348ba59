package tfx.ir;

import java.util.List;

/**
 * A scalar expression over index variables and reads of values. Numbers are one type: an index, a truth value (0 or 1)
 * and a real differ only by where they stand. Records compare structurally, except that {@link Index} and {@link Value}
 * compare by identity.
 */
public sealed interface Expr {
    Expr TRUE = new Number(1);
    Expr FALSE = new Number(0);

    /** A literal. */
    record Number(double value) implements Expr {}

    /** The current value of an index variable. */
    record At(Index index) implements Expr {}

    /** A length as a number, as in the divisor of a mean. */
    record Length(Size size) implements Expr {}

    /**
     * An element of a value: one integer expression per dimension of it. An expression that reads an INTEGER input may
     * stand in {@code at} (a gather); an index outside the value is an error of the input, found before the run.
     */
    record Read(Value value, List<Expr> at) implements Expr {
        public Read {
            at = List.copyOf(at);
        }
    }

    record Unary(UnaryOp op, Expr operand) implements Expr {}

    record Binary(BinaryOp op, Expr left, Expr right) implements Expr {}

    /** {@code condition ? then : otherwise}; only the chosen side is evaluated. */
    record Select(Expr condition, Expr then, Expr otherwise) implements Expr {}

    /**
     * The reduction of {@code body} over the points of {@code indices} that {@code domain} admits; over none, the monoid's
     * identity (0 for SUM, -inf for MAX ...).
     */
    record Reduce(Monoid monoid, List<Index> indices, Expr domain, Expr body) implements Expr {
        public Reduce {
            indices = List.copyOf(indices);
        }
    }

    /**
     * Several reductions over one index in a single pass, as derived by reduction fusion. A {@code rescaled} accumulator i
     * (SUM) with {@code shift = j} holds {@code sum exp(x - M) * w} where M is the running value of accumulator j (a MAX over
     * the same domain): its body is written with {@link Accumulated}{@code (j)} in the place of M and the engine multiplies it
     * by {@code exp(M_old - M_new)} whenever M grows. {@code result} is evaluated after the pass and reads accumulators by
     * {@link Accumulated}. Meaning is scalar: an engine shares among output elements what does not depend on them.
     * Over an empty domain the value is 0. While the running maximum is still -inf (every x so far was), engines take 0 in
     * its place in the shifted bodies, so that such points add exp(-inf) = 0 and not NaN.
     */
    record Fold(Index index, Expr domain, List<Accumulator> accumulators, Expr result) implements Expr {
        public Fold {
            accumulators = List.copyOf(accumulators);
        }
    }

    /** One accumulator of a {@link Fold}; {@code shift} is the number of its running maximum or -1. */
    record Accumulator(Monoid monoid, Expr body, int shift) {}

    /** The running (in a later accumulator's body) or final (in the result) value of accumulator {@code number}. */
    record Accumulated(int number) implements Expr {}

    enum UnaryOp {
        NEG,
        NOT,
        EXP,
        LOG,
        SQRT,
        RSQRT,
        SIN,
        COS,
        TANH,
        ERF,
        ABS,
        FLOOR
    }

    /** DIV is real division; FLOORDIV and MOD are floored and meant for integers; comparisons and AND, OR give 0 or 1. */
    enum BinaryOp {
        ADD,
        SUB,
        MUL,
        DIV,
        POW,
        MIN,
        MAX,
        FLOORDIV,
        MOD,
        LT,
        LE,
        EQ,
        NE,
        AND,
        OR
    }

    enum Monoid {
        SUM(0),
        PRODUCT(1),
        MAX(Double.NEGATIVE_INFINITY),
        MIN(Double.POSITIVE_INFINITY);

        private final double identity;

        Monoid(double identity) {
            this.identity = identity;
        }

        public double identity() {
            return identity;
        }
    }
}
