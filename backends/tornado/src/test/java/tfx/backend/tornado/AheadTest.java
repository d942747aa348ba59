package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

class AheadTest {
    private static final MemorySegment CACHE = Arena.ofAuto().allocate(4096, 64);
    private static final MemorySegment OTHER = Arena.ofAuto().allocate(4096, 64);
    private static final MemorySegment ROWS = Arena.ofAuto().allocate(4096, 64);
    private static final int WIDTH = 8;

    /** What a task's record is made of. */
    private static final Function<List<Call>, int[]> NUMBERS = calls -> calls.stream()
            .flatMapToInt(call -> {
                CallRecord.Call given = call.arguments();
                return IntStream.of(
                        call.number(),
                        (int) given.step().start(),
                        (int) given.step().end(),
                        (int) given.bases()[0],
                        (int) given.bases()[1],
                        given.lengths().get("n").intValue());
            })
            .toArray();

    private final Ahead ahead = new Ahead(Runnable::run);

    @Test
    void theNextStepHasItsOwnNumbers() {
        for (int rows : new int[] {1, 3}) {
            ahead.begin(List.of(call(4, CACHE, 10, rows), call(7, CACHE, 10, rows)), NUMBERS);
            List<Call> next = List.of(call(4, CACHE, 10 + rows, rows), call(7, CACHE, 10 + rows, rows));
            assertArrayEquals(NUMBERS.apply(next), ahead.take(next).records());
            ahead.forget();
        }
    }

    /** Where one has come true there are two behind it, then four, and one again behind another step. */
    @Test
    void asManyStepsAsHaveComeTrue() {
        List<Integer> begun = new ArrayList<>();
        Function<List<Call>, int[]> records = calls -> {
            begun.add((int) calls.getFirst().arguments().step().start());
            return NUMBERS.apply(calls);
        };
        List<Call> calls = List.of(call(4, CACHE, 10, 1));
        ahead.begin(calls, records);
        for (int at = 11; at < 16; at++) {
            List<Call> asked = List.of(call(4, CACHE, at, 1));
            Ahead.Foreseen next = at % 2 == 0 ? ahead.next() : ahead.take(asked);
            assertArrayEquals(NUMBERS.apply(asked), next.records());
            assertArrayEquals(NUMBERS.apply(asked), NUMBERS.apply(next.calls()));
            ahead.begin(next.calls(), records);
        }
        assertEquals(List.of(11, 12, 13, 14, 15, 16, 17), begun);
        begun.clear();
        calls = List.of(call(4, CACHE, 3, 1));
        assertNull(ahead.take(calls));
        assertNull(ahead.next());
        ahead.begin(calls, records);
        assertEquals(List.of(4), begun);
    }

    @Test
    void anyOtherStepHasNone() {
        assertNone(List.of(call(4, CACHE, 12, 1)));
        assertNone(List.of(call(4, CACHE, 10, 1)));
        assertNone(List.of(call(4, CACHE, 11, 2)));
        assertNone(List.of(call(5, CACHE, 11, 1)));
        assertNone(List.of(call(4, OTHER, 11, 1)));
        assertNone(List.of(call(4, CACHE, 11, 1), call(5, CACHE, 11, 1)));
        assertNone(List.of());
        Tensor moved = new Tensor(CACHE, ElementType.F32, new long[] {9, WIDTH}, new long[] {16, 1}, 0, 0, 0, 0);
        assertNone(List.of(call(4, moved, 11, 1)));
        Tensor dropped = new Tensor(CACHE, ElementType.F32, new long[] {9, WIDTH}, new long[] {WIDTH, 1}, 0, 0, 3, 0);
        assertNone(List.of(call(4, dropped, 11, 1)));
        Tensor batched = new Tensor(CACHE, ElementType.F32, new long[] {9, WIDTH}, new long[] {WIDTH, 1}, 0, 99, 0, 0);
        assertNone(List.of(call(4, batched, 11, 1)));
    }

    @Test
    void numbersServeOnce() {
        ahead.begin(List.of(call(4, CACHE, 10, 1)), NUMBERS);
        ahead.take(List.of(call(4, CACHE, 11, 1)));
        assertNull(ahead.take(List.of(call(4, CACHE, 11, 1))));
    }

    @Test
    void nobodyWaitsForWhatIsNotReady() {
        List<Runnable> waiting = new ArrayList<>();
        Ahead late = new Ahead(waiting::add);
        late.begin(List.of(call(4, CACHE, 10, 1)), NUMBERS);
        assertNull(late.take(List.of(call(4, CACHE, 11, 1))));
        waiting.forEach(Runnable::run);
        assertNull(late.take(List.of(call(4, CACHE, 11, 1))));
    }

    @Test
    void stepsThatAreDroppedAreNotComputed() {
        List<Runnable> waiting = new ArrayList<>();
        Ahead late = new Ahead(waiting::add);
        late.begin(List.of(call(4, CACHE, 10, 1)), calls -> fail());
        late.forget();
        waiting.forEach(Runnable::run);
    }

    @Test
    void aFaultIsNotThisSteps() {
        ahead.begin(List.of(call(4, CACHE, 10, 1)), calls -> {
            throw new ArithmeticException("integer overflow");
        });
        assertNull(ahead.take(List.of(call(4, CACHE, 11, 1))));
    }

    private void assertNone(List<Call> calls) {
        ahead.begin(List.of(call(4, CACHE, 10, 1)), NUMBERS);
        assertNull(ahead.take(calls));
    }

    private static Call call(int number, MemorySegment cache, long start, long rows) {
        long[] shape = {64, WIDTH};
        return call(number, new Tensor(cache, ElementType.F32, shape, Tensor.strides(shape), 0, 0, 0, 0), start, rows);
    }

    /** A call that reads a cache and writes the step's rows. */
    private static Call call(int number, Tensor cache, long start, long rows) {
        long[] shape = {rows, WIDTH};
        Tensor out = new Tensor(ROWS, ElementType.F32, shape, Tensor.strides(shape), 0, 0, start, 0);
        return new Call(
                number,
                new CallRecord.Call(
                        new Tensor[] {cache, out},
                        new long[] {cache.base(), 100 + out.base()},
                        new Step(1, start, start + rows),
                        Map.of("n", start + rows)));
    }
}
