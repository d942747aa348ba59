package tfx.backend.tornado;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Value;

/**
 * How values and sums pass between the kernels of a form.
 *
 * @param handovers by the value that is handed over
 * @param joined by each of the factors that are joined
 */
record Passing(Map<Value, Handover> handovers, Map<Joined.Factor, Joined> joined) {
    static final Passing NONE = new Passing(Map.of(), Map.of());

    /** Whether the products of a kernel are added to a value where it lies, which is its output then. */
    boolean adds(Numbered kernel) {
        return Handover.adds(kernel.output(), handovers);
    }

    /** The type in which the products of a kernel come. */
    ElementType sums(Numbered kernel) {
        return Handover.sums(kernel, handovers);
    }

    /** The rows of a factor where they are handed over as such. */
    @Nullable
    Handover rows(Cut.Factor factor) {
        Handover handover = factor.value() == null ? null : handovers.get(factor.value());
        return handover != null && handover.kind() == Handover.Kind.ROWS ? handover : null;
    }
}
