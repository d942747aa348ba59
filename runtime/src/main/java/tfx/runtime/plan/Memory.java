package tfx.runtime.plan;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;

/** Memory for elements of one type, reused and grown, never shrunk. F64 lies in Java arrays, for the reference. */
final class Memory implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    private final ElementType type;
    private MemorySegment data = MemorySegment.NULL;
    private long capacity = -1;
    private @Nullable Arena arena;

    Memory(ElementType type) {
        this.type = type;
    }

    ElementType type() {
        return type;
    }

    MemorySegment data() {
        return data;
    }

    /** Room for {@code elements}; what was there is lost where it must grow. */
    @SuppressWarnings("MustBeClosedChecker") // closed with this, or when it grows
    MemorySegment room(long elements) {
        if (elements > capacity) {
            long larger = Math.max(Math.max(elements, 16), capacity + capacity / 2);
            close();
            capacity = larger;
            if (type == ElementType.F64) {
                data = MemorySegment.ofArray(new double[Math.toIntExact(larger)]);
            } else {
                arena = Arena.ofShared();
                data = arena.allocate(larger * type.bytes(), ALIGNMENT);
            }
        }
        return data;
    }

    @Override
    public void close() {
        data = MemorySegment.NULL;
        capacity = -1;
        if (arena != null) {
            arena.close();
            arena = null;
        }
    }
}
