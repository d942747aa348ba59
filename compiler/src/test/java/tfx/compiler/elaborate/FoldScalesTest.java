package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.ir.Printer;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Evaluator;

/** Constants that are multiplied into weights: what that costs, and that it changes no value. */
class FoldScalesTest {
    private static final int LENGTH = 5;

    private static Program model(String text, Map<String, Object> set) {
        var ref = Sources.model(text);
        return Elaborator.elaborate(ref, ConfigClause.arguments(ref, Optional.empty(), key -> Optional.empty(), set))
                .program();
    }

    /** A model of one equation y[t, d] over x[t, d], with the parameters v and w[d]. */
    private static Program equation(String body) {
        return model("""
                model M(d = 6) {
                  input x[t, d] : real
                  param w[d] = ones
                  param v[d] = ones
                  o = d
                  param m[d, o] = ones
                  output y[t, d] = %s
                }
                """.formatted(body), Map.of());
    }

    private static Map<Value, double[]> given(Program program, long seed) {
        Map<Value, double[]> given = new HashMap<>();
        for (Value.Parameter parameter : program.parameters()) {
            Random random = new Random(seed + parameter.name().hashCode());
            given.put(parameter, random.doubles(Costs.count(parameter), -1, 1).toArray());
        }
        for (Value.Input input : program.inputs()) {
            long row = input.shape().stream()
                    .filter(Size::isConstant)
                    .mapToLong(Size::constant)
                    .reduce(LENGTH, Math::multiplyExact);
            Random random = new Random(seed);
            given.put(
                    input,
                    input.kind() == Value.Kind.INTEGER
                            ? random.ints(row, 0, 7).asDoubleStream().toArray()
                            : random.doubles(row, -2, 2).toArray());
        }
        return given;
    }

    private static Schedule keepsItsMeaning(Program program, long seed) {
        Program passed = Passes.run(program);
        Map<Value, double[]> given = given(program, seed);
        Map<String, double[]> want = Evaluator.run(program, LENGTH, given);
        Map<String, double[]> got = Evaluator.run(passed, LENGTH, given);
        want.forEach((name, tensor) -> {
            double most = Arrays.stream(tensor).map(Math::abs).max().orElse(0);
            assertEquals(tensor.length, got.get(name).length);
            for (int i = 0; i < tensor.length; i++) {
                assertEquals(tensor[i], got.get(name)[i], 1e-9 * most, name + " at " + i);
            }
        });
        return Scheduler.schedule(passed);
    }

    private static List<String> loaded(Schedule schedule) {
        return schedule.loadTime().stream()
                .map(kernel -> Printer.print(kernel.output()).strip())
                .toList();
    }

    private static void becomes(String body, String loaded) {
        assertEquals(List.of(loaded), loaded(keepsItsMeaning(equation(body), 3)), body);
    }

    private static void stays(String body) {
        assertEquals(List.of(), loaded(keepsItsMeaning(equation(body), 3)), body);
    }

    @Example
    void aConstantGoesIntoTheWeightWhereverItStandsInTheProduct() {
        becomes("x * w / 3", "w~scaled[d: 6] = w[d] / 3");
        becomes("x / 3 * w", "w~scaled[d: 6] = w[d] / 3");
        becomes("5 * (x * (2 * w)) / 3", "w~scaled[d: 6] = w[d] * 3.3333333333333335");
        becomes("exp(0.7 * x * w)", "w~scaled[d: 6] = w[d] * 0.7");
    }

    @Example
    void weightsThatMeetInAProductAreOne() {
        becomes("w * x * v", "w~scaled[d: 6] = w[d] * v[d]");
        becomes("x * (1 + w)", "w~scaled[d: 6] = 1 + w[d]");
    }

    @Example
    void aSumTakesAConstantWhereEachOfItsTermsDoes() {
        Schedule schedule = keepsItsMeaning(equation("(x * w + v) / 3"), 3);
        assertEquals(
                List.of("v~scaled[d: 6] = v[d] / 3", "w~scaled[d: 6] = w[d] / 3"),
                loaded(schedule).stream().sorted().toList());
        stays("(x * w + x) / 3");
    }

    @Example
    void thereIsNothingToFold() {
        stays("x * w");
        stays("x / 3");
        stays("x * w / x");
        stays("x * 0 * w");
        stays("x * 1e30 * w");
        stays("x * x / 3 + w");
    }

    @Example
    void matricesAreNotCopied() {
        stays("sum[o](x[t, o] * m[d, o] / 3)");
        stays("sum[o](x[t, o] * m[d, o]) / 3");
        becomes("sum[o](x[t, o] * m[d, o]) * w / 3", "w~scaled[d: 6] = w[d] / 3");
    }

    /** Else a norm within an activation would be computed once for every place that the activation reads it at. */
    @Example
    void whatProductsShareStaysShared() {
        stays("0.5 * (x * w) * (1 + tanh(0.7 * (x * w)))");
        stays("0.5 * (x * w + v) * (1 + tanh(x * w + v))");
        stays("(x * w + v) ^ 3 / 3");
    }

    /** A weight read at a shifted index is inside only where the choice says so. */
    @Example
    void whatAChoiceGuardsIsNotReadElsewhere() {
        stays("if d < 5 then x * w[d + 1] / 3 else x");
        becomes("if d < 5 then x * w / 3 else x", "w~scaled[d: 6] = w[d] / 3");
    }

    private static final String LLAMA = "import \"stdlib/models/llama.tfx\"\n";

    private static final String LAYER_NORM = LLAMA + """
            variant Base of Llama { norm = layer_norm(eps: eps) }
            variant V of Base { norm = (x) => layer_norm(x, eps: eps) / sqrt(l + 1) }
            """;

    private static List<Double> work(Schedule schedule, Step step) {
        List<Costs.Cost> costs = Costs.of(schedule, step, value -> ElementType.F32);
        return List.of(
                costs.stream().mapToDouble(Costs.Cost::flops).sum(),
                costs.stream().mapToDouble(Costs.Cost::bytes).sum());
    }

    private static List<String> kernels(Schedule schedule) {
        return schedule.kernels().stream()
                .map(kernel -> kernel.name() + kernel.output().shape() + kernel.fused())
                .toList();
    }

    private static void costsNothing(String base, String scaled, Map<String, Object> set) {
        Schedule plain = Scheduler.schedule(Passes.run(model(base, set)));
        Schedule folded = keepsItsMeaning(model(scaled, set), 11);
        assertEquals(kernels(plain), kernels(folded));
        for (Step step : List.of(new Step(1, 0, 64), new Step(1, 63, 64), new Step(3, 0, 1))) {
            assertEquals(work(plain, step), work(folded, step));
        }
        // The first layer's factor is 1.
        long layers = (Long) set.get("layers");
        long scales = folded.loadTime().stream()
                .map(Kernel::name)
                .filter(name -> name.endsWith("~scaled"))
                .count();
        assertTrue(scales >= 2 * (layers - 1), () -> loaded(folded).toString());
        assertTrue(plain.loadTime().stream().map(Kernel::name).noneMatch(name -> name.endsWith("~scaled")));
    }

    @Property(tries = 12, edgeCases = EdgeCasesMode.NONE)
    void scaledNormsCostWhatPlainOnesDo(
            @ForAll @IntRange(min = 1, max = 5) int layers,
            @ForAll @IntRange(min = 1, max = 9) int width,
            @ForAll @IntRange(min = 1, max = 4) int heads) {
        Map<String, Object> set = new LinkedHashMap<>(Map.of(
                "vocab", 7L, "layers", (long) layers, "heads", (long) heads, "ffn", 5L, "d", 2L * width * heads));
        costsNothing(
                LLAMA + "variant V of Llama {}",
                "import \"stdlib/models/layernorm-scaling.tfx\"\nvariant V of LayerNormScaling {}",
                set);
        costsNothing(LAYER_NORM + "variant W of Base {}", LAYER_NORM + "variant W of V {}", set);
    }

    /** The factor after a differential head's norm goes into the norm's weight, which all heads share. */
    @Example
    void theFactorOfADifferentialHeadIsFolded() {
        Map<String, Object> set =
                new LinkedHashMap<>(Map.of("vocab", 7L, "layers", 2L, "heads", 2L, "ffn", 5L, "d", 16L));
        Schedule schedule =
                keepsItsMeaning(model("import \"stdlib/models/diff-unilm.tfx\"\nvariant V of DiffUnilm {}", set), 7);
        List<String> names = schedule.loadTime().stream().map(Kernel::name).toList();
        assertTrue(names.contains("layers.1.self_attn.subln.weight~scaled"), names::toString);
        assertFalse(names.contains("layers.1.self_attn.o_proj.weight~scaled"), names::toString);
    }
}
