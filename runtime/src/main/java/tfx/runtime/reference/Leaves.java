package tfx.runtime.reference;

import com.oracle.truffle.api.frame.VirtualFrame;

/** Expressions without operands. */
final class Leaves {
    private Leaves() {}

    static final class Constant extends ExprNode {
        final double value;

        Constant(double value) {
            this.value = value;
        }

        @Override
        double execute(VirtualFrame frame) {
            return value;
        }
    }

    /** An index variable. */
    static final class Index extends ExprNode {
        private final int slot;

        Index(int slot) {
            this.slot = slot;
        }

        @Override
        double execute(VirtualFrame frame) {
            return frame.getLongStatic(slot);
        }
    }

    /** An accumulator of the enclosing fold. */
    static final class Accumulated extends ExprNode {
        private final int slot;

        Accumulated(int slot) {
            this.slot = slot;
        }

        @Override
        double execute(VirtualFrame frame) {
            return frame.getDoubleStatic(slot);
        }
    }
}
