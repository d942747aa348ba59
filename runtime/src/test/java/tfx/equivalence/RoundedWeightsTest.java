package tfx.equivalence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tfx.backend.cpu.PoolWorkers;
import tfx.backend.tornado.TornadoBackend;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.plan.Engines;
import tfx.runtime.plan.Session;
import tfx.runtime.plan.Session.Rows;
import tfx.runtime.reference.Reference;

/**
 * Weights in BF16 on the emulated device, where factors of products of many rows are rounded too, against the reference with the
 * same weights. What is compared are folds of several shapes: of heads that share keys, of terms and columns that fill no
 * fragment, of windows, of two maps, of values that are no numbers where no row looks, of scores that are none.
 */
class RoundedWeightsTest {
    private static final double CLOSE = 2e-2;

    private static final String PROJECTIONS = """
            param w1[h, e, d]
            param w2[g, e, d]
            param w3[g, c, d]
            q[t, h, e] = sum[d](x[t, d] * w1)
            k[t, g, e] = sum[d](x[t, d] * w2)
            v[t, g, c] = sum[d](x[t, d] * w3)
            """;

    static Stream<String> folds() {
        return Stream.of(
                // Four heads on two keys, causal.
                """
                score[h, t, s] = sum[e](q[t, h, e] * k[s, h div 2, e]) / sqrt(size(e)) where s <= t
                output y[t, h, c] = sum[s](softmax[s](score) * v[s, h div 2, c])
                """,
                // A window and a bias that depends on the distance.
                """
                score[h, t, s] = sum[e](q[t, h, e] * k[s, h div 2, e]) / 5 + 0.1 * (s - t) where s <= t and s > t - 20
                output y[t, h, c] = sum[s](softmax[s](score) * v[s, h div 2, c])
                """,
                // Two maps, one taken from the other.
                """
                first[g, t, s] = sum[e](q[t, 2 * g, e] * k[s, g, e]) / 4 where s <= t
                second[g, t, s] = sum[e](q[t, 2 * g + 1, e] * k[s, g, e]) / 4 where s <= t
                output y[t, g, c] = sum[s]((softmax[s](first) - 0.3 * softmax[s](second)) * v[s, g, c])
                """,
                // No point of the third position: its values are no numbers.
                """
                score[h, t, s] = sum[e](q[t, h, e] * k[s, h div 2, e]) / 4 where s <= t and not (s == 3)
                z[t, g, c] = v[t, g, c] + log(abs(t - 3)) / 10
                output y[t, h, c] = sum[s](softmax[s](score) * z[s, h div 2, c])
                """,
                // A score that is no number: neither is any row that has its point.
                """
                z[t, g, e] = k[t, g, e] * sqrt(abs(t - 3) - 0.5)
                score[h, t, s] = sum[e](q[t, h, e] * z[s, h div 2, e]) / 20 where s <= t
                output y[t, h, c] = sum[s](softmax[s](score) * v[s, h div 2, c])
                """);
    }

    /** Products that are rounded before a kernel takes them: their words end within a head, and within a group's stretch. */
    static Stream<String> rows() {
        return Stream.of(
                // A gated feed-forward whose columns have two indices.
                """
                param up[h, c, d]
                param gate[h, c, d]
                param down[d, h, c]
                a[t, h, c] = sum[d](x[t, d] * gate)
                hidden[t, h, c] = a / (1 + exp(-a)) * sum[d](x[t, d] * up)
                output y[t, d] = sum[h, c](hidden[t, h, c] * down)
                """,
                // A bias, and what lies elsewhere in other columns.
                """
                param gate[h, e, d]
                param bias[h, e]
                param down[d, h, e]
                hidden[t, h, e] = x[t, e div 2] / (1 + exp(-sum[d](x[t, d] * gate) - bias)) + x[t, h]
                output y[t, d] = sum[h, e](hidden[t, h, e] * down)
                """);
    }

    @ParameterizedTest
    @MethodSource({"folds", "rows"})
    void devicesRoundWithinBounds(String body) {
        String source =
                "import \"stdlib/attention.tfx\"\nmodel Rounded(d = 12, e = 20, c = 11, h = 4, g = 2) {\ninput x[t, d] : real\ns = size(t)\n"
                        + PROJECTIONS + body + "}\n";
        for (int length : new int[] {3, 33, 70}) {
            Case given = new Case(Case.elaborate(source, Map.of()), 2, length, 0.7, length);
            Function<String, Tensor> rounded = rounded(given);
            Map<String, Reference.Array> all = given.given(0, 2, 0, length);
            double[] expected = Reference.evaluate(given.program, all, rounded, List.of("y"))
                    .get("y")
                    .data();
            double scale = Arrays.stream(expected)
                    .filter(Double::isFinite)
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
            // The last position alone is a step of few rows, whose folds are written in another way.
            for (int first : new int[] {length, length / 2, length - 1}) {
                assertArrayEquals(
                        expected, run(given, rounded, first, length), CLOSE * scale, "of " + length + " from " + first);
            }
        }
    }

    /** All rows, in a step of {@code first} and one of the others. */
    private static double[] run(Case given, Function<String, Tensor> parameters, int first, int length) {
        try (PoolWorkers workers = new PoolWorkers(1);
                Backend backend = TornadoBackend.emulated();
                Session session = Engines.compiled(given.program, backend, parameters, workers, note -> {})
                        .open(2)) {
            double[] begun = session.advance(given.given(0, 2, 0, first), Rows.ALL)
                    .get("y")
                    .data();
            if (first == length) {
                return begun;
            }
            double[] others = session.advance(given.given(0, 2, first, length), Rows.ALL)
                    .get("y")
                    .data();
            int row = begun.length / 2 / first;
            double[] all = new double[2 * length * row];
            for (int b = 0; b < 2; b++) {
                System.arraycopy(begun, b * first * row, all, b * length * row, first * row);
                int rest = (length - first) * row;
                System.arraycopy(others, b * rest, all, (b * length + first) * row, rest);
            }
            return all;
        }
    }

    private static Function<String, Tensor> rounded(Case given) {
        Map<String, Tensor> tensors = new HashMap<>();
        given.program.parameters().forEach(parameter -> {
            Tensor plain = given.parameters().apply(parameter.name());
            int count = Math.toIntExact(Tensor.elements(plain.shape()));
            MemorySegment memory = Arena.ofAuto().allocate(2L * count, 64);
            for (int k = 0; k < count; k++) {
                // Towards 0: any number of eight binary digits will do.
                int bits = plain.data().getAtIndex(ValueLayout.JAVA_INT, k);
                memory.setAtIndex(ValueLayout.JAVA_SHORT, k, (short) (bits >> 16));
            }
            tensors.put(
                    parameter.name(),
                    new Tensor(memory, ElementType.BF16, plain.shape(), plain.strides(), 0, 0, 0, -1));
        });
        return tensors::get;
    }
}
