package tfx.runtime.reference;

import com.oracle.truffle.api.frame.FrameDescriptor;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.RootNode;

/** The loop over the elements of one value; called with the first and past-the-last element, in storage order, to compute. */
final class ComprehensionRoot extends RootNode {
    private final String name;
    private final Stored output;
    private final int[] slots;

    @Child
    private ExprNode domain;

    @Child
    private ExprNode body;

    ComprehensionRoot(FrameDescriptor frame, String name, Stored output, int[] slots, ExprNode domain, ExprNode body) {
        super(null, frame);
        this.name = name;
        this.output = output;
        this.slots = slots;
        this.domain = domain;
        this.body = body;
    }

    @Override
    public Object execute(VirtualFrame frame) {
        int from = (int) frame.getArguments()[0];
        int to = (int) frame.getArguments()[1];
        int[] extents = output.extents();
        double[] data = output.data();
        for (int element = from; element < to; element++) {
            int rest = element;
            for (int k = slots.length - 1; k >= 0; k--) {
                frame.setLongStatic(slots[k], rest % extents[k] + output.originOf(k));
                rest /= extents[k];
            }
            data[element] = domain == null || domain.holds(frame) ? body.execute(frame) : 0;
        }
        return output;
    }

    @Override
    public String getName() {
        return name;
    }
}
