package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;

/** Where a value of a session lies from step to step. */
final class Home {
    private final Value value;
    private final int number;
    private final int axis;
    private final @Nullable String symbol;
    private final ElementType type;
    private final int copies;
    private final boolean output;
    private final int slot;
    private final @Nullable Cache cache;
    private final boolean fixed;

    private @Nullable Layout last;

    /**
     * @param number the value's among the tensors
     * @param axis its dimension of sequence length, or -1
     * @param symbol the sequence length's
     * @param output whether the caller reads it after a step
     * @param slot of memory shared with others; -1 where there is a cache
     */
    Home(
            Value value,
            int number,
            int axis,
            @Nullable String symbol,
            ElementType type,
            int copies,
            boolean output,
            int slot,
            @Nullable Cache cache) {
        this.value = value;
        this.number = number;
        this.axis = axis;
        this.symbol = symbol;
        this.type = type;
        this.copies = copies;
        this.output = output;
        this.slot = slot;
        this.cache = cache;
        boolean constant = true;
        for (int k = 0; k < value.shape().size(); k++) {
            constant &= k == axis || value.shape().get(k).isConstant();
        }
        this.fixed = constant;
    }

    int number() {
        return number;
    }

    int axis() {
        return axis;
    }

    ElementType type() {
        return type;
    }

    boolean output() {
        return output;
    }

    int slot() {
        return slot;
    }

    @Nullable
    Cache cache() {
        return cache;
    }

    /** Whether only the number of rows differs between steps. */
    boolean fixed() {
        return fixed;
    }

    /** Of {@code rows} rows up to {@code end}: the one of the step before where that had as many. */
    Layout layout(long rows, long end) {
        Layout layout = last;
        if (layout == null || layout.rows() != rows || !fixed) {
            layout = Layout.of(value, axis, rows, symbol, end);
            last = layout;
        }
        return layout;
    }

    /** Elements for the whole batch. */
    long elements(Layout layout) {
        return layout.elements() * copies;
    }

    /** The rows from {@code first} on. */
    Tensor tensor(MemorySegment data, Layout layout, long first) {
        return new Tensor(
                data,
                type,
                layout.extents(),
                layout.strides(),
                0,
                copies == 1 ? 0 : layout.elements(),
                axis < 0 ? 0 : first,
                axis);
    }
}
