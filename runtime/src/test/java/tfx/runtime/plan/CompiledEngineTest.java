package tfx.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.backend.cpu.CpuBackend;
import tfx.backend.cpu.PoolWorkers;
import tfx.backend.tornado.TornadoBackend;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.Tensor;
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

/** The compiled engine against the reference, on masked attention over a residual with a wide contraction behind it. */
class CompiledEngineTest {
    private static final int VOCAB = 37;
    private static final int D = 31;

    private final Value.Input tokens = new Value.Input("tokens", List.of(Ir.T), Value.Kind.INTEGER);
    private final Index t = new Index("t", Ir.T);
    private final Index s = new Index("s", Ir.T);
    private final Index r = new Index("r", Ir.T);
    private final Index e = new Index("e", Size.of(D));
    private final Index i = new Index("i", Size.of(D));
    private final Index v = new Index("v", Size.of(VOCAB));

    private Expr mask(Index key, int window) {
        return Ir.binary(
                BinaryOp.AND,
                Ir.upTo(key, t),
                Ir.binary(BinaryOp.LT, Ir.minus(Ir.at(t), Ir.number(window)), Ir.at(key)));
    }

    private Program model(int window) {
        Value.Parameter table = new Value.Parameter("table", List.of(Size.of(VOCAB), Size.of(D)));
        Value.Parameter wq = new Value.Parameter("q", List.of(Size.of(D), Size.of(D)));
        Value.Parameter wk = new Value.Parameter("k", List.of(Size.of(D), Size.of(D)));
        Value x = Ir.define("x", List.of(t, e), Expr.TRUE, Ir.read(table, Ir.read(tokens, t), e));
        Value q = Ir.define(
                "queries", List.of(t, e), Expr.TRUE, Ir.sum(i, Ir.times(Ir.read(x, t, i), Ir.read(wq, e, i))));
        Value k = Ir.define("keys", List.of(s, e), Expr.TRUE, Ir.sum(i, Ir.times(Ir.read(x, s, i), Ir.read(wk, e, i))));
        Expr mask = mask(s, window);
        Expr inner = mask(r, window);
        Value score = Ir.define("score", List.of(t, s), mask, Ir.sum(e, Ir.times(Ir.read(q, t, e), Ir.read(k, s, e))));
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
                Ir.binary(
                        BinaryOp.ADD,
                        Ir.read(x, t, e),
                        Ir.reduce(Monoid.SUM, s, mask, Ir.times(Ir.read(p, t, s), Ir.read(x, s, e)))));
        Value logits = Ir.define(
                "logits", List.of(t, v), Expr.TRUE, Ir.sum(e, Ir.times(Ir.read(mixed, t, e), Ir.read(table, v, e))));
        return Ir.program(List.of(tokens), List.of(table, wq, wk), logits);
    }

    private static Function<String, Tensor> parameters(Program program) {
        Random random = new Random(5);
        Map<String, double[]> data = new HashMap<>();
        program.parameters()
                .forEach(parameter -> data.put(
                        parameter.name(),
                        random.doubles(
                                        parameter.shape().stream()
                                                .mapToLong(Size::constant)
                                                .reduce(1, (a, b) -> a * b),
                                        -0.5,
                                        0.5)
                                .map(x -> (float) x)
                                .toArray()));
        return Ir.floats(program, data);
    }

    private static Map<String, Reference.Array> ids(int[][] tokens, int from, int to) {
        double[] data = Arrays.stream(tokens)
                .flatMapToInt(row -> Arrays.stream(row, from, to))
                .asDoubleStream()
                .toArray();
        return Map.of("tokens", new Reference.Array(data, new long[] {tokens.length, to - from}));
    }

    private static Backend backend(String device) {
        return device.equals("cpu") ? new CpuBackend() : TornadoBackend.emulated();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu:emulator"})
    void agreesWithTheReferenceInEveryWayOfDriving(String device) {
        int length = 70;
        Random random = new Random(9);
        int[][] tokens = new int[2][];
        Arrays.setAll(tokens, b -> random.ints(length, 0, VOCAB).toArray());
        for (int window : new int[] {5, 10_000}) {
            Program program = model(window);
            double[] expected = Reference.evaluate(
                            program, ids(tokens, 0, length), parameters(program), List.of("logits"))
                    .get("logits")
                    .data();
            double[] one = drive(device, program, tokens, 1, length);
            assertArrayEquals(expected, one, 1e-4);
            assertArrayEquals(one, drive(device, program, tokens, 2, length), 0, "threads");
            assertArrayEquals(expected, drive(device, program, tokens, 2, 1), 1e-4, "token by token");
            assertArrayEquals(expected, drive(device, program, tokens, 2, 9), 1e-4, "chunks");
        }
    }

    /** Later values of a step are larger, so that memory which values share grows while the step is laid out. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu:emulator"})
    void valuesThatShareMemoryMayGrow(String device) {
        Program program = widening();
        int[][] tokens = {{3, 1, 4, 1, 5}};
        double[] expected = Reference.evaluate(program, ids(tokens, 0, 5), parameters(program), List.of("logits"))
                .get("logits")
                .data();
        assertArrayEquals(expected, drive(device, program, tokens, 2, 5), 1e-3);
    }

    private Program widening() {
        List<Value.Parameter> weights =
                new ArrayList<>(List.of(new Value.Parameter("table", List.of(Size.of(VOCAB), Size.of(8)))));
        Index first = new Index("c", Size.of(8));
        Value x = Ir.define("x", List.of(t, first), Expr.TRUE, Ir.read(weights.getFirst(), Ir.read(tokens, t), first));
        int width = 8;
        for (int next : new int[] {8, 64, 512, VOCAB}) {
            Value.Parameter weight = new Value.Parameter("w" + weights.size(), List.of(Size.of(next), Size.of(width)));
            weights.add(weight);
            Index in = new Index("i", Size.of(width));
            Index out = new Index("o", Size.of(next));
            String name = next == VOCAB ? "logits" : "x" + weights.size();
            x = Ir.define(
                    name,
                    List.of(t, out),
                    Expr.TRUE,
                    Ir.sum(in, Ir.times(Ir.read(x, t, in), Ir.read(weight, out, in))));
            width = next;
        }
        return Ir.program(List.of(tokens), weights, x);
    }

    private static double[] drive(String device, Program program, int[][] tokens, int threads, int chunk) {
        int length = tokens[0].length;
        double[] out = new double[tokens.length * length * VOCAB];
        try (PoolWorkers workers = new PoolWorkers(threads);
                Backend backend = backend(device);
                Session session = Engines.compiled(program, backend, parameters(program), workers, note -> {})
                        .open(tokens.length)) {
            for (int from = 0; from < length; from += chunk) {
                int to = Math.min(length, from + chunk);
                Reference.Result rows =
                        session.advance(ids(tokens, from, to), Rows.ALL).get("logits");
                assertEquals(to - from, rows.shape()[1]);
                for (int b = 0; b < tokens.length; b++) {
                    System.arraycopy(
                            rows.data(),
                            b * (to - from) * VOCAB,
                            out,
                            (b * length + from) * VOCAB,
                            (to - from) * VOCAB);
                }
            }
        }
        return out;
    }
}
