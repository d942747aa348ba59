package tfx.equivalence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.compiler.elaborate.Elaborated;
import tfx.runtime.reference.Reference;

/** A variant with its neutral constant computes what its base computes, on the same weights. */
class NeutralLawsTest {
    private static final int LENGTH = 9;
    private static final Map<String, Object> SIZES =
            Map.of("vocab", 11L, "d", 6L, "layers", 2L, "heads", 4L, "kv_heads", 2L, "head", 4L, "ffn", 7L);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a window of the whole length is none | mask: sliding(window: 9) | mask: causal",
                "a window of one sees only itself     | mask: sliding(window: 1) | mask: (t, s) => s == t",
                "no angle is no rotation              | rope: rope_half(frequency: (i, count) => 0) | rope: no_rope",
                "no channel is no rotation            | rope: rope_interleaved(width: 2, frequency: (i, count) => 0 * i) | rope: no_rope",
                "a factor of one scales no angle      | rope: rope_half(frequency: rope_linear(factor: 1)) | rope: rope_half",
                "llama3's factor of one neither       | rope: rope_half(frequency: rope_llama3(factor: 1)) | rope: rope_half",
                "a score is moved by its own shift    | mask: causal, norm_q: (q) => 2 * q, norm_k: (k) => k / 2 | mask: causal",
                "the same mask by other words         | mask: (t, s) => not s > t | mask: causal",
            })
    void neutralConstants(String law, String neutral, String base) {
        Map<String, double[]> found = outputs(variant(neutral));
        Map<String, double[]> expected = outputs(variant(base));
        close(expected.get("logits"), found.get("logits"), law);
    }

    private static String variant(String mixer) {
        return "import \"stdlib/models/llama.tfx\"\nvariant V of Llama { mixer = attention(heads: heads, kv_heads: kv_heads, "
                + "head: head, " + mixer + ") }";
    }

    @Test
    void theScaleOfANormIsAScaleOfItsWeight() {
        String head = "import \"stdlib/models/llama.tfx\"\nvariant V of Llama { norm = ";
        close(
                outputs(head + "(y) => 3 * rms_norm(y, eps: eps) }").get("logits"),
                outputs(head + "(y) => rms_norm(5 * y, eps: 25 * eps) * 3 }").get("logits"),
                "a norm takes the scale of what it is given away");
    }

    private static Map<String, double[]> outputs(String text) {
        Elaborated elaborated = Case.elaborate(text, SIZES);
        Case given = new Case(elaborated, 1, LENGTH, 0.5, 7);
        Map<String, double[]> outputs = new HashMap<>();
        Reference.evaluate(
                        given.program,
                        given.given(0, 1, 0, LENGTH),
                        given.parameters(),
                        given.program.outputs().keySet())
                .forEach((name, result) -> outputs.put(name, result.data()));
        return outputs;
    }

    private static void close(double[] expected, double[] found, String what) {
        double scale = 0;
        for (double value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        assertEquals(expected.length, found.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 1e-12 * scale, what + ", element " + i);
        }
    }
}
