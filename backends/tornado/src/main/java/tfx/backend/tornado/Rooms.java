package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;

/** Memory that kernels alone read and write, by number; each room grows to the largest that was asked of it. */
final class Rooms {
    private final Slabs slabs;
    private final List<@Nullable Held> rooms = new ArrayList<>();

    /** @param elements of the type that there is room for */
    record Held(DeviceMemory.Room room, ElementType type, long elements) {}

    Rooms(Slabs slabs) {
        this.slabs = slabs;
    }

    /** Makes room for so many elements; what was there is lost where it must grow. */
    void reserve(int number, ElementType type, long elements) {
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

    /** The room of a number; null where none was asked for. */
    @Nullable
    Held get(int number) {
        return number < rooms.size() ? rooms.get(number) : null;
    }

    Stream<Held> all() {
        return rooms.stream().filter(Objects::nonNull);
    }
}
