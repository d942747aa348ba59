package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds factors of rows that need not be written again in a step: queries, keys and values are products of the same ones. */
final class SharedRows {
    private @Nullable List<Object> last;

    /** Whether a task about to run writes the factors that are there. */
    boolean written(@Nullable Cut cut, Role role, CallRecord.Call arguments) {
        if (cut == null || role.kind() != Role.Kind.ROWS) {
            return false;
        }
        // By the values and not by where they lie: in a step a place is the next value's when one was read last.
        Template template = cut.factors().get(role.factor()).rows().template();
        List<Object> now = List.of(
                template.key(),
                Arrays.toString(template.literals()),
                template.request().kernel().operands(),
                arguments.step());
        boolean same = now.equals(last);
        last = now;
        return same;
    }
}
