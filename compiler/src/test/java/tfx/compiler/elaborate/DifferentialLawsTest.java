package tfx.compiler.elaborate;

import static tfx.compiler.elaborate.Laws.LENGTH;
import static tfx.compiler.elaborate.Laws.assertClose;
import static tfx.compiler.elaborate.Laws.assertOther;
import static tfx.compiler.elaborate.Laws.assertSame;
import static tfx.compiler.elaborate.Laws.given;
import static tfx.compiler.elaborate.Laws.logits;
import static tfx.compiler.elaborate.Laws.model;
import static tfx.compiler.elaborate.Laws.random;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.elaborate.Laws.Weights;
import tfx.compiler.schedule.Observations;
import tfx.testing.Evaluator;

/** What the note on the Differential Transformer says of differential attention at constants where it is something else. */
class DifferentialLawsTest {
    private static final int HEADS = 2;
    private static final int HEAD = 2;

    private static final String IMPORTS = """
            import "stdlib/models/llama.tfx"
            import "stdlib/differential.tfx"

            """;

    /** Differential attention with one of its maps only, and no constant. */
    private static final String ONE_MAP = IMPORTS + """
            block scaled_unit[d](x[.., d], by) {
              return by * rms_unit[d](x, eps: 0, name: none)
            }
            block one_map(x[t, d], heads, kv_heads, head, norm) {
              s = size(t)
              h = heads
              g = kv_heads
              m = 2
              u = 2
              e = head
              group = heads / kv_heads
              q = rope_interleaved(linear[d -> h, m, e](x, name: q_proj))
              k = rope_interleaved(linear[d -> g, m, e](x, name: k_proj))
              v = linear[d -> g, u, e](x, name: v_proj)
              score[h, t, s] = sum[e](q[t, h, 0, e] * k[s, h div group, 0, e]) / sqrt(size(e)) where s <= t
              p = softmax[s](score)
              mixed[t, h, u, e] = sum[s](p[h, t, s] * v[s, h div group, u, e])
              return linear[h, u, e -> d](norm[u, e](mixed, name: subln), name: o_proj)
            }
            variant V of Llama {
              mixer = one_map(heads: heads, kv_heads: kv_heads, head: head, norm: NORM)
            }
            """;

    private static Elaborated oneMap(String norm, int kvHeads) {
        return sized(ONE_MAP.replace("NORM", norm), kvHeads);
    }

    private static Elaborated differential(String arguments, int kvHeads) {
        return sized(
                IMPORTS
                        + "variant V of Llama { mixer = differential_attention(heads: heads, kv_heads: kv_heads, head: head, "
                        + arguments + ") }",
                kvHeads);
    }

    private static Elaborated sized(String text, int kvHeads) {
        return model(text, "heads", (long) HEADS, "kv_heads", (long) kvHeads, "head", (long) HEAD);
    }

    /** Weights of which lambda is `lambda` less lambda_init, from the first of its vectors. */
    private static Weights lambda(Weights weights, double lambda) {
        return (path, element) -> {
            if (!path.contains("lambda_")) {
                return weights.at(path, element);
            }
            // exp(a * 1) - exp(0) = lambda.
            return element > 0 || path.endsWith("2") ? 0 : path.endsWith("q1") ? Math.log1p(lambda) : 1;
        };
    }

    /** Weights whose second maps are their first ones. */
    private static Weights equalMaps(Weights weights) {
        return (path, element) -> {
            if (!path.contains("q_proj") && !path.contains("k_proj")) {
                return weights.at(path, element);
            }
            long map = HEAD * 8;
            return weights.at(path, element / (2 * map) * 2 * map + element % map);
        };
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void withoutLambdaTheFirstMapIsLeft(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 2) int kvHeads) {
        Weights weights = lambda(random(seed), 0);
        for (String norm : List.of("same", "rms_norm", "rms_unit")) {
            double[] want = logits(oneMap(norm, kvHeads), weights);
            assertSame(want, logits(differential("lambda_init: 0, norm: " + norm, kvHeads), weights));
            assertOther(want, logits(differential("lambda_init: 0, norm: " + norm, kvHeads), lambda(weights, 0.3)));
        }
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void rowsOfTheMapAddUpToOneLessLambda(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = -7, max = 30) int tenths) {
        double lambda = tenths / 10.0;
        var program =
                Observations.observe(differential("lambda_init: 0.2", 1).program(), List.of("layers.1.self_attn.p"));
        double[] p = Evaluator.run(program, LENGTH, given(program, lambda(random(seed), lambda - 0.2)))
                .get("layers.1.self_attn.p");
        for (int row = 0; row < p.length / LENGTH; row++) {
            double sum = Arrays.stream(p, row * LENGTH, (row + 1) * LENGTH).sum();
            assertClose(new double[] {1 - lambda, 1}, new double[] {sum, 1}, "row " + row);
        }
    }

    /** The norm takes away what is left of one map: its sign stays. */
    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void equalMapsLeaveTheSignOfOneLessLambda(
            @ForAll @IntRange(max = 1000) int seed,
            @ForAll @IntRange(min = 1, max = 2) int kvHeads,
            @ForAll boolean above) {
        Weights weights = equalMaps(lambda(random(seed), above ? 1.5 : 0.4));
        double sign = above ? -1 : 1;
        double[] want = logits(oneMap("scaled_unit(by: " + 0.9 * sign + ")", kvHeads), weights);
        assertSame(want, logits(differential("lambda_init: 0.1, norm: rms_unit(eps: 0)", kvHeads), weights));
    }

    /** There both maps are 1, so that lambda is a factor, which the norm takes away. */
    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void atTheFirstPositionLambdaDoesNotCount(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = -9, max = 7) int tenths) {
        Elaborated model = differential("lambda_init: 0.1, norm: rms_norm(eps: 0)", 1);
        double[] want = logits(model, lambda(random(seed), 0.8));
        double[] got = logits(model, lambda(random(seed), tenths / 10.0));
        assertSame(Arrays.copyOf(want, 7), Arrays.copyOf(got, 7));
        assertOther(want, got);
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void theConstantIsAScaleOfTheNormOrOfTheProjectionAfterIt(@ForAll @IntRange(max = 1000) int seed) {
        double init = 0.35;
        Weights weights = lambda(random(seed), 0.4);
        // The same lambda from another lambda_init.
        Weights other = lambda(random(seed), 0.4 + init);
        Weights norms = (path, element) -> other.at(path, element) * (path.endsWith("subln.weight") ? 1 - init : 1);
        assertSame(
                logits(differential("lambda_init: " + init, 2), weights),
                logits(differential("lambda_init: 0", 2), norms));
        Weights columns = (path, element) -> other.at(path, element) * (path.endsWith("o_proj.weight") ? 1 - init : 1);
        assertSame(
                logits(differential("lambda_init: " + init + ", norm: rms_unit", 2), weights),
                logits(differential("lambda_init: 0, norm: rms_unit", 2), columns));
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void pairingsDifferOnlyWhereHeadsShareKeys(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        for (int kvHeads = 1; kvHeads <= HEADS; kvHeads++) {
            double[] group = logits(differential("lambda_init: 0.5, keys: keys_of_group", kvHeads), weights);
            double[] row = logits(differential("lambda_init: 0.5, keys: keys_in_a_row", kvHeads), weights);
            if (kvHeads == HEADS) {
                assertSame(group, row);
            } else {
                assertOther(group, row);
            }
        }
    }

    /** One takes channel i with i + width / 2, the other 2 i with 2 i + 1: rows of queries and keys in another order. */
    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void bothRotationsAreOneUpToTheOrderOfRows(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        String head = "head: 6, lambda_init: 0.5, rope: ";
        String text = IMPORTS + "variant V of Llama { mixer = differential_attention(heads: 2, kv_heads: 1, " + head;
        Weights turned = (path, element) -> {
            if (!path.contains("q_proj") && !path.contains("k_proj")) {
                return weights.at(path, element);
            }
            long channel = element / 8 % 6;
            long from = channel < 3 ? 2 * channel : 2 * (channel - 3) + 1;
            return weights.at(path, element + (from - channel) * 8);
        };
        double[] want = logits(model(text + "rope_interleaved) }"), weights);
        assertSame(want, logits(model(text + "rope_half) }"), turned));
        assertOther(want, logits(model(text + "rope_half) }"), weights));
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void swappedMapsAreAnotherModel(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        Weights swapped = (path, element) -> {
            boolean maps = path.contains("q_proj") || path.contains("k_proj");
            long map = HEAD * 8;
            return weights.at(path, maps ? element + (element / map % 2 == 0 ? map : -map) : element);
        };
        Elaborated model = differential("lambda_init: 0.5", 1);
        assertOther(logits(model, weights), logits(model, swapped));
    }
}
