package tfx.compiler.passes;

import org.jspecify.annotations.Nullable;
import tfx.ir.Size;
import tfx.ir.Value;

/** What is known of weights when a program is compiled. */
@FunctionalInterface
public interface Known {
    Known NOTHING = parameter -> null;

    /** Parameters with more elements are not looked into. */
    long MOST_ELEMENTS = 1 << 16;

    /** All elements, row-major; null where they are not known or are too many. */
    double @Nullable [] elements(Value.Parameter parameter);

    /** Whether a parameter is small enough to be looked into. */
    static boolean small(Value.Parameter parameter) {
        long elements = 1;
        for (Size size : parameter.shape()) {
            elements *= Math.min(MOST_ELEMENTS + 1, size.constant());
            if (elements > MOST_ELEMENTS) {
                return false;
            }
        }
        return true;
    }
}
