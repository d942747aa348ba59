package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;

/** Memory for elements of one type, reused and grown, never shrunk. F64 lies in Java arrays, for the reference. */
final class Memory implements AutoCloseable {
    private final DeviceMemory device;
    private final ElementType type;
    private MemorySegment data = MemorySegment.NULL;
    private long capacity = -1;
    private DeviceMemory.@Nullable Room room;

    Memory(DeviceMemory device, ElementType type) {
        this.device = device;
        this.type = type;
    }

    ElementType type() {
        return type;
    }

    MemorySegment data() {
        return data;
    }

    /** How much is held now. */
    long bytes() {
        return Math.max(0, capacity) * type.bytes();
    }

    /** Room for {@code elements}; what was there is lost where it must grow. */
    MemorySegment room(long elements) {
        if (elements > capacity) {
            long larger = Math.max(Math.max(elements, 16), capacity + capacity / 2);
            close();
            capacity = larger;
            if (type == ElementType.F64) {
                data = MemorySegment.ofArray(new double[Math.toIntExact(larger)]);
            } else {
                room = device.allocate(type, larger);
                data = room.data();
            }
        }
        return data;
    }

    @Override
    public void close() {
        data = MemorySegment.NULL;
        capacity = -1;
        if (room != null) {
            room.close();
            room = null;
        }
    }
}
