package tfx.runtime.reference;

import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.ExplodeLoop;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** An element of a stored value, every index checked. A stack is read by choosing the part, then the element. */
final class ReadNode extends ExprNode {
    private final String name;
    private final Stored[] parts;
    private final int start;
    private final int[] strides;
    private final int[] extents;
    private final int[] origins;

    /** The part's number; null where there is one value only. */
    @Child
    private ExprNode part;

    @Children
    private final ExprNode[] at;

    ReadNode(String name, Stored[] parts, ExprNode part, ExprNode[] at) {
        this.name = name;
        this.parts = parts;
        this.part = part;
        this.at = at;
        this.strides = parts[0].strides();
        this.start = parts[0].offset();
        this.extents = parts[0].extents();
        this.origins = new int[at.length];
        for (int k = 0; k < at.length; k++) {
            origins[k] = parts[0].originOf(k);
        }
    }

    @Override
    double execute(VirtualFrame frame) {
        return data(frame)[offset(frame)];
    }

    /** The array that holds the element. */
    double[] data(VirtualFrame frame) {
        return part == null ? parts[0].data() : parts[checked(part.execute(frame), parts.length, 0)].data();
    }

    /** The element's place in {@link #data}. */
    @ExplodeLoop
    int offset(VirtualFrame frame) {
        int offset = start;
        for (int k = 0; k < at.length; k++) {
            offset += checked(at[k].execute(frame), extents[k], origins[k]) * strides[k];
        }
        return offset;
    }

    /** The element's place less what dimension {@code free} adds to it. */
    @ExplodeLoop
    int offsetWithout(VirtualFrame frame, int free) {
        int offset = start;
        for (int k = 0; k < at.length; k++) {
            if (k != free) {
                offset += checked(at[k].execute(frame), extents[k], origins[k]) * strides[k];
            }
        }
        return offset;
    }

    double index(VirtualFrame frame, int dimension) {
        return at[dimension].execute(frame);
    }

    int stride(int dimension) {
        return strides[dimension];
    }

    int place(double index, int dimension) {
        return checked(index, extents[dimension], origins[dimension]);
    }

    private int checked(double index, int extent, int origin) {
        double place = index - origin;
        if (!(place >= 0 && place < extent)) {
            throw outside(index, origin, extent);
        }
        return (int) place;
    }

    @TruffleBoundary
    private TfxException outside(double index, int origin, int extent) {
        return new TfxException(Diagnostic.error(
                "TFX0501",
                name,
                "index " + (index == Math.rint(index) ? Long.toString((long) index) : Double.toString(index))
                        + " is outside " + origin + " .. " + (origin + extent),
                "give ids below the size of the table they look up, and no more positions than the context"));
    }
}
