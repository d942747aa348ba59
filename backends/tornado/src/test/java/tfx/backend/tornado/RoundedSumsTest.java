package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tfx.compiler.elaborate.Elaborator;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Modules;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Source;

/** Which products come in BF16: those that nothing reads but a kernel whose output is rounded for the next product. */
class RoundedSumsTest {
    private static final String FACTORS = """
            param w1[e, d]
            param w2[e, d]
            param w3[d, e]
            a[t, e] = sum[d](x[t, d] * w1)
            b[t, e] = sum[d](x[t, d] * w2)
            """;
    private static final String OUTPUT = "output y[t, d] = sum[e](h[t, e] * w3)\n";

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of("both factors of a gate", 20, "h[t, e] = a / (1 + exp(-a)) * b\n", "h 2"),
                Arguments.of(
                        "with a bias and a number of the row",
                        20,
                        "param c[e]\nh[t, e] = exp(a + c) * x[t, 0]\n",
                        "h 1"),
                Arguments.of("no whole words", 18, "h[t, e] = a * b\n", ""),
                Arguments.of("one of two has another reader", 20, "h[t, e] = a * b\noutput z[t, e] = a + 1\n", "h 1"),
                Arguments.of("one of two is kept", 20, "h[t, e] = exp(a) * b\noutput z[t, e] = a\n", "h 1"),
                Arguments.of("read at another place", 20, "h[t, e] = a[t, 0] * x[t, 0]\n", ""),
                Arguments.of("a norm", 20, "h[t, e] = a / sqrt(sum[e](a * a))\n", ""),
                Arguments.of(
                        "a residual stream",
                        20,
                        "h[t, e] = x[t, 0] + a\noutput z[t, e] = h + sum[d](x[t, d] * w2)\n",
                        ""),
                Arguments.of(
                        "attention",
                        20,
                        "score[t, s] = sum[e](a[t, e] * b[s, e]) where s <= t\nm[t] = max[s](score)\n"
                                + "h[t, e] = sum[s](exp(score - m) * b[s, e]) / sum[s](exp(score - m))\n",
                        ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("models")
    void productsAreRoundedWhereNothingElseReadsThem(String name, int width, String body, String expected) {
        assertEquals(expected, rounded(width, body, ElementType.BF16));
        assertEquals("", rounded(width, body, ElementType.F32));
    }

    /** A loop that is left beside products is no matter of one element. */
    @Test
    void noLoopReadsRoundedSums() {
        Index t = new Index("t", Size.symbol("t"));
        Index e = new Index("e", Size.of(8));
        Index d = new Index("d", Size.of(4));
        Value.Input x = new Value.Input("x", List.of(t.size(), d.size()), Value.Kind.REAL);
        Value.Parameter w = new Value.Parameter("w", List.of(e.size(), d.size()));
        Expr sum = Exprs.sum(d, Expr.TRUE, Exprs.mul(Exprs.read(x, t, d), Exprs.read(w, e, d)));
        Index f = new Index("f", Size.of(4));
        Expr loop = Exprs.sum(f, Expr.TRUE, Exprs.read(w, e, f));
        Expr branch = new Expr.Select(Exprs.lt(Exprs.at(t), Exprs.number(2)), loop, Exprs.number(1));
        assertTrue(cut(t, e, x, w, sum).rounds());
        assertFalse(cut(t, e, x, w, Exprs.mul(sum, branch)).rounds());
    }

    private static Cut cut(Index t, Index e, Value x, Value w, Expr body) {
        Value.Comprehension y = new Value.Comprehension("y", List.of(t, e), Expr.TRUE, body);
        List<Layout> layouts = List.of(
                new Layout(ElementType.F32, new long[] {4, 1}), new Layout(ElementType.BF16, new long[] {4, 1}));
        return Cut.of(
                new Template(new Request(new Kernel("y", y, List.of(x, w), List.of()), layouts, ElementType.F32, "t")));
    }

    /** The kernels whose products are rounded, and how many each has. */
    private static String rounded(int width, String body, ElementType weights) {
        String text = "model M(d = 12, e = " + width + ") {\ninput x[t, d] : real\ns = size(t)\n" + FACTORS + body
                + OUTPUT + "}\n";
        ModelRef model =
                ModelRef.of(new Modules(path -> Optional.of(new Source(path, text))).load("m.tfx"), Optional.empty());
        Schedule schedule = Scheduler.schedule(
                Passes.run(Elaborator.elaborate(model, Map.of()).program()));
        List<GraphBuilder.Numbered> kernels = new ArrayList<>();
        for (Kernel kernel : schedule.kernels()) {
            List<Layout> layouts = kernel.operands().stream()
                    .map(value -> new Layout(
                            value instanceof Value.Parameter ? weights : ElementType.F32, Cut.strides(value.shape())))
                    .toList();
            boolean kept = schedule.kept(kernel.output());
            Template template = new Template(new Request(kernel, layouts, ElementType.F32, schedule.length(), kept));
            kernels.add(new GraphBuilder.Numbered(template, Cut.of(template), null, null));
        }
        Set<Integer> many =
                new HashSet<>(IntStream.range(0, kernels.size()).boxed().toList());
        Map<Value, Handover> handed = new Handovers(kernels).of(64, many);
        return String.join(
                ", ",
                kernels.stream()
                        .filter(kernel -> Handover.sums(kernel, handed) == ElementType.BF16)
                        .map(kernel -> kernel.output().name() + " "
                                + kernel.cut().factors().size())
                        .toList());
    }
}
