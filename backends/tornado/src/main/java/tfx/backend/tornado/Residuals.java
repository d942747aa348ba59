package tfx.backend.tornado;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.ir.Value;

/**
 * Values that are another with products added, where the other is not read again: a library adds such products to the other
 * where it lies. Each is the next of a chain of values that have one place; a residual stream is one.
 */
final class Residuals {
    /** The last kernel that reads a value. */
    private final Map<Value, Integer> until = new IdentityHashMap<>();

    private final Map<Value, Value> before = new IdentityHashMap<>();
    private final Map<Value, Value> next = new IdentityHashMap<>();

    /**
     * Adds a kernel behind those there are, whose output may share a place: rows of numbers that lie side by side for all its
     * readers.
     *
     * @param readers of the output, in order
     */
    void add(int number, Numbered kernel, List<Integer> readers) {
        Value value = kernel.output();
        until.put(value, readers.getLast());
        Value onto = kernel.cut() == null ? null : kernel.cut().onto();
        if (onto != null && until.getOrDefault(onto, -1) == number) {
            before.put(value, onto);
            next.put(onto, value);
        }
    }

    boolean contains(Value value) {
        return before.containsKey(value) || next.containsKey(value);
    }

    /** The value that products are added to; null for the first of a chain. */
    @Nullable
    Value onto(Value value) {
        return before.get(value);
    }

    /** The last kernel that reads any value of a chain. */
    int last(Value value) {
        int last = until.get(value);
        for (Value v = next.get(value); v != null; v = next.get(v)) {
            last = Math.max(last, until.get(v));
        }
        return last;
    }
}
