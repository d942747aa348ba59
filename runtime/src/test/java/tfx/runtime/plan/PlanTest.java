package tfx.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.plan.Session.Rows;
import tfx.runtime.reference.Ir;
import tfx.runtime.reference.Reference;
import tfx.runtime.reference.ReferenceBackend;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** One small attention layer with a window, driven in every way a session can be. */
class PlanTest {
    private static final int VOCAB = 7;
    private static final int D = 4;

    /** Two threads' worth of parts, in whatever order they come. */
    private static final Workers WORKERS = new Workers() {
        @Override
        public int count() {
            return 2;
        }

        @Override
        public void forEach(int parts, IntConsumer task) {
            IntStream.range(0, parts).parallel().forEach(task);
        }
    };

    private final Value.Input tokens = new Value.Input("tokens", List.of(Ir.T), Value.Kind.INTEGER);
    private final Value.Parameter table = new Value.Parameter("table", List.of(Size.of(VOCAB), Size.of(D)));
    private final Index t = new Index("t", Ir.T);
    private final Index s = new Index("s", Ir.T);
    private final Index r = new Index("r", Ir.T);
    private final Index e = new Index("e", Size.of(D));
    private final Index v = new Index("v", Size.of(VOCAB));

    private Expr mask(Index key, int window) {
        return window == 0
                ? Expr.TRUE
                : Ir.binary(
                        BinaryOp.AND,
                        Ir.upTo(key, t),
                        Ir.binary(BinaryOp.LT, Ir.minus(Ir.at(t), Ir.number(window)), Ir.at(key)));
    }

    /** @param window how far a query looks back; 0 for both ways and without end */
    private Program model(int window) {
        Value x = Ir.define("x", List.of(t, e), Expr.TRUE, Ir.read(table, Ir.read(tokens, t), e));
        // A table of the sequence alone, without a batch.
        Value turn = Ir.define("turn", List.of(t), Expr.TRUE, new Expr.Unary(Expr.UnaryOp.COS, Ir.at(t)));
        Value q = Ir.define("q", List.of(t, e), Expr.TRUE, Ir.times(Ir.read(x, t, e), Ir.read(turn, t)));
        Expr mask = mask(s, window);
        Expr inner = mask(r, window);
        Value score = Ir.define("score", List.of(t, s), mask, Ir.sum(e, Ir.times(Ir.read(q, t, e), Ir.read(x, s, e))));
        Value z = Ir.define(
                "z",
                List.of(t, s),
                mask,
                Ir.exp(Ir.minus(Ir.read(score, t, s), Ir.reduce(Monoid.MAX, r, inner, Ir.read(score, t, r)))));
        Value p = Ir.define(
                "p",
                List.of(t, s),
                mask,
                Ir.binary(BinaryOp.DIV, Ir.read(z, t, s), Ir.reduce(Monoid.SUM, r, inner, Ir.read(z, t, r))));
        Value mixed = Ir.define(
                "mixed",
                List.of(t, e),
                Expr.TRUE,
                Ir.reduce(Monoid.SUM, s, mask, Ir.times(Ir.read(p, t, s), Ir.read(x, s, e))));
        Value logits = Ir.define(
                "logits", List.of(t, v), Expr.TRUE, Ir.sum(e, Ir.times(Ir.read(mixed, t, e), Ir.read(table, v, e))));
        return Ir.program(List.of(tokens), List.of(table), logits, p);
    }

    private static Function<String, Tensor> parameters(Program program) {
        return Ir.parameters(
                program, Map.of("table", new Random(5).doubles(VOCAB * D, -1, 1).toArray()));
    }

    private static Engine engine(Program program, int chunk, List<Diagnostic> notes) {
        return Engines.plan(
                Scheduler.schedule(Passes.all().getFirst().rewrite().apply(program)),
                new ReferenceBackend(),
                parameters(program),
                ElementType.F64,
                ElementType.F64,
                WORKERS,
                chunk,
                notes::add);
    }

    private static Map<String, Reference.Array> ids(int[][] tokens, int from, int to) {
        double[] data = Arrays.stream(tokens)
                .flatMapToInt(row -> Arrays.stream(row, from, to))
                .asDoubleStream()
                .toArray();
        return Map.of("tokens", new Reference.Array(data, new long[] {tokens.length, to - from}));
    }

    private static int[][] draw(int batch, int length) {
        Random random = new Random(9);
        int[][] tokens = new int[batch][];
        Arrays.setAll(tokens, b -> random.ints(length, 0, VOCAB).toArray());
        return tokens;
    }

    private static Map<String, Reference.Result> whole(Program program, int[][] tokens) {
        return Reference.evaluate(
                program, ids(tokens, 0, tokens[0].length), parameters(program), List.of("logits", "p"));
    }

    @Test
    void wholeChunkedAndTokenByTokenGiveTheSame() {
        // Long enough that a cache grows and, with the window, drops old rows.
        int length = 150;
        int[][] tokens = draw(2, length);
        for (int window : new int[] {3, 1000}) {
            Program program = model(window);
            double[] expected = whole(program, tokens).get("logits").data();
            List<Diagnostic> notes = new ArrayList<>();
            try (Session session = engine(program, 1000, notes).open(2);
                    Session chunked = engine(program, 7, notes).open(2);
                    Session stepped = engine(program, 7, notes).open(2)) {
                Map<String, Reference.Result> all = session.advance(ids(tokens, 0, length), Rows.ALL);
                assertArrayEquals(expected, all.get("logits").data(), 0);
                assertArrayEquals(
                        whole(program, tokens).get("p").data(), all.get("p").data(), 0);
                all = chunked.advance(ids(tokens, 0, length), Rows.ALL);
                assertArrayEquals(expected, all.get("logits").data(), 0);
                assertArrayEquals(
                        whole(program, tokens).get("p").data(), all.get("p").data(), 0);
                for (int i = 0; i < length; i++) {
                    double[] row = stepped.advance(ids(tokens, i, i + 1), Rows.ALL)
                            .get("logits")
                            .data();
                    for (int b = 0; b < 2; b++) {
                        int at = (b * length + i) * VOCAB;
                        assertArrayEquals(
                                Arrays.copyOfRange(expected, at, at + VOCAB),
                                Arrays.copyOfRange(row, b * VOCAB, (b + 1) * VOCAB),
                                0,
                                "position " + i);
                    }
                }
                assertEquals(length, stepped.position());
            }
            assertTrue(notes.isEmpty(), notes::toString);
        }
    }

    @Test
    void theLastRowAloneIsTheLastOfAllAndResetStartsAnew() {
        int[][] tokens = draw(1, 20);
        Program program = model(1000);
        double[] expected = whole(program, tokens).get("logits").data();
        try (Session session = engine(program, 6, new ArrayList<>()).open(1)) {
            for (int again = 0; again < 2; again++) {
                float[] row = session.step(tokens)[0];
                for (int k = 0; k < VOCAB; k++) {
                    assertEquals((float) expected[19 * VOCAB + k], row[k]);
                }
                session.reset();
            }
        }
    }

    @Test
    void rowsThatNothingNeedsAreNotComputed() {
        Program program = model(1000);
        Engine engine = engine(program, 100, new ArrayList<>());
        long[] starts = new Needs(engine.schedule()).starts(0, 10, 9);
        Map<String, Long> byName = new HashMap<>();
        for (int k = 0; k < starts.length; k++) {
            byName.put(engine.schedule().kernels().get(k).output().name(), starts[k]);
        }
        assertEquals(9, byName.get("logits"));
        assertEquals(9, byName.get("mixed"));
        assertEquals(9, byName.get("q"));
        assertEquals(0, byName.get("x"), "kept for later steps");
    }

    @Test
    void whatIsNotCausalIsComputedAgainAndSaid() {
        int[][] tokens = draw(2, 9);
        Program program = model(0);
        List<Diagnostic> notes = new ArrayList<>();
        try (Session session = engine(program, 4, notes).open(2)) {
            session.advance(ids(tokens, 0, 5), Rows.ALL);
            Map<String, Reference.Result> rest = session.advance(ids(tokens, 5, 9), Rows.ALL);
            double[] expected = whole(program, tokens).get("logits").data();
            for (int b = 0; b < 2; b++) {
                assertArrayEquals(
                        Arrays.copyOfRange(expected, (b * 9 + 5) * VOCAB, (b * 9 + 9) * VOCAB),
                        Arrays.copyOfRange(rest.get("logits").data(), b * 4 * VOCAB, (b + 1) * 4 * VOCAB),
                        0);
            }
        }
        assertEquals("TFX0510", notes.getFirst().code());
    }

    @Test
    void wrongInputsAreCodedAndLeaveTheSessionAsItWas() {
        Program program = model(1000);
        try (Session session = engine(program, 100, new ArrayList<>()).open(1)) {
            session.step(draw(1, 3));
            assertCode("TFX0501", () -> session.step(new int[][] {{VOCAB}}));
            assertCode("TFX0501", () -> session.step(new int[][] {{-1}}));
            assertCode("TFX0502", () -> session.advance(Map.of(), Rows.ALL));
            assertCode("TFX0503", () -> session.step(new int[][] {{1}, {2}}));
            assertCode("TFX0503", () -> session.step(new int[][] {{}}));
            assertEquals(3, session.position());
        }
    }

    private static void assertCode(String code, org.junit.jupiter.api.function.Executable run) {
        assertEquals(
                code,
                assertThrows(TfxException.class, run).diagnostics().getFirst().code());
    }
}
