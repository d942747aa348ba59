package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import tfx.ir.Index;

/**
 * How many values an output index takes in a step: its size, or the step's positions.
 *
 * @param text an int expression
 */
record Extent(Index index, boolean stepped, String text, Emitter emitter) {

    static List<Extent> of(Emitter e, List<Index> indices) {
        List<Extent> all = new ArrayList<>();
        for (Index index : indices) {
            boolean stepped = e.operands.stepped(indices, index);
            String text = stepped
                    ? "(" + e.operands.record.end() + " - " + e.operands.record.start() + ")"
                    : e.operands.size(index.size());
            all.add(new Extent(index, stepped, text, e));
        }
        return all;
    }

    /** The same on the host. */
    long length(CallRecord.Call call) {
        return stepped
                ? call.step().end() - call.step().start()
                : Math.max(0, index.size().evaluate(call.lengths()));
    }

    /** How many elements of such indices a position of a sequence has. */
    static long ofPosition(List<Extent> extents, CallRecord.Call call) {
        long elements = 1;
        for (Extent extent : extents) {
            elements = Math.multiplyExact(elements, extent.stepped ? 1 : extent.length(call));
        }
        return elements;
    }

    /** The index's value from its number among those of the step. */
    String absolute(String number) {
        return stepped ? number + " + " + emitter.operands.record.start() : number;
    }
}
