package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tfx.compiler.schedule.ElementType;

/**
 * What the host wrote and the device has not yet: it travels with an execution, through an array that always does
 * ({@link Uploads}).
 */
final class Inbox {
    /** The array that travels. */
    final Object array;

    private final Driver driver;
    private final Slabs slabs;
    private final int room;
    private final List<Piece> waiting = new ArrayList<>();

    private record Piece(Slab slab, long first, long count) {}

    /** @param room elements that one execution carries */
    Inbox(Driver driver, Slabs slabs, int room) {
        this.driver = driver;
        this.slabs = slabs;
        this.room = room;
        this.array = driver.array(ElementType.F32, room);
    }

    void add(Slab slab, long first, long count) {
        waiting.add(new Piece(slab, first, count));
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /**
     * Puts what waits into the array, as much as there is room for: one piece for each slab.
     *
     * @param places the records of the kernels that copy it on, in {@code args}
     */
    void fill(List<Form.Place> places, int[] args) {
        int used = 0;
        MemorySegment to = driver.data(array);
        Set<Slab> taken = new HashSet<>();
        while (!waiting.isEmpty() && used < room && taken.add(waiting.getFirst().slab())) {
            Piece next = waiting.removeFirst();
            long count = Math.min(next.count(), room - used);
            MemorySegment.copy(next.slab().data, next.first() * 4, to, used * 4L, count * 4);
            int number = -1 - slabs.all().indexOf(next.slab());
            Form.Place place = places.stream()
                    .filter(p -> p.number() == number)
                    .findFirst()
                    .orElseThrow();
            args[place.at()] = (int) count;
            args[place.at() + 1] = used;
            args[place.at() + 2] = Math.toIntExact(next.first());
            used += (int) count;
            if (count < next.count()) {
                waiting.addFirst(new Piece(next.slab(), next.first() + count, next.count() - count));
            }
        }
    }
}
