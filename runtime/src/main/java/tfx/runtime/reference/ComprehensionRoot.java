package tfx.runtime.reference;

import com.oracle.truffle.api.RootCallTarget;
import com.oracle.truffle.api.frame.FrameDescriptor;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.RootNode;
import tfx.compiler.schedule.Workers;

/** The loop over the elements of one value; called with the first and past-the-last element, in row-major order, to compute. */
final class ComprehensionRoot extends RootNode {
    /** Elements are computed in runs of this many at least, so that tiny values cost no hand-over. */
    private static final int ELEMENTS_PER_PART = 256;

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

    /** Computes all elements; each is computed by one thread alone, whatever their number. */
    void fill(int elements, Workers workers) {
        int parts = Math.clamp(elements / ELEMENTS_PER_PART, 1, 8 * workers.count());
        RootCallTarget target = getCallTarget();
        workers.forEach(
                parts,
                part -> target.call(
                        (int) ((long) elements * part / parts), (int) ((long) elements * (part + 1) / parts)));
    }

    @Override
    public Object execute(VirtualFrame frame) {
        int from = (int) frame.getArguments()[0];
        int to = (int) frame.getArguments()[1];
        int[] extents = output.extents();
        int[] strides = output.strides();
        double[] data = output.data();
        for (int element = from; element < to; element++) {
            int rest = element;
            int place = output.offset();
            for (int k = slots.length - 1; k >= 0; k--) {
                int index = rest % extents[k];
                frame.setLongStatic(slots[k], index + output.originOf(k));
                place += index * strides[k];
                rest /= extents[k];
            }
            data[place] = domain == null || domain.holds(frame) ? body.execute(frame) : 0;
        }
        return output;
    }

    @Override
    public String getName() {
        return name;
    }
}
