package tfx.backend.cpu;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/** How a read moves through memory as indices grow. */
final class Access {
    private Access() {}

    /**
     * Elements from one value of an index to the next.
     *
     * @param constant how many, or -1 where it is known at run time only
     */
    record Step(long constant, String text) {
        static final Step NONE = new Step(0, "0L");
    }

    /** The step of {@code r} along {@code index}, or null where it is not the same everywhere. */
    static @Nullable Step step(Analysis analysis, Operands operands, Expr.Read r, Index index) {
        long constant = 0;
        boolean known = true;
        StringBuilder text = new StringBuilder();
        for (int d = 0; d < r.at().size(); d++) {
            Expr at = r.at().get(d);
            if (!analysis.mentions(at, index)) {
                continue;
            }
            Long factor = analysis.kind(at) == Analysis.Kind.LONG ? analysis.factor(analysis.linear(at), index) : null;
            if (factor == null) {
                return null;
            }
            long stride = operands.stride(r.value(), d);
            known &= stride >= 0;
            constant += factor * stride;
            text.append(text.isEmpty() ? "" : " + ")
                    .append(factor)
                    .append("L * ")
                    .append(operands.strideText(r.value(), d));
        }
        return text.isEmpty() ? Step.NONE : known ? new Step(constant, constant + "L") : new Step(-1, "(" + text + ")");
    }

    /** Whether walking {@code indices}, the last fastest, is one walk of a constant step. */
    static boolean isOneWalk(Analysis analysis, Operands operands, Expr.Read r, List<Index> indices) {
        long expected = -1;
        for (Index index : indices.reversed()) {
            Step step = step(analysis, operands, r, index);
            if (step == null || step.constant() < 0 || (expected >= 0 && step.constant() != expected)) {
                return false;
            }
            expected = step.constant() * index.size().constant();
        }
        return true;
    }

    /** The address of {@code r} with the indices {@code zero} at 0 and all others as they are named here. */
    static String address(Emitter e, Expr.Read r, Set<Index> zero) {
        Map<Index, String> before = new HashMap<>();
        for (Index index : zero) {
            before.put(index, e.names.put(index, "0L"));
        }
        String text = e.scalars.place(r);
        before.forEach((index, name) -> {
            if (name == null) {
                e.names.remove(index);
            } else {
                e.names.put(index, name);
            }
        });
        return text;
    }
}
