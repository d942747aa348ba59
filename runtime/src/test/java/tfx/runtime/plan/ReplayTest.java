package tfx.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tfx.backend.cpu.PoolWorkers;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.reference.Ir;
import tfx.runtime.reference.ReferenceBackend;

/** When a session asks for the step before one step further: where that is all it is, and never else. */
class ReplayTest {
    private static final int VOCAB = 5;
    /** Of a cache, in the process's own memory. */
    private static final int ROOM = 64;

    private final PoolWorkers workers = new PoolWorkers(1);
    private final Value.Input tokens = new Value.Input("tokens", List.of(Ir.T), Value.Kind.INTEGER);
    private final Value.Parameter table = new Value.Parameter("table", List.of(Size.of(VOCAB)));
    private final Index t = new Index("t", Ir.T);
    private final Index s = new Index("s", Ir.T);
    private final Counted backend = new Counted(new ReferenceBackend());
    private final double[] weights = {1, 2, 4, 8, 16};
    private double sum;

    @AfterEach
    void close() {
        workers.close();
    }

    @Test
    void aTokenBehindATokenIsTheSameStep() {
        try (Session session = engine(sums(Ir.upTo(s, t))).open(1)) {
            assertEquals(0, replays(session, 1, 2, 3));
            assertEquals(0, replays(session, 4), "other rows");
            assertEquals(1, replays(session, 0));
            assertEquals(1, replays(session, 1));
            assertEquals(0, replays(session, 2, 3), "more rows");
            assertEquals(1, replays(session, 4, 0), "as many");
            assertEquals(0, replays(session, 1));
            assertEquals(1, replays(session, 1));
        }
    }

    @Test
    void whatMovesOrBeginsAnewIsNot() {
        try (Session session = engine(sums(Ir.upTo(s, t))).open(1)) {
            for (int at = 0; at < 2 * ROOM; at++) {
                boolean moves = at == ROOM || at == ROOM + (ROOM + 2) / 2;
                assertEquals(at == 0 || moves ? 0 : 1, replays(session, at % VOCAB), "at " + at);
            }
            session.reset();
            sum = 0;
            assertEquals(0, replays(session, 1));
            assertEquals(1, replays(session, 2));
        }
    }

    /** Rows that are wanted of one step and not of the other. */
    @Test
    void otherRowsOfOutputsAreNot() {
        try (Session session = engine(sums(Ir.upTo(s, t))).open(1)) {
            replays(session, 1, 2);
            assertEquals(1, replays(session, 1, 2));
            session.all(new int[][] {{0, 0}});
            sum += 2;
            assertEquals(0, backend.replays());
            assertEquals(0, replays(session, 1, 2));
        }
    }

    /** An output with a column for each position, and a sum that is computed again for all of them. */
    @Test
    void stepsWithExtentsOfTheirOwnAreNot() {
        Value x = Ir.define("x", List.of(t), Expr.TRUE, Ir.read(table, Ir.read(tokens, t)));
        Value pairs = Ir.define("pairs", List.of(t, s), Ir.upTo(s, t), Ir.times(Ir.read(x, t), Ir.read(x, s)));
        for (Program program : List.of(program(pairs), sums(Expr.TRUE))) {
            try (Session session = engine(program).open(1)) {
                for (int at = 0; at < 5; at++) {
                    session.step(new int[][] {{at}});
                }
                assertEquals(0, backend.replays());
            }
        }
    }

    @Test
    void listenersHearOfEveryKernel() {
        Engine engine = engine(sums(Ir.upTo(s, t)));
        try (Session session = engine.open(1)) {
            replays(session, 1);
            assertEquals(1, replays(session, 2));
            int[] heard = {0};
            engine.listen((kernel, step, nanos) -> heard[0]++);
            backend.calls();
            assertEquals(0, replays(session, 3));
            assertEquals(backend.calls(), heard[0]);
            engine.listen(null);
            assertEquals(1, replays(session, 3));
        }
    }

    /** What failed may have run or not: nothing goes on from there. */
    @Test
    void aStepThatFailsIsTakenAgainAsIfItWereTheFirst() {
        try (Session session = engine(sums(Ir.upTo(s, t))).open(1)) {
            replays(session, 1);
            backend.fail(new IllegalStateException("the device is gone"));
            assertThrows(IllegalStateException.class, () -> session.step(new int[][] {{2}}));
            assertEquals(1, session.position());
            backend.replays();
            assertEquals(0, replays(session, 2));
            assertEquals(1, replays(session, 3));
        }
    }

    /** Steps, with the sum of all so far looked at; gives what ran again. */
    private int replays(Session session, int... ids) {
        sum += Arrays.stream(ids).mapToDouble(id -> weights[id]).sum();
        assertEquals((float) sum, session.step(new int[][] {ids})[0][0]);
        return backend.replays();
    }

    private Program sums(Expr seen) {
        Value x = Ir.define("x", List.of(t), Expr.TRUE, Ir.read(table, Ir.read(tokens, t)));
        return program(Ir.define("sums", List.of(t), Expr.TRUE, Ir.reduce(Expr.Monoid.SUM, s, seen, Ir.read(x, s))));
    }

    private Program program(Value output) {
        return Ir.program(List.of(tokens), List.of(table), output);
    }

    private Engine engine(Program program) {
        return Engines.plan(
                Scheduler.schedule(Passes.all().getFirst().rewrite().apply(program)),
                backend,
                Ir.parameters(program, Map.of("table", weights)),
                ElementType.F64,
                ElementType.F64,
                workers,
                100,
                note -> {});
    }
}
