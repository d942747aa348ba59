package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.passes.Known;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Storage;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Evaluator;

/** What the papers say of TokenFormer and LIMe at constants where they are another model, and what must not depend on how they run. */
class VariantLawsTest {
    private static final int LENGTH = 5;

    /** A stack of weights by path; equal paths of two models hold equal numbers. */
    private interface Weights {
        double at(String path, long element);
    }

    private static Weights random(long seed) {
        return (path, element) -> new Random(seed * 31 + path.hashCode() * 7919L + element).nextGaussian() * 0.5;
    }

    private static final Map<String, Object> SIZES =
            Map.of("vocab", 7L, "d", 8L, "layers", 3L, "heads", 4L, "ffn", 5L, "context", 16L);

    private static Elaborated model(String text, Object... more) {
        Map<String, Object> sizes = new LinkedHashMap<>(SIZES);
        for (int i = 0; i < more.length; i += 2) {
            sizes.put((String) more[i], more[i + 1]);
        }
        return Elaborator.elaborate(Sources.model(text), sizes);
    }

    private static String importing(String... models) {
        return String.join(
                "",
                Arrays.stream(models)
                        .map(it -> "import \"stdlib/models/" + it + ".tfx\"\n")
                        .toList());
    }

    private static Map<Value, double[]> given(Program program, Weights weights) {
        Map<Value, double[]> given = new HashMap<>();
        program.parameters().forEach(parameter -> given.put(parameter, elements(parameter, weights)));
        Random ids = new Random(3);
        program.inputs()
                .forEach(input ->
                        given.put(input, ids.ints(LENGTH, 0, 7).asDoubleStream().toArray()));
        return given;
    }

    private static double[] elements(Value.Parameter parameter, Weights weights) {
        long count = parameter.shape().stream().mapToLong(Size::constant).reduce(1, Math::multiplyExact);
        double[] all = new double[(int) count];
        Arrays.setAll(all, i -> weights.at(parameter.name(), i));
        return all;
    }

    private static double[] logits(Elaborated model, Weights weights) {
        return Evaluator.run(model.program(), LENGTH, given(model.program(), weights))
                .get("logits");
    }

    private static void assertSame(double[] want, double[] got) {
        assertClose(want, got, "logits");
    }

    private static void assertClose(double[] want, double[] got, String what) {
        double scale = Arrays.stream(want).map(Math::abs).max().orElseThrow();
        assertEquals(want.length, got.length);
        for (int i = 0; i < want.length; i++) {
            assertEquals(want[i], got[i], 1e-9 * scale, what + " at " + i);
        }
    }

    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void anIdentityRouterIsThePlainModel(@ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(max = 2) int share) {
        long kv = 4 >> share;
        Weights weights = random(seed);
        Elaborated lime = model(importing("lime") + "variant V of LIMe {}", "kv_heads", kv);
        Weights routed = (path, element) -> {
            if (!path.endsWith("static_weights")) {
                return weights.at(path, element);
            }
            long depth = Long.parseLong(path.split("\\.")[1]) + 1;
            long a = element / (depth * kv);
            return element % (depth * kv) == (depth - 1) * kv + a ? 1 : 0;
        };
        Elaborated llama = model(importing("llama") + "variant V of Llama {}", "kv_heads", kv);
        double[] plain = logits(llama, weights);
        assertSame(plain, logits(lime, routed));
        // The law can fail: another router is another model.
        double[] other = logits(lime, weights);
        assertTrue(Math.abs(other[other.length - 1] - plain[plain.length - 1]) > 1e-6);
    }

    private static final String TOKENS = importing("tokenformer");

    private static Elaborated tokenFormer(String normaliser, Object... more) {
        Object[] all = Arrays.copyOf(
                new Object[] {"qkv_slots", 3L, "out_slots", 4L, "rotary", 2L, "normaliser", normaliser},
                8 + more.length);
        System.arraycopy(more, 0, all, 8, more.length);
        return model(TOKENS + "variant V of TokenFormer {}", all);
    }

    private static Elaborated grown(String normaliser, String method, long slots) {
        return model(
                TOKENS + "variant V of Grown {}",
                "normaliser",
                normaliser,
                "method",
                method,
                "slots",
                slots,
                "qkv_before",
                3L,
                "out_before",
                4L,
                "mlp_before",
                5L,
                "rotary",
                2L);
    }

    @Property(tries = 12, edgeCases = EdgeCasesMode.NONE)
    void growthKeepsTheFunction(
            @ForAll @IntRange(max = 1000) int seed,
            @ForAll @IntRange(min = 1, max = 17) int slots,
            @ForAll @IntRange(max = 2) int normaliser,
            @ForAll boolean tiled) {
        String name = List.of("l2_norm_gelu", "gelu_l2_norm", "softmax").get(normaliser);
        boolean whole = tiled || name.equals("softmax");
        Weights weights = random(seed);
        Elaborated larger = grown(name, tiled ? "tiled" : "exact", whole ? 60L * (1 + slots % 2) : slots);
        assertSame(logits(tokenFormer(name), weights), logits(larger, weights));
    }

    @Example
    void theReleasedGrowthDoesNotKeepIt() {
        Weights weights = random(5);
        double[] before = logits(tokenFormer("l2_norm_gelu"), weights);
        double[] after = logits(grown("l2_norm_gelu", "released", 9), weights);
        double most = 0;
        for (int i = 0; i < before.length; i++) {
            most = Math.max(most, Math.abs(before[i] - after[i]));
        }
        assertTrue(most > 1e-3, "by " + most);
    }

    /** Slots whose keys are zero do not change the scale, whatever their values. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void theScaleDoesNotDependOnTheSlots(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 9) int extra) {
        Weights weights = random(seed);
        Elaborated larger =
                tokenFormer("l2_norm_gelu", "qkv_slots", 3L + extra, "qkv_zoom", 3L, "out_zoom", 4L, "mlp_zoom", 5L);
        Weights padded = (path, element) -> path.matches(".*self_attn.[qkv]_proj.key_param_tokens") && element >= 3 * 8
                ? 0
                : weights.at(path, element);
        assertSame(logits(tokenFormer("l2_norm_gelu"), weights), logits(larger, padded));
    }

    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void slotsHaveNoOrderAndKeysNoLength(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 40) int scale) {
        Weights weights = random(seed);
        Elaborated model = tokenFormer("l2_norm_gelu");
        double[] want = logits(model, weights);
        Weights turned = (path, element) -> path.contains("mlp.")
                ? weights.at(path, (element / 8 + 2) % 5 * 8 + element % 8)
                : weights.at(path, element);
        assertSame(want, logits(model, turned));
        Weights scaled =
                (path, element) -> weights.at(path, element) * (path.endsWith("key_param_tokens") ? scale / 10.0 : 1);
        assertSame(want, logits(model, scaled));
    }

    /** Variants that nobody published: projections, recall and masks of one with the others'. */
    private static final Map<String, String> COMBINATIONS = new TreeMap<>(Map.of(
            "TokenFormer in a Llama",
            importing("llama") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Llama { linear = pattention(slots: 2 * d) }",
            "TokenFormer in a sliding window",
            importing("llama") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Llama { linear = pattention(slots: 3) kv_heads = 2\n"
                    + "mixer = attention(heads: heads, kv_heads: kv_heads, mask: sliding(window: 3), linear: linear, out: linear) }",
            "TokenFormer in a GPT-2",
            importing("gpt2") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Gpt2 { linear = pattention(slots: 3, weigh: gelu_l2_norm) }",
            "LIMe with shared heads",
            importing("lime") + "variant V of LIMe { kv_heads = 2 }",
            "LIMe over TokenFormer projections",
            importing("lime") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of LIMe { linear = pattention(slots: 3, weigh: zoomed_softmax) kv_heads = 2 }",
            "LIMe in a Qwen3 window",
            importing("lime") + "variant V of LIMe { kv_heads = 1\n"
                    + "mixer = attention(heads: heads, kv_heads: kv_heads, norm_q: rms_norm, norm_k: rms_norm,\n"
                    + "mask: sliding(window: 2), recall: recall(depth: l + 1)) }"));

    /** All at once, in steps of any lengths with the derived caches, and after all passes: one result. */
    @Example
    void combinationsRunInAnySteps() {
        COMBINATIONS.forEach((name, text) -> {
            Elaborated model = model(text);
            Map<Value, double[]> given = given(model.program(), random(name.hashCode()));
            double[] want = Evaluator.run(model.program(), LENGTH, given).get("logits");
            Program fused = Passes.run(model.program());
            assertClose(want, Evaluator.run(fused, LENGTH, given).get("logits"), name);
            Schedule schedule = Scheduler.schedule(fused);
            assertTrue(
                    schedule.causality().incremental(),
                    name + ": " + schedule.causality().reason());
            assertClose(
                    want,
                    Evaluator.steps(schedule, LENGTH, given, 1, 2, 3, 4, 5).get("logits"),
                    name + ", token by token");
            assertClose(want, Evaluator.steps(schedule, LENGTH, given, 3, 5).get("logits"), name + ", in chunks");
        });
    }

    /** The kept rows' sizes by kernel name. */
    private static Map<String, Long> caches(Elaborated model) {
        Map<String, Long> sizes = new TreeMap<>();
        Scheduler.schedule(Passes.run(model.program())).placements().forEach((value, placement) -> {
            if (placement.storage() == Storage.CACHE) {
                long row = 1;
                for (Size size : value.shape()) {
                    row *= size.isConstant() ? size.constant() : 1;
                }
                sizes.merge(value.name(), row, Long::sum);
            }
        });
        return sizes;
    }

    /** What later steps read is the mixture: the rows that go into it die within the step, but for the first layer's own. */
    @Example
    void theCacheHoldsRoutedKeysAndValues() {
        Map<String, Long> lime = caches(model(importing("lime") + "variant V of LIMe {}", "kv_heads", 2L));
        Map<String, Long> llama = caches(model(importing("llama") + "variant V of Llama {}", "kv_heads", 2L));
        assertEquals(
                llama.values().stream().mapToLong(it -> it).sum(),
                lime.values().stream().mapToLong(it -> it).sum());
        assertEquals(llama.size(), lime.size());
        for (int l = 1; l < 3; l++) {
            assertTrue(lime.containsKey("layers." + l + ".self_attn.v.y"), lime.toString());
            assertTrue(
                    lime.keySet().stream().noneMatch(("layers." + l + ".self_attn.v_proj.y")::equals), lime.toString());
            assertTrue(
                    lime.keySet().stream().noneMatch(("layers." + l + ".self_attn.k_proj.y")::equals), lime.toString());
        }
    }

    private static double flops(Program program) {
        return Costs.of(Scheduler.schedule(program), new Step(1, LENGTH - 1, LENGTH), value -> ElementType.F32).stream()
                .mapToDouble(Costs.Cost::flops)
                .sum();
    }

    /** Pruned routers: any pattern of exact zeros gives the same result, and the more there are the less is computed. */
    @Property(tries = 10, edgeCases = EdgeCasesMode.NONE)
    void zerosAmongSmallWeightsAreNotComputed(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(max = 100) int percent) {
        Elaborated lime = model(importing("lime") + "variant V of LIMe {}", "kv_heads", 4L, "d", 16L);
        Weights weights = random(seed);
        Weights pruned = (path, element) -> path.endsWith("static_weights")
                        && new Random(seed + path.hashCode() + element * 17).nextInt(100) < percent
                ? 0
                : weights.at(path, element);
        Known known = parameter -> elements(parameter, pruned);
        Program special = Passes.run(lime.program(), known);
        Map<Value, double[]> given = given(lime.program(), pruned);
        assertClose(
                Evaluator.run(lime.program(), LENGTH, given).get("logits"),
                Evaluator.run(special, LENGTH, given).get("logits"),
                percent + "% zeros");
        double full = flops(Passes.run(lime.program()));
        assertTrue(flops(special) <= full);
        Known half = parameter -> elements(
                parameter,
                (path, element) -> path.endsWith("static_weights") && element % 2 == 0 ? 0 : weights.at(path, element));
        Known none = parameter ->
                elements(parameter, (path, element) -> path.endsWith("static_weights") ? 0 : weights.at(path, element));
        double some = flops(Passes.run(lime.program(), half));
        assertTrue(some < full, some + " of " + full);
        assertTrue(flops(Passes.run(lime.program(), none)) < some);
        assertEquals(full, flops(Passes.run(lime.program(), parameter -> elements(parameter, weights))));
    }
}
