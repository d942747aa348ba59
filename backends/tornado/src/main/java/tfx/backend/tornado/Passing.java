package tfx.backend.tornado;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Value;

/**
 * How values and sums pass between the kernels of a form.
 *
 * @param handovers by the value that is handed over
 * @param joined by each of the factors that are joined
 */
record Passing(Map<Value, Handover> handovers, Map<Joined.Factor, Joined> joined) {
    static final Passing NONE = new Passing(Map.of(), Map.of());

    /** The rows of a factor where they are handed over as such. */
    @Nullable
    Handover rows(Cut.Factor factor) {
        Handover handover = factor.value() == null ? null : handovers.get(factor.value());
        return handover == null || handover.product() ? null : handover;
    }
}
