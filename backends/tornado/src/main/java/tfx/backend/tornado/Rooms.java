package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;

/** Memory that kernels alone read and write, by type and number; each room grows to the largest that was asked of it. */
final class Rooms {
    private final Slabs slabs;
    private final Map<ElementType, List<@Nullable Held>> all = new EnumMap<>(ElementType.class);

    /** @param elements of the type that there is room for */
    record Held(DeviceMemory.Room room, ElementType type, long elements) {}

    Rooms(Slabs slabs) {
        this.slabs = slabs;
    }

    /** Makes room for so many elements; what was there is lost where it must grow. */
    void reserve(int number, ElementType type, long elements) {
        List<@Nullable Held> rooms = all.computeIfAbsent(type, t -> new ArrayList<>());
        while (rooms.size() <= number) {
            rooms.add(null);
        }
        Held held = rooms.get(number);
        if (held != null && held.elements >= elements) {
            return;
        }
        if (held != null) {
            held.room.close();
        }
        rooms.set(number, new Held(slabs.work(type, elements), type, elements));
    }

    /** The room of a number for a type; null where none was asked for. */
    @Nullable
    Held get(ElementType type, int number) {
        List<@Nullable Held> rooms = all.getOrDefault(type, List.of());
        return number < rooms.size() ? rooms.get(number) : null;
    }

    Stream<Held> all() {
        return all.values().stream().flatMap(List::stream).filter(Objects::nonNull);
    }

    /**
     * The number of a room that is free from one kernel to another, which has it from now on.
     *
     * @param until by number: the last kernel that has it
     */
    static int free(List<Integer> until, int from, int to) {
        int room = 0;
        while (room < until.size() && until.get(room) >= from) {
            room++;
        }
        if (room == until.size()) {
            until.add(0);
        }
        until.set(room, to);
        return room;
    }
}
