package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import tfx.compiler.schedule.ElementType;

/**
 * A large array in which many tensors lie, so that a kernel has few arguments however much it reads. First fit; the freed
 * joins its free neighbours.
 */
final class Slab {
    /** How the numbers in it come to the device. */
    enum Use {
        /** Weights: carried once, only read. */
        WEIGHTS,
        /** What kernels write; the truth is on the device. */
        WORK,
        /** What the host writes before every step. */
        INBOX
    }

    private static final long ALIGNMENT = 64;

    final ElementType type;
    final Use use;
    final Object array;
    final MemorySegment data;
    private final long first;
    private final long end;
    private final TreeMap<Long, Long> free = new TreeMap<>();

    Slab(ElementType type, Use use, Object array, MemorySegment data) {
        this.type = type;
        this.use = use;
        this.array = array;
        this.data = data;
        this.first = data.address();
        this.end = first + data.byteSize();
        free.put(0L, elements());
    }

    long elements() {
        return data.byteSize() / type.bytes();
    }

    /** The first of so many adjacent elements, or -1 where there is no room. */
    long take(long elements) {
        long wanted = rounded(elements);
        for (Map.Entry<Long, Long> piece : free.entrySet()) {
            if (piece.getValue() >= wanted) {
                long at = piece.getKey();
                long rest = piece.getValue() - wanted;
                free.remove(at);
                if (rest > 0) {
                    free.put(at + wanted, rest);
                }
                return at;
            }
        }
        return -1;
    }

    void give(long at, long elements) {
        long begin = at;
        long size = rounded(elements);
        Map.Entry<Long, Long> before = free.lowerEntry(begin);
        if (before != null && before.getKey() + before.getValue() == begin) {
            begin = before.getKey();
            size += before.getValue();
        }
        Long after = free.remove(at + rounded(elements));
        free.put(begin, after == null ? size : size + after);
    }

    private static long rounded(long elements) {
        return Math.max(ALIGNMENT, (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    }

    /** One past the last element in use. */
    long top() {
        Map.Entry<Long, Long> last = free.lastEntry();
        return last != null && last.getKey() + last.getValue() == elements() ? last.getKey() : elements();
    }

    /** Whether an address of the process's side lies in it. */
    boolean holds(long address) {
        return address >= first && address < end;
    }

    /** The number of the element at an address. */
    long element(long address) {
        return (address - first) / type.bytes();
    }
}
