package tfx.compiler.elaborate;

import static tfx.compiler.elaborate.Laws.assertOther;
import static tfx.compiler.elaborate.Laws.assertSame;
import static tfx.compiler.elaborate.Laws.importing;
import static tfx.compiler.elaborate.Laws.layer;
import static tfx.compiler.elaborate.Laws.logits;
import static tfx.compiler.elaborate.Laws.model;
import static tfx.compiler.elaborate.Laws.random;

import java.util.List;
import java.util.function.Predicate;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.elaborate.Laws.Weights;

/** What the note on LayerNorm Scaling says the factor is: a scale of weights, and of which. */
class ScaledNormLawsTest {
    private static final String PLAIN = importing("llama") + "variant V of Llama {}";
    private static final String SCALED = importing("layernorm-scaling") + "variant V of LayerNormScaling {}";

    /** Weights of a layer by its factor where the path is one of those. */
    private static Weights scaled(Weights weights, Predicate<String> which) {
        return (path, element) -> weights.at(path, element)
                * (path.startsWith("layers.") && which.test(path) ? 1 / Math.sqrt(layer(path) + 1) : 1);
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void theFactorIsAScaleOfTheNormsWeights(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 4) int layers) {
        Weights weights = random(seed);
        double[] want = logits(model(SCALED, "layers", (long) layers), weights);
        Elaborated plain = model(PLAIN, "layers", (long) layers);
        assertSame(want, logits(plain, scaled(weights, path -> path.endsWith("layernorm.weight"))));
        // One layer alone has the factor 1; another number of layers does not.
        if (layers == 1) {
            assertSame(want, logits(plain, weights));
        } else {
            assertOther(want, logits(plain, weights));
        }
    }

    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void theFactorIsAScaleOfWhatReadsTheNorms(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        double[] want = logits(model(SCALED), weights);
        List<String> readers = List.of("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj");
        assertSame(
                want,
                logits(model(PLAIN), scaled(weights, path -> readers.stream().anyMatch(path::contains))));
        // Softmax and silu are not homogeneous: it is no scale of what comes after them.
        assertOther(
                want,
                logits(model(PLAIN), scaled(weights, path -> path.contains("o_proj") || path.contains("down_proj"))));
    }

    /** A scale before a norm does nothing, up to its epsilon. */
    @Property(tries = 8, edgeCases = EdgeCasesMode.NONE)
    void beforeTheNormItDoesNothing(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        assertSame(
                logits(model(importing("llama") + "variant V of Llama { norm = rms_norm(eps: 0) }"), weights),
                logits(
                        model(importing("llama")
                                + "variant V of Llama { norm = (x) => rms_norm(x / sqrt(l + 1), eps: 0) }"),
                        weights));
    }

    /** The same change of the same slot, whatever the mixer is. */
    @Property(tries = 4, edgeCases = EdgeCasesMode.NONE)
    void itComposes(@ForAll @IntRange(max = 1000) int seed) {
        Weights weights = random(seed);
        for (String base : List.of("diffllama:DiffLlama", "lime:LIMe")) {
            String imports = importing(base.substring(0, base.indexOf(':')), "layernorm-scaling");
            String name = base.substring(base.indexOf(':') + 1);
            double[] want = logits(
                    model(imports + "variant V of " + name
                            + " { norm = (x) => rms_norm(x, eps: eps) / sqrt(l + 1) kv_heads = 2 }"),
                    weights);
            Elaborated plain = model(imports + "variant V of " + name + " { kv_heads = 2 }");
            assertSame(want, logits(plain, scaled(weights, path -> path.endsWith("layernorm.weight"))));
        }
    }
}
