package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.compiler.elaborate.Laws.LENGTH;
import static tfx.compiler.elaborate.Laws.assertClose;
import static tfx.compiler.elaborate.Laws.assertSame;
import static tfx.compiler.elaborate.Laws.elements;
import static tfx.compiler.elaborate.Laws.given;
import static tfx.compiler.elaborate.Laws.importing;
import static tfx.compiler.elaborate.Laws.logits;
import static tfx.compiler.elaborate.Laws.model;
import static tfx.compiler.elaborate.Laws.random;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.elaborate.Laws.Weights;
import tfx.compiler.passes.Known;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Storage;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Evaluator;

/** What the note on LIMe says of its routers, at constants where they are another model and in what is kept. */
class RoutingLawsTest {
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

    /** Kept keys and values of a head at a scale, and what reads them at the inverse. The first layer reads its own as they are. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void routersTakeTheScaleOfWhatTheyRead(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 2) int layer) {
        int kv = 2;
        double scale = 3;
        Weights weights = random(seed);
        Elaborated lime = model(importing("lime") + "variant V of LIMe {}", "kv_heads", (long) kv);
        Weights other = (path, element) -> {
            double value = weights.at(path, element);
            if (path.matches("layers." + layer + ".self_attn.[kv]_proj.weight")) {
                // [g, e, i]: the second head.
                return element / (2 * 8) == 1 ? value * scale : value;
            }
            if (path.endsWith("static_weights") && Laws.layer(path) >= layer) {
                long depth = Laws.layer(path) + 1L;
                return element % (depth * kv) == layer * kv + 1 ? value / scale : value;
            }
            return value;
        };
        double[] want = logits(lime, weights);
        assertSame(want, logits(lime, other));
        Laws.assertOther(
                want,
                logits(
                        lime,
                        (path, element) ->
                                path.endsWith("static_weights") ? weights.at(path, element) : other.at(path, element)));
    }

    /** The last layer's own keys and values are read by its own router alone. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void whatNoRouterReadsDoesNotCount(@ForAll @IntRange(max = 1000) int seed) {
        int kv = 2;
        Weights weights = random(seed);
        Weights pruned = (path, element) ->
                path.equals("layers.2.self_attn.recall.static_weights") && element % (3 * kv) >= 2 * kv
                        ? 0
                        : weights.at(path, element);
        Weights other = (path, element) -> path.matches("layers.2.self_attn.[kv]_proj.weight")
                ? -weights.at(path, element)
                : pruned.at(path, element);
        Elaborated lime = model(importing("lime") + "variant V of LIMe {}", "kv_heads", (long) kv);
        assertSame(logits(lime, pruned), logits(lime, other));
    }

    /** All heads turn alike at a position, and a mixture is linear: it may be kept before or after the rotation. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void rotationAndRoutingCommute(@ForAll @IntRange(max = 1000) int seed, @ForAll boolean half) {
        String rope = half ? "rope_half" : "rope_interleaved";
        var program = Elaborator.elaborate(
                        Sources.model(
                                """
                                import "stdlib/rotary.tfx"
                                model M(g = 3, e = 4) {
                                  a = g
                                  input tokens[t] : id(7)
                                  param rows[t2, g, e] = ones
                                  param weight[a, g] = ones
                                  x[t, g, e] = rows[tokens[t], g, e]
                                  mixed[t, a, e] = sum[g](weight[a, g] * x[t, g, e])
                                  output before = ROPE(mixed)
                                  turned = ROPE(x)
                                  output after[t, a, e] = sum[g](weight[a, g] * turned[t, g, e])
                                }
                                """.replace("ROPE", rope).replace("t2", "v").replace("(g = 3", "(v = 7, g = 3")),
                        Map.of())
                .program();
        Map<String, double[]> found = Evaluator.run(program, LENGTH, given(program, random(seed)));
        assertClose(found.get("before"), found.get("after"), rope);
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
