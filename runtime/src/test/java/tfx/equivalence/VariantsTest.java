package tfx.equivalence;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Random combinations of the standard library's norms, mixers, projections, positions and masks, as variants of Llama. */
class VariantsTest {
    private static final List<String> NORMS = List.of(
            "rms_norm(eps: eps)",
            "layer_norm(eps: eps)",
            "standardize(eps: eps)",
            "(y) => rms_norm(y, eps: eps) / sqrt(l + 1)",
            "same");
    private static final List<String> HEAD_NORMS = List.of("same", "rms_norm(eps: eps)", "layer_norm");
    private static final List<String> MASKS = List.of(
            "causal",
            "sliding(window: 3)",
            "sliding(window: 1)",
            "(t, s) => s < t",
            "(t, s) => s <= t and (t - s) mod 2 == 0",
            "(t, s) => s <= t and s div 4 == t div 4",
            "(t, s) => s <= t or s == 0");
    private static final List<String> ROPES = List.of(
            "no_rope",
            "rope_half",
            "rope_interleaved",
            "rope_half(width: 2)",
            "rope_interleaved(width: 2, frequency: rope_linear(factor: 4))",
            "rope_half(frequency: rope_yarn(factor: 4, original: 64))",
            "rope_half(frequency: rope_llama3(original: 64))");
    private static final List<String> MLPS = List.of(
            "swiglu(ffn: ffn, act: silu)",
            "swiglu(ffn: ffn, act: gelu, bias: true)",
            "feed_forward(ffn: ffn, act: relu)",
            "feed_forward(ffn: ffn, act: gelu_tanh, bias: false)",
            "pattention[d -> d](slots: ffn, zoom: 3)",
            "swiglu(ffn: ffn, linear: pattention(slots: 8, weigh: gelu_l2_norm))",
            "(y) => 0.5 * y");

    /** What becomes of queries, keys and values; each takes projections, recall, positions and a mask. */
    private static final List<String> MIXERS = List.of(
            "attention(heads: heads, head: head, norm_q: HEAD_NORM, norm_k: HEAD_NORM, ",
            "differential_attention(heads: heads, head: head, lambda_init: 0.8 - 0.6 * exp(-0.3 * l), norm: HEAD_NORM, ",
            "differential_attention(heads: heads, head: head, lambda_init: -0.4, keys: keys_in_a_row, ");

    private static final List<String> PROJECTIONS = List.of(
            "linear",
            "linear(bias: true)",
            "pattention(slots: 8, zoom: 2, weigh: zoomed_softmax)",
            "pattention(slots: 9, weigh: l2_norm_gelu)",
            "pattention(slots: 7, zoom: 9, weigh: gelu_l2_norm)");
    private static final List<String> WEIGHTS = List.of("softmax", "softmax", "sink_softmax");
    private static final List<String> RECALLS = List.of("present", "routed(depth: l + 1)");

    /** One way to combine them. */
    record Variant(
            String mixer,
            String projection,
            String recall,
            String weigh,
            String norm,
            String headNorm,
            String mask,
            String rope,
            String mlp,
            boolean bias,
            int layers,
            int kvHeads,
            int group,
            int head,
            int d) {
        String source() {
            return """
                    import "stdlib/models/llama.tfx"
                    import "stdlib/differential.tfx"
                    import "stdlib/pattention.tfx"
                    import "stdlib/routing.tfx"

                    variant Generated of Llama {
                      norm = %s
                      final_norm = %s
                      mlp = %s
                      mixer = %skv_heads: kv_heads, bias: %s,
                        linear: %s, out: %s, recall: %s, weigh: %s, rope: %s, mask: %s)
                    }
                    """.formatted(
                            norm,
                            norm.contains("l + 1") ? "rms_norm" : norm,
                            mlp,
                            mixer.replace("HEAD_NORM", headNorm),
                            bias,
                            projection,
                            projection,
                            recall,
                            weigh,
                            rope,
                            mask);
        }

        Map<String, Object> arguments() {
            return Map.of(
                    "vocab", 11L,
                    "d", (long) d,
                    "layers", (long) layers,
                    "heads", (long) kvHeads * group,
                    "kv_heads", (long) kvHeads,
                    "head", (long) head,
                    "ffn", 7L);
        }

        @Override
        public String toString() {
            return "\n" + source() + "\n" + arguments() + "\n";
        }
    }

    @Provide
    Arbitrary<Variant> variants() {
        Arbitrary<List<String>> parts = Combinators.combine(
                        Arbitraries.of(NORMS),
                        Arbitraries.of(HEAD_NORMS),
                        Arbitraries.of(MASKS),
                        Arbitraries.of(ROPES),
                        Arbitraries.of(MLPS))
                .as(List::of);
        Arbitrary<List<String>> mixers = Combinators.combine(
                        Arbitraries.of(MIXERS),
                        Arbitraries.of(PROJECTIONS),
                        Arbitraries.of(RECALLS),
                        Arbitraries.of(WEIGHTS))
                .as(List::of);
        return Combinators.combine(
                        mixers,
                        parts,
                        Arbitraries.of(false, true),
                        Arbitraries.of(1, 2, 2, 3, 4),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.of(2, 4, 6, 16),
                        Arbitraries.of(4, 1, 7, 31))
                .as((mixer, part, bias, layers, kvHeads, group, head, d) -> new Variant(
                        mixer.get(0),
                        mixer.get(1),
                        mixer.get(2),
                        mixer.get(3),
                        part.get(0),
                        part.get(1),
                        part.get(2),
                        part.get(3),
                        part.get(4),
                        bias,
                        layers,
                        kvHeads,
                        group,
                        head,
                        d));
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void everyCombinationMeansTheSameHoweverItRuns(
            @ForAll("variants") Variant variant,
            @ForAll @IntRange(min = 1, max = 18) int length,
            @ForAll @IntRange(min = 1, max = 2) int batch) {
        new Agreement(of(variant, batch, length)).passesAndPlan();
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void everyCombinationCompiles(
            @ForAll("variants") Variant variant,
            @ForAll @IntRange(min = 1, max = 18) int length,
            @ForAll @IntRange(min = 1, max = 2) int batch) {
        new Agreement(of(variant, batch, length)).compiled();
    }

    private static Case of(Variant variant, int batch, int length) {
        return new Case(Case.elaborate(variant.source(), variant.arguments()), batch, length, 0.5, length);
    }
}
