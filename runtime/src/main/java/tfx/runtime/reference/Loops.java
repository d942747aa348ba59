package tfx.runtime.reference;

import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.ExplodeLoop;
import tfx.ir.Expr.Monoid;

/** Expressions that run over an index. */
final class Loops {
    private Loops() {}

    /** Adds to a running total the points of its loops, outermost first: the order of every sum of the reference. */
    abstract static class Loop extends ExprNode {
        abstract double continued(VirtualFrame frame, double total);

        @Override
        final double execute(VirtualFrame frame) {
            throw new IllegalStateException("a loop continues a total");
        }
    }

    /** One reduction: the identity, continued by its outermost loop. */
    static final class Reduce extends ExprNode {
        private final Monoid monoid;

        @Child
        private Loop loop;

        Reduce(Monoid monoid, Loop loop) {
            this.monoid = monoid;
            this.loop = loop;
        }

        @Override
        double execute(VirtualFrame frame) {
            return loop.continued(frame, monoid.identity());
        }
    }

    static final class Outer extends Loop {
        private final int slot;
        private final int extent;

        @Child
        private Loop inner;

        Outer(int slot, int extent, Loop inner) {
            this.slot = slot;
            this.extent = extent;
            this.inner = inner;
        }

        @Override
        double continued(VirtualFrame frame, double total) {
            double result = total;
            for (int i = 0; i < extent; i++) {
                frame.setLongStatic(slot, i);
                result = inner.continued(frame, result);
            }
            return result;
        }
    }

    /** What stands inside all loops of a reduction: the point, if the domain admits it. */
    static final class Point extends Loop {
        private final Monoid monoid;

        /** Null where everything is admitted. */
        @Child
        private ExprNode domain;

        @Child
        private ExprNode body;

        Point(Monoid monoid, ExprNode domain, ExprNode body) {
            this.monoid = monoid;
            this.domain = domain;
            this.body = body;
        }

        @Override
        double continued(VirtualFrame frame, double total) {
            return domain == null || domain.holds(frame) ? Operators.apply(monoid, total, body.execute(frame)) : total;
        }
    }

    /**
     * The innermost loop of a sum of products of two elements whose places move by a constant: the same additions in the
     * same order as {@link Outer} around {@link Point}, without evaluating the indices anew for each.
     */
    static final class Products extends Loop {
        private final int slot;
        private final int extent;
        private final int leftAxis;
        private final int leftFactor;
        private final int rightAxis;
        private final int rightFactor;

        @Child
        private ExprNode domain;

        @Child
        private ReadNode left;

        @Child
        private ReadNode right;

        /** The axis of a read is the one dimension whose index is {@code factor} times the loop's index plus a constant. */
        Products(
                int slot, int extent, ExprNode domain, ReadNode left, int[] leftMove, ReadNode right, int[] rightMove) {
            this.slot = slot;
            this.extent = extent;
            this.domain = domain;
            this.left = left;
            this.right = right;
            this.leftAxis = leftMove[0];
            this.leftFactor = leftMove[1];
            this.rightAxis = rightMove[0];
            this.rightFactor = rightMove[1];
        }

        @Override
        double continued(VirtualFrame frame, double total) {
            double[] a = null;
            double[] b = null;
            double aIndex = 0;
            double bIndex = 0;
            int aBase = 0;
            int bBase = 0;
            int aStride = left.stride(leftAxis);
            int bStride = right.stride(rightAxis);
            double result = total;
            for (int i = 0; i < extent; i++) {
                frame.setLongStatic(slot, i);
                if (domain != null && !domain.holds(frame)) {
                    continue;
                }
                // Only at an admitted point: elsewhere the other indices, too, may lie outside.
                if (a == null) {
                    a = left.data(frame);
                    b = right.data(frame);
                    aIndex = left.index(frame, leftAxis) - (double) i * leftFactor;
                    bIndex = right.index(frame, rightAxis) - (double) i * rightFactor;
                    aBase = left.offsetWithout(frame, leftAxis);
                    bBase = right.offsetWithout(frame, rightAxis);
                }
                int aAt = left.place(aIndex + (double) i * leftFactor, leftAxis);
                int bAt = right.place(bIndex + (double) i * rightFactor, rightAxis);
                result += a[aBase + aAt * aStride] * b[bBase + bAt * bStride];
            }
            return result;
        }
    }

    /**
     * Several reductions over one index. Here by their meaning, not by rescaling: each accumulator is reduced completely
     * before a later one reads it, so that the running maximum is the final one throughout; 0 in its place where
     * it is -inf. Over an empty domain 0.
     */
    static final class Fold extends ExprNode {
        private final int slot;
        private final int extent;
        private final Monoid[] monoids;
        private final int[] accumulators;
        private final int[] shifts;

        @Child
        private ExprNode domain;

        @Children
        private final ExprNode[] bodies;

        @Child
        private ExprNode result;

        Fold(
                int slot,
                int extent,
                ExprNode domain,
                Monoid[] monoids,
                int[] accumulators,
                int[] shifts,
                ExprNode[] bodies,
                ExprNode result) {
            this.slot = slot;
            this.extent = extent;
            this.domain = domain;
            this.monoids = monoids;
            this.accumulators = accumulators;
            this.shifts = shifts;
            this.bodies = bodies;
            this.result = result;
        }

        @Override
        @ExplodeLoop
        double execute(VirtualFrame frame) {
            boolean admitted = false;
            for (int k = 0; k < bodies.length; k++) {
                admitted |= accumulate(frame, k);
            }
            return admitted ? result.execute(frame) : 0;
        }

        /** Computes one accumulator; false where the domain is empty. */
        private boolean accumulate(VirtualFrame frame, int k) {
            boolean admitted = false;
            double total = monoids[k].identity();
            double peak = shifts[k] < 0 ? 0 : frame.getDoubleStatic(accumulators[shifts[k]]);
            if (peak == Double.NEGATIVE_INFINITY) {
                frame.setDoubleStatic(accumulators[shifts[k]], 0);
            }
            for (int i = 0; i < extent; i++) {
                frame.setLongStatic(slot, i);
                if (domain == null || domain.holds(frame)) {
                    admitted = true;
                    total = Operators.apply(monoids[k], total, bodies[k].execute(frame));
                }
            }
            if (shifts[k] >= 0) {
                frame.setDoubleStatic(accumulators[shifts[k]], peak);
            }
            frame.setDoubleStatic(accumulators[k], total);
            return admitted;
        }
    }
}
