package tfx.runtime.plan;

import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;

/**
 * The rows of one value that later steps read, of every sequence of the batch. Grows by halves; where readers reach back a
 * bounded number of rows, older ones are dropped when room is needed.
 */
final class Cache implements AutoCloseable {
    private final DeviceMemory device;
    private final Value value;
    private final int axis;
    private final @Nullable String symbol;
    private final long past;
    private final int copies;
    private final ElementType type;
    private Memory memory;
    /** With as many rows as there is room for; null before the first. */
    private @Nullable Layout layout;

    private long origin;
    private long end;
    private long moves;

    /** @param copies sequences in the batch; 1 where the value is the same for all, and then without a batch stride */
    Cache(
            DeviceMemory device,
            Value value,
            Placement placement,
            @Nullable String symbol,
            ElementType type,
            int copies) {
        this.device = device;
        this.value = value;
        this.axis = placement.sequenceAxis();
        this.symbol = symbol;
        this.past = placement.past();
        this.type = type;
        this.copies = copies;
        this.memory = new Memory(device, type);
    }

    /** Makes room for rows up to {@code to}; of the earlier ones those stay that rows from {@code from} on may read. */
    void reserve(long from, long to) {
        if (to - origin > capacity()) {
            long keep = past == Placement.ALL ? 0 : Math.max(origin, from - past);
            long wanted = to - keep;
            if (wanted * 2 <= capacity()) {
                move(capacity(), keep, from);
            } else {
                move(Math.max(device.rows(), past == Placement.ALL ? wanted + wanted / 2 : 3 * wanted), keep, from);
            }
        }
        end = to;
    }

    /** The rows up to the last that there was made room for. */
    Tensor tensor() {
        return tensor(memory, layout, origin, end);
    }

    /** How often the rows have moved to another place. */
    long moves() {
        return moves;
    }

    private void move(long rows, long keep, long from) {
        Memory larger = new Memory(device, type);
        Layout wider = rows == capacity() ? layout : Layout.of(value, axis, rows, symbol, rows);
        Tensor before = layout == null ? null : tensor(memory, layout, origin, end);
        Tensor after = tensor(larger, wider, keep, from);
        if (before != null && from > keep) {
            device.read(before);
            Tensors.copyRows(before, after, axis, keep, from, copies);
            device.written(after);
        }
        memory.close();
        memory = larger;
        layout = wider;
        origin = keep;
        moves++;
    }

    private Tensor tensor(Memory in, Layout layout, long first, long last) {
        long[] held = layout.extents().clone();
        held[axis] = last - first;
        return new Tensor(
                in.room(layout.elements() * copies),
                type,
                held,
                layout.strides(),
                0,
                copies == 1 ? 0 : layout.elements(),
                first,
                axis);
    }

    private long capacity() {
        return layout == null ? 0 : layout.rows();
    }

    long bytes() {
        return memory.bytes();
    }

    void reset() {
        origin = 0;
        end = 0;
    }

    @Override
    public void close() {
        memory.close();
    }
}
