package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchTest {
    private static CliTest.Ran bench(String... more) {
        List<String> all = new ArrayList<>(List.of("bench", "stdlib/models/llama.tfx"));
        for (String size : List.of("vocab=50", "d=32", "layers=2", "heads=4", "ffn=48", "context=40")) {
            all.addAll(List.of("--set", size));
        }
        all.addAll(List.of("--device", "cpu"));
        all.addAll(List.of(more));
        return CliTest.run(all.toArray(String[]::new));
    }

    @Test
    void measuresDrawnWeightsAgainstTheCeilings() throws IOException {
        CliTest.Ran ran =
                bench("--json", "--runs", "2", "--prompt-tokens", "7", "--decode-tokens", "5", "--dtype", "f16");
        assertEquals(0, ran.code(), ran.err());
        JsonNode found = new ObjectMapper().readTree(ran.out());
        assertEquals("f16", found.get("type").asText());
        assertEquals(
                2 * found.get("parameters").asLong(),
                found.get("parameter_bytes").asLong());
        assertTrue(found.get("random_weights").asBoolean());
        assertTrue(found.get("ceiling_flops_per_second").asDouble() > 1e8);
        assertTrue(found.get("peak_memory_bytes").asLong() > 1 << 20);
        JsonNode decode = found.get("decode");
        assertEquals(5, decode.get("tokens").asInt());
        assertEquals(2, decode.get("seconds").size());
        // The matrices of both layers and the logits, for each of five tokens; attention and norms are small beside
        // them.
        double attention = 4 * 32 * 32;
        double layer = attention + 3 * 32 * 48;
        double logits = 50 * 32;
        double expected = 5 * 2 * (2 * layer + logits);
        assertEquals(expected, decode.get("flops").asDouble(), 0.25 * expected);
        // Of a prompt only the last position's logits are asked for, and so of the last layer only keys and values of
        // the others.
        double prefill = 2 * (7 * layer + 7 * attention / 2 + (layer - attention / 2) + logits);
        assertEquals(prefill, found.at("/prefill/flops").asDouble(), 0.25 * prefill);
        double bound = decode.get("roofline_seconds").asDouble();
        assertEquals(
                bound / decode.get("median_seconds").asDouble(),
                decode.get("share_of_roofline").asDouble(),
                1e-9);
        assertTrue(decode.get("tokens_per_second_least").asDouble()
                <= decode.get("tokens_per_second").asDouble());
    }

    @Test
    void showsTables() {
        CliTest.Ran ran = bench("--runs", "1");
        assertEquals(0, ran.code(), ran.err());
        assertTrue(ran.out().contains("as bf16, drawn at random; cpu"), ran.out());
        // The context leaves room for fewer tokens than the default: 20 are decoded after 20.
        assertTrue(ran.out().lines().anyMatch(line -> line.matches("prefill +20 .*")), ran.out());
        assertTrue(ran.out().contains("at best/taken"), ran.out());
    }

    /** A variant with one more formal beside its base: ratios of work by hand, of time only that they are there. */
    @Test
    void severalModelsTakeTurnsAndAreShownBesideTheFirst() throws IOException {
        CliTest.Ran ran = bench(
                "stdlib/models/diffllama.tfx",
                "stdlib/models/tokenformer.tfx",
                "--set",
                "qkv_slots=64",
                "--set",
                "out_slots=32",
                "--runs",
                "2",
                "--json");
        assertEquals(0, ran.code(), ran.err());
        JsonNode models = new ObjectMapper().readTree(ran.out()).get("models");
        assertEquals(3, models.size());
        assertEquals("TokenFormer", models.get(2).get("model").asText());
        for (String phase : List.of("prefill", "decode")) {
            assertEquals(1, models.at("/0/beside_first/" + phase + "/time").asDouble());
            assertEquals(
                    models.at("/2/" + phase + "/flops").asDouble()
                            / models.at("/0/" + phase + "/flops").asDouble(),
                    models.at("/2/beside_first/" + phase + "/flops").asDouble(),
                    1e-12);
            double time = models.at("/1/" + phase + "/median_seconds").asDouble()
                    / models.at("/0/" + phase + "/median_seconds").asDouble();
            double bound = models.at("/1/" + phase + "/roofline_seconds").asDouble()
                    / models.at("/0/" + phase + "/roofline_seconds").asDouble();
            assertEquals(
                    time / bound,
                    models.at("/1/beside_first/" + phase + "/distance_from_roofline")
                            .asDouble(),
                    1e-9);
        }
        String text = bench("stdlib/models/diffllama.tfx", "--runs", "1").out();
        assertTrue(text.lines().anyMatch(line -> line.matches("  Llama .* 1\\.000 +1\\.000 +1\\.000 .*")), text);
        assertTrue(text.lines().anyMatch(line -> line.startsWith("  DiffLlama ")), text);
    }

    @Test
    void aProfileIsOfOneModel() throws IOException {
        CliTest.Ran ran = bench("--runs", "1", "--profile", "--json");
        assertEquals(0, ran.code(), ran.err());
        JsonNode profile = new ObjectMapper().readTree(ran.out()).get("profile");
        assertTrue(profile.size() > 5 && profile.get(0).get("seconds").asDouble() > 0, ran.out());
        CliTest.Ran two = bench("stdlib/models/gpt2.tfx", "--profile");
        assertEquals(1, two.code());
        assertTrue(two.err().contains("TFX0621"), two.err());
    }

    @Test
    void badFlagsAreCoded() {
        for (String[] flags : new String[][] {
            {"--runs", "0"},
            {"--dtype", "int4"},
            {"--prompt-tokens", "40"},
            {"--decode-tokens", "40"},
            {"--threads", "0"}
        }) {
            CliTest.Ran ran = bench(flags);
            assertEquals(1, ran.code(), ran.out());
            assertTrue(ran.err().contains("TFX0602") && ran.err().contains(flags[0]), ran.err());
        }
    }
}
