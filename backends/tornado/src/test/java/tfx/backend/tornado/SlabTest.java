package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.schedule.ElementType;

class SlabTest {
    private static final int SIZE = 1 << 12;

    /** Whatever is taken and given back: pieces never overlap, and when all are back the slab is whole again. */
    @Property(tries = 200)
    void piecesNeverOverlap(@ForAll List<@IntRange(min = -40, max = 700) Integer> moves) {
        try (Arena arena = Arena.ofConfined()) {
            Slab slab = new Slab(ElementType.F32, Slab.Use.WORK, new Object(), arena.allocate(SIZE * 4L, 64));
            TreeMap<Long, Long> taken = new TreeMap<>();
            for (int move : moves) {
                if (move > 0) {
                    long at = slab.take(move);
                    if (at >= 0) {
                        Map.Entry<Long, Long> before = taken.lowerEntry(at + move);
                        assertTrue(before == null || before.getKey() + before.getValue() <= at);
                        assertTrue(at + move <= SIZE);
                        taken.put(at, (long) move);
                    }
                } else if (!taken.isEmpty()) {
                    Long key = taken.ceilingKey(-move * 100L);
                    long at = key == null ? taken.firstKey() : key;
                    slab.give(at, taken.remove(at));
                }
            }
            taken.forEach(slab::give);
            assertEquals(0, slab.take(SIZE));
        }
    }
}
