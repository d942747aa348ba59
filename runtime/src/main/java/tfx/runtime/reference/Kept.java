package tfx.runtime.reference;

import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.ExplodeLoop;

/** A reduction that is computed again only where an index it depends on has moved: a softmax's sum once a row, not at every element. */
final class Kept extends ExprNode {
    private final int[] indices;
    private final int[] at;
    private final int computed;
    private final int result;

    @Child
    private ExprNode reduction;

    /**
     * @param indices slots of the indices that the reduction depends on
     * @param at slots for their values at its last computation
     * @param computed slot that is 0 before the first
     * @param result slot for what it gave
     */
    Kept(int[] indices, int[] at, int computed, int result, ExprNode reduction) {
        this.indices = indices;
        this.at = at;
        this.computed = computed;
        this.result = result;
        this.reduction = reduction;
    }

    @Override
    double execute(VirtualFrame frame) {
        if (!same(frame)) {
            double value = reduction.execute(frame);
            keep(frame, value);
        }
        return frame.getDoubleStatic(result);
    }

    @ExplodeLoop
    private boolean same(VirtualFrame frame) {
        boolean same = frame.getLongStatic(computed) != 0;
        for (int k = 0; k < indices.length; k++) {
            same &= frame.getLongStatic(at[k]) == frame.getLongStatic(indices[k]);
        }
        return same;
    }

    @ExplodeLoop
    private void keep(VirtualFrame frame, double value) {
        for (int k = 0; k < indices.length; k++) {
            frame.setLongStatic(at[k], frame.getLongStatic(indices[k]));
        }
        frame.setDoubleStatic(result, value);
        frame.setLongStatic(computed, 1);
    }
}
