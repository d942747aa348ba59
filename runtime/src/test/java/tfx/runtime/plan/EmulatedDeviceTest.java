package tfx.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.backend.cpu.PoolWorkers;
import tfx.backend.tornado.TornadoBackend;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.runtime.plan.Session.Rows;
import tfx.runtime.reference.Ir;
import tfx.runtime.reference.Reference;
import tfx.testing.Models;
import tfx.testing.Programs;

/** Generated kernels on the emulated device against the reference, on programs drawn at random, whole and token by token. */
class EmulatedDeviceTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 15})
    void randomProgramsMeanTheSame(int first) {
        for (int seed = first; seed < first + 15; seed++) {
            check(seed, 1 + seed % 7);
        }
    }

    /** Around the rows that one tile has, and the points that a group takes in one round. */
    @ParameterizedTest
    @ValueSource(ints = {8, 9, 15, 16, 17, 33})
    void longerSequencesMeanTheSame(int length) {
        for (int seed = 100 + length; seed < 104 + length; seed++) {
            check(seed, length);
        }
    }

    /** The last layer computes fewer rows than those before it, or none, so what kernels hand over differs from step to step. */
    @Test
    void promptsInPiecesEndInTheSameRow() {
        int length = 40;
        Drawn drawn = decoder(length);
        try (PoolWorkers workers = new PoolWorkers(1);
                Backend backend = TornadoBackend.emulated();
                Session session = Engines.compiled(drawn.program(), backend, drawn.parameters(), workers, note -> {})
                        .open(1)) {
            int from = 0;
            for (int to : new int[] {9, 10, 37, length}) {
                Rows wanted = to == 37 ? Rows.ALL : Rows.LAST;
                double[] found = session.advance(rows(drawn.program(), drawn.inputs(), from, to, length), wanted)
                        .get("logits")
                        .data();
                double[] last = Arrays.copyOfRange(found, found.length - 23, found.length);
                assertArrayEquals(Arrays.copyOfRange(drawn.expected(), (to - 1) * 23, to * 23), last, 1e-4, "to " + to);
                from = to;
            }
        }
    }

    /** Each token but the next of the same sequence is another than the device expects. */
    @Test
    void sequencesInTurnGetTheirOwnTokens() {
        int length = 12;
        Drawn drawn = decoder(length);
        try (PoolWorkers workers = new PoolWorkers(1);
                Backend backend = TornadoBackend.emulated()) {
            Engine engine = Engines.compiled(drawn.program(), backend, drawn.parameters(), workers, note -> {});
            try (Session one = engine.open(1);
                    Session other = engine.open(1)) {
                for (Session session : List.of(one, one, one, one, other, one, other, other, other, one, one)) {
                    token(session, drawn);
                }
                one.reset();
                for (Session session : List.of(one, one, one, other, one)) {
                    token(session, drawn);
                }
            }
        }
    }

    /** Kernels are called where a cache moves, for the step behind that, with which the next ones agree, and for who listens. */
    @Test
    void aSequenceThatGoesOnIsNotAskedFor() {
        int length = 40;
        Drawn drawn = decoder(length);
        try (PoolWorkers workers = new PoolWorkers(1);
                Counted backend = new Counted(TornadoBackend.emulated())) {
            Engine engine = Engines.compiled(drawn.program(), backend, drawn.parameters(), workers, note -> {});
            try (Session session = engine.open(1);
                    Session other = engine.open(1)) {
                List<Integer> called = new ArrayList<>();
                backend.calls();
                for (int at = 0; at < length; at++) {
                    if (at == 26) {
                        token(other, drawn);
                        backend.calls();
                    }
                    int[] heard = {0};
                    engine.listen(at == 30 ? (kernel, step, nanos) -> heard[0]++ : null);
                    token(session, drawn);
                    int calls = backend.calls();
                    if (calls > 0) {
                        called.add(at);
                    }
                    assertEquals(at == 30 ? calls : 0, heard[0]);
                    // What another thread computes is ready then.
                    assertTrue(ForkJoinPool.commonPool().awaitQuiescence(1, TimeUnit.MINUTES));
                }
                assertEquals(List.of(0, 1, 2, 8, 9, 13, 14, 21, 22, 26, 27, 30, 33, 34), called);
            }
        }
    }

    private static void token(Session session, Drawn drawn) {
        int at = (int) session.position();
        double[] found = session.advance(rows(drawn.program(), drawn.inputs(), at, at + 1, drawn.length()), Rows.LAST)
                .get("logits")
                .data();
        assertArrayEquals(Arrays.copyOfRange(drawn.expected(), at * 23, (at + 1) * 23), found, 1e-4, "at " + at);
    }

    /** A program with numbers for it, and what the reference makes of them. */
    private record Drawn(
            Program program,
            int length,
            Map<String, double[]> inputs,
            Function<String, Tensor> parameters,
            double[] expected) {}

    private static Drawn decoder(int length) {
        return drawn(Models.decoder(new Models.Shape(23, 16, 2, 4, 2, 24)), length, 5, 23, "logits");
    }

    private static Drawn drawn(Program program, int length, long seed, int tokens, String output) {
        Map<String, double[]> data = new HashMap<>();
        Map<String, double[]> inputs = new HashMap<>();
        Models.tensors(program, length, seed, tokens).forEach((value, numbers) -> {
            double[] singles = Arrays.stream(numbers).map(x -> (float) x).toArray();
            (value instanceof Value.Input ? inputs : data).put(value.name(), singles);
        });
        Function<String, Tensor> parameters = Ir.floats(program, data);
        double[] expected = Reference.evaluate(
                        program, rows(program, inputs, 0, length, length), parameters, List.of(output))
                .get(output)
                .data();
        return new Drawn(program, length, inputs, parameters, expected);
    }

    private static void check(int seed, int length) {
        Drawn drawn = drawn(Programs.random(seed, 3), length, seed, 1, "y");
        double scale = Arrays.stream(drawn.expected())
                .map(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        double close = 1e-4 * Math.max(1, scale);
        for (int chunk : new int[] {length, 1}) {
            double[] found = run(drawn, chunk);
            assertArrayEquals(drawn.expected(), found, close, "seed " + seed + " by " + chunk);
        }
    }

    private static double[] run(Drawn drawn, int chunk) {
        try (PoolWorkers workers = new PoolWorkers(1);
                Backend backend = TornadoBackend.emulated();
                Session session = Engines.compiled(drawn.program(), backend, drawn.parameters(), workers, note -> {})
                        .open(1)) {
            double[] all = {};
            for (int from = 0; from < drawn.length(); from += chunk) {
                double[] part = session.advance(
                                rows(drawn.program(), drawn.inputs(), from, from + chunk, drawn.length()), Rows.ALL)
                        .get("y")
                        .data();
                double[] longer = Arrays.copyOf(all, all.length + part.length);
                System.arraycopy(part, 0, longer, all.length, part.length);
                all = longer;
            }
            assertEquals(drawn.length(), session.position());
            return all;
        }
    }

    private static Map<String, Reference.Array> rows(
            Program program, Map<String, double[]> inputs, int from, int to, int length) {
        Map<String, Reference.Array> rows = new HashMap<>();
        for (Value.Input input : program.inputs()) {
            double[] data = inputs.get(input.name());
            int width = data.length / length;
            long[] shape = new long[input.shape().size() + 1];
            shape[0] = 1;
            shape[1] = (long) to - from;
            for (int d = 1; d < input.shape().size(); d++) {
                shape[d + 1] = input.shape().get(d).constant();
            }
            rows.put(input.name(), new Reference.Array(Arrays.copyOfRange(data, from * width, to * width), shape));
        }
        return rows;
    }
}
