package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.compiler.elaborate.Laws.assertSame;
import static tfx.compiler.elaborate.Laws.importing;
import static tfx.compiler.elaborate.Laws.logits;
import static tfx.compiler.elaborate.Laws.model;
import static tfx.compiler.elaborate.Laws.random;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.elaborate.Laws.Weights;

/** What the note on TokenFormer says of its slots: what growing keeps, and what must not count. */
class SlotLawsTest {
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

    /** Without a normaliser, slots are the factors of a matrix. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void slotsWithoutANormaliserAreALinearMap(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 9) int slots) {
        String mixer = "mixer = attention(heads: heads, linear: ";
        Weights weights = random(seed);
        Weights product = (path, element) -> {
            if (!path.matches(".*self_attn.[qkvo]_proj.weight")) {
                return weights.at(path, element);
            }
            String stem = path.substring(0, path.length() - "weight".length());
            double sum = 0;
            for (long n = 0; n < slots; n++) {
                sum += weights.at(stem + "value_param_tokens", n * 8 + element / 8)
                        * weights.at(stem + "key_param_tokens", n * 8 + element % 8);
            }
            return sum;
        };
        Elaborated slotted = model(importing("llama") + "import \"stdlib/pattention.tfx\"\n"
                + "block as_they_are[n](s[.., n], zoom) { return s }\n"
                + "variant V of Llama { " + mixer + "pattention(slots: " + slots + ", weigh: as_they_are)) }");
        Elaborated plain = model(importing("llama") + "variant V of Llama { " + mixer + "linear) }");
        assertSame(logits(plain, product), logits(slotted, weights));
    }

    /** What slots make of scores has their direction only: what the norm before divides by is lost on them. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void slotsTakeNoNoticeOfTheNormsDivision(@ForAll @IntRange(max = 1000) int seed) {
        String[] norms = {"standardize(eps: 0)", "(y) => centred(y)"};
        double[][] found = new double[2][];
        for (int i = 0; i < 2; i++) {
            found[i] = logits(
                    model(
                            TOKENS + "block centred[d](x[.., d]) { return x - mean[d](x) }\n"
                                    + "variant V of TokenFormer { norm = " + norms[i] + " }",
                            "qkv_slots",
                            3L,
                            "out_slots",
                            4L,
                            "rotary",
                            2L,
                            "normaliser",
                            "l2_norm_gelu"),
                    random(seed));
        }
        assertSame(found[0], found[1]);
    }

    /** Where gelu comes first, zero keys count in the scale only: old values make up for it. */
    @Property(tries = 6, edgeCases = EdgeCasesMode.NONE)
    void valuesMakeUpForAScaleThatCountsNewSlots(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @IntRange(min = 1, max = 9) int extra) {
        Weights weights = random(seed);
        Elaborated larger = tokenFormer("gelu_l2_norm", "qkv_slots", 3L + extra);
        Weights padded = (path, element) -> {
            boolean grown = path.matches(".*self_attn.[qkv]_proj..*_param_tokens");
            if (grown && path.contains("key_param") && element >= 3 * 8) {
                return 0;
            }
            return weights.at(path, element)
                    * (grown && path.contains("value_param") ? Math.sqrt(3.0 / (3 + extra)) : 1);
        };
        assertSame(logits(tokenFormer("gelu_l2_norm"), weights), logits(larger, padded));
    }
}
