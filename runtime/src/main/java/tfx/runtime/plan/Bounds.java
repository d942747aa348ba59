package tfx.runtime.plan;

import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * What a compiled kernel does not check as it runs: that ids lie inside the tables they look up, and that no position lies
 * beyond a table of positions.
 */
final class Bounds {
    private final Map<Value.Input, Long> ids = new IdentityHashMap<>();
    private final @Nullable String length;
    private long longest = Long.MAX_VALUE;

    Bounds(Schedule schedule) {
        length = schedule.length();
        for (Kernel kernel : schedule.kernels()) {
            Exprs.forEach(kernel.output().body(), this::look);
        }
    }

    private void look(Expr expr) {
        if (!(expr instanceof Expr.Read read)) {
            return;
        }
        for (int k = 0; k < read.at().size(); k++) {
            Size size = read.value().shape().get(k);
            if (!size.isConstant()) {
                continue;
            }
            if (read.at().get(k) instanceof Expr.Read id && id.value() instanceof Value.Input input) {
                ids.merge(input, size.constant(), Math::min);
            }
            if (length != null
                    && read.at().get(k) instanceof Expr.At at
                    && at.index().size().equals(Size.symbol(length))) {
                longest = Math.min(longest, size.constant());
            }
        }
    }

    /** The most positions that the model's tables of positions hold; {@link Long#MAX_VALUE} where it has none. */
    long longest() {
        return longest;
    }

    void check(Value.Input input, double[] given) {
        Long bound = ids.get(input);
        boolean integer = input.kind() == Value.Kind.INTEGER;
        for (double id : given) {
            if ((integer && id != Math.rint(id)) || (bound != null && !(id >= 0 && id < bound))) {
                throw new TfxException(Diagnostic.error(
                        "TFX0501",
                        input.name(),
                        "id " + (id == Math.rint(id) ? Long.toString((long) id) : Double.toString(id))
                                + (bound == null ? " is not an integer" : " is outside 0 .. " + bound),
                        "give ids below the size of the table they look up"));
            }
        }
    }

    void check(long end) {
        if (end > longest) {
            throw new TfxException(Diagnostic.error(
                    "TFX0505",
                    "length",
                    "the sequence would have " + end + " positions, the model's tables hold " + longest,
                    "give fewer positions"));
        }
    }
}
