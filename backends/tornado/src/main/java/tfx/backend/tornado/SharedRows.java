package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Tensor;

/** Finds factors of rows that need not be written again in a step: queries, keys and values are products of the same ones. */
final class SharedRows {
    private @Nullable List<Object> last;
    private long[] read = {};

    /** Whether a task about to run writes the factors that are there. */
    boolean written(@Nullable Cut cut, Role role, CallRecord.Call arguments) {
        Tensor[] tensors = arguments.tensors();
        boolean rows = cut != null && role.kind() == Role.Kind.ROWS;
        if (!rows) {
            long into = tensors[tensors.length - 1].data().address();
            if (Arrays.stream(read).anyMatch(address -> address == into)) {
                last = null;
            }
            return false;
        }
        Template template = cut.factors().get(role.factor()).rows().template();
        List<Object> now = List.of(
                template.key(),
                Arrays.toString(template.literals()),
                Arrays.toString(arguments.bases()),
                arguments.step());
        boolean same = now.equals(last);
        last = now;
        read = Arrays.stream(tensors)
                .mapToLong(tensor -> tensor.data().address())
                .toArray();
        return same;
    }
}
