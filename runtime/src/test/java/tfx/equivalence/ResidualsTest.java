package tfx.equivalence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tfx.backend.cpu.PoolWorkers;
import tfx.backend.tornado.TornadoBackend;
import tfx.compiler.schedule.Backend;
import tfx.runtime.plan.Engines;
import tfx.runtime.plan.Session;
import tfx.runtime.plan.Session.Rows;
import tfx.runtime.reference.Reference;

/**
 * Values with products added, on the emulated device against the reference. The library adds in place where it may: where the value
 * before is read again, is an output, or makes the factors of what is added to it, it must still be there.
 */
class ResidualsTest {
    /** {@code a} is a value that a kernel computes, {@code m} one for a product to be added to it. */
    private static final String HEAD = """
            input x[t, d] : real
            param w1[e, d]
            param w2[d, e]
            param w3[f, d]
            param w4[d, e]
            h[t, e] = tanh(sum[d](x[t, d] * w1))
            a[t, d] = tanh(sum[e](h[t, e] * w2))
            m[t, e] = tanh(sum[d](a[t, d] * w1))
            """;

    static Stream<String> streams() {
        return Stream.of(
                // A stream of two layers. The rows of all products are its values as they are, from one place.
                """
                b[t, d] = a[t, d] + sum[e](m[t, e] * w2)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                c[t, d] = sum[e](n[t, e] * w2) + b[t, d]
                o[t, e] = tanh(sum[d](c[t, d] * w1))
                output y[t, d] = sum[e](o[t, e] * w2) * c[t, d]
                """,
                // What was before is read again by what comes later.
                """
                b[t, d] = a[t, d] + sum[e](m[t, e] * w2)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                output y[t, d] = sum[e](n[t, e] * w2) * b[t, d] + a[t, d]
                """,
                // Both are outputs.
                """
                output b[t, d] = a[t, d] + sum[e](m[t, e] * w2)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                output y[t, d] = sum[e](n[t, e] * w2) + b[t, d]
                """,
                // Earlier rows are read too.
                """
                b[t, d] = a[t, d] + sum[e](m[t, e] * w2)
                s = size(t)
                n[t, d] = sum[s](b[s, d] / 40 where s <= t)
                c[t, d] = b[t, d] + sum[e](m[t, e] * w4)
                output y[t, d] = n[t, d] * c[t, d]
                """,
                // Every layer is read at the end.
                """
                b[t, d] = a[t, d] + sum[e](m[t, e] * w2)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                c[t, d] = b[t, d] + sum[e](n[t, e] * w2)
                o[t, e] = tanh(sum[d](c[t, d] * w1))
                output y[t, d] = sum[e](o[t, e] * w2) + a[t, d] * b[t, d] * c[t, d]
                """,
                // Two products at once.
                """
                b[t, d] = sum[e](m[t, e] * w2) + a[t, d] + sum[e](h[t, e] * w4)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                output y[t, d] = sum[e](n[t, e] * w2) * b[t, d]
                """,
                // It is a factor of what is added to it, second to another.
                """
                b[t, f] = a[t, f] + sum[e](m[t, e] * w2[f, e]) + sum[d](a[t, d] * a[t, d] * w3[f, d])
                n[t, e] = tanh(sum[f](b[t, f] * w1[e, f]))
                output y[t, f] = sum[e](n[t, e] * w2[f, e]) * b[t, f]
                """,
                // Twice, and with a product that counts twice.
                """
                b[t, d] = a[t, d] + a[t, d] + sum[e](m[t, e] * w2)
                n[t, e] = tanh(sum[d](b[t, d] * w1))
                c[t, d] = b[t, d] + sum[e](n[t, e] * w2) + sum[e](n[t, e] * w2)
                o[t, e] = tanh(sum[d](c[t, d] * w1))
                output y[t, d] = sum[e](o[t, e] * w2) * c[t, d]
                """);
    }

    @ParameterizedTest
    @MethodSource("streams")
    void whatIsReadAgainIsStillThere(String body) {
        String source = "model Stream(d = 12, e = 20, f = 12) {\n" + HEAD + body + "}\n";
        Case given = new Case(Case.elaborate(source, Map.of()), 2, 40, 0.5, 7);
        List<String> names = given.program.outputs().keySet().stream().toList();
        Map<String, Reference.Result> expected =
                Reference.evaluate(given.program, given.given(0, 2, 0, 40), given.parameters(), names);
        try (PoolWorkers workers = new PoolWorkers(1);
                Backend backend = TornadoBackend.emulated();
                Session session = Engines.compiled(given.program, backend, given.parameters(), workers, note -> {})
                        .open(2)) {
            // A step of many rows after another, and one of few.
            int from = 0;
            for (int to : new int[] {17, 39, 40}) {
                Map<String, Reference.Result> found = session.advance(given.given(0, 2, from, to), Rows.ALL);
                for (String name : names) {
                    double[] all = expected.get(name).data();
                    int row = all.length / 2 / 40;
                    List<Double> wanted = new ArrayList<>();
                    for (int b = 0; b < 2; b++) {
                        for (int k = from * row; k < to * row; k++) {
                            wanted.add(all[b * 40 * row + k]);
                        }
                    }
                    double[] part =
                            wanted.stream().mapToDouble(Double::doubleValue).toArray();
                    assertArrayEquals(part, found.get(name).data(), 1e-4, name + " to " + to);
                }
                from = to;
            }
        }
    }
}
