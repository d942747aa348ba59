package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code explain --variance}: the shape of what the paper says, not its digits. */
class VarianceTest {
    private static final List<String> SIZES = List.of("vocab=64", "d=32", "heads=2", "ffn=48");

    private static CliTest.Ran variance(String... more) {
        List<String> all = new ArrayList<>(List.of("explain", "--variance", "--sequences", "2", "--length", "16"));
        for (String size : SIZES) {
            all.addAll(List.of("--set", size));
        }
        all.addAll(List.of(more));
        return CliTest.run(all.toArray(String[]::new));
    }

    private static List<Double> byLayer(JsonNode model) {
        List<Double> all = new ArrayList<>();
        model.get("variance_by_layer").forEach(value -> all.add(value.asDouble()));
        return all;
    }

    /** Sun et al. 2025, figure 1: plain pre-norm variance grows steadily, scaled norms keep it. */
    @Test
    void scaledNormsTameWhatPlainOnesLetGrow() throws IOException {
        CliTest.Ran ran = variance(
                "stdlib/models/llama.tfx",
                "stdlib/models/layernorm-scaling.tfx",
                "--vary",
                "layers=6,12",
                "--json",
                "--device",
                "cpu");
        assertEquals(0, ran.code(), ran.err());
        JsonNode models = new ObjectMapper().readTree(ran.out()).get("models");
        assertEquals(4, models.size());
        List<Double> plain = byLayer(models.get(2));
        List<Double> scaled = byLayer(models.get(3));
        assertEquals("Llama", models.get(2).get("model").asText());
        assertEquals("layers.*.x", models.get(2).get("value").asText());
        assertEquals("12", models.get(3).at("/set/layers").asText());
        assertEquals(12, plain.size());
        // The first layer's factor is 1.
        assertEquals(plain.getFirst(), scaled.getFirst(), 1e-5 * plain.getFirst());
        for (int l = 1; l < 12; l++) {
            assertTrue(plain.get(l) > plain.get(l - 1), plain.toString());
            assertTrue(scaled.get(l) < plain.get(l), scaled.toString());
        }
        assertTrue(plain.getLast() / plain.getFirst() > 1.5 * scaled.getLast() / scaled.getFirst(), ran.out());
        // Draws are by path: a deeper model begins as the shallower one does.
        assertEquals(byLayer(models.get(0)).getLast(), plain.get(5), 1e-5 * plain.get(5));
    }

    @Test
    void anyModelWithLayersHasATableAndAPlot() {
        String file = "stdlib/models/gpt2.tfx";
        CliTest.Ran ran = variance(file, "--set", "layers=3", "--device", "reference");
        assertEquals(0, ran.code(), ran.err());
        assertTrue(ran.out().contains("h.*.x"), ran.out());
        assertTrue(ran.out().lines().anyMatch(line -> line.matches(" +3 +[0-9.e+-]+")), ran.out());
        assertTrue(ran.out().lines().anyMatch(line -> line.matches(" +[0-9.e+-]+ \\+ .*a")), ran.out());
        CliTest.Ran both = variance(
                "stdlib/models/layernorm-scaling.tfx",
                "--model",
                "PreNorm",
                "--model",
                "LayerNormScaling",
                "--set",
                "layers=2",
                "--device",
                "reference");
        assertEquals(0, both.code(), both.err());
        assertTrue(both.out().contains("a  PreNorm") && both.out().contains("b  LayerNormScaling"), both.out());
    }

    @Test
    void weightsOfTheModelsOwnAreUsed() throws IOException {
        String folder =
                Path.of(System.getProperty("tfx.root")).resolve("examples/gpt2").toString();
        CliTest.Ran ran = CliTest.run("explain", "--variance", folder, "--length", "8", "--json");
        assertEquals(0, ran.code(), ran.err());
        CliTest.Ran again = CliTest.run("explain", "--variance", folder, "--length", "8", "--json");
        assertEquals(ran.out(), again.out());
    }

    @Test
    void badInputIsCoded(@TempDir Path folder) throws IOException {
        Path flat = folder.resolve("flat.tfx");
        Files.writeString(flat, """
                model M(v = 3) {
                  input tokens[t] : id(v)
                  output y = sum[v](if v == 0 then 1 else 0) + tokens
                }
                """);
        String llama = "stdlib/models/llama.tfx";
        String[][] cases = {
            {"TFX0622", flat.toString(), "--device", "reference", "--model", "M"},
            {"TFX0605", llama, "--vary", "layers"},
            {"TFX0605", llama, "--vary", "layers=1,,2"},
            {"TFX0608", llama, "--set", "layers=1", "--set", "context=15"},
            {"TFX0204", llama, llama, "--set", "lairs=1"},
            {"TFX0621", llama, llama, "--model", "Llama", "--model", "Llama", "--model", "Llama"},
            {"TFX0621", llama, llama, "--weights", "x"},
        };
        for (String[] words : cases) {
            CliTest.Ran ran = words[1].equals(flat.toString())
                    ? CliTest.run("explain", "--variance", words[1])
                    : variance(java.util.Arrays.copyOfRange(words, 1, words.length));
            assertEquals(1, ran.code(), String.join(" ", words) + ran.out());
            assertTrue(ran.err().contains(words[0]), String.join(" ", words) + ran.err());
        }
        CliTest.Ran none = CliTest.run("explain", "--variance", llama, "--sequences", "0");
        assertTrue(none.code() == 1 && none.err().contains("TFX0602"), none.err());
        CliTest.Ran two = CliTest.run("explain", llama, llama);
        assertTrue(two.code() == 1 && two.err().contains("TFX0621"), two.err());
        CliTest.Ran alone = CliTest.run("explain", llama, "--vary", "layers=1");
        assertTrue(alone.code() == 1 && alone.err().contains("TFX0621"), alone.err());
    }
}
