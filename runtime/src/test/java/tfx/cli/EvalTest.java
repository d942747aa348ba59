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

class EvalTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path EXAMPLE = Path.of(System.getProperty("tfx.root")).resolve("examples/llama");

    @TempDir
    private Path folder;

    private static CliTest.Ran eval(String... more) {
        List<String> all = new ArrayList<>(List.of("eval", EXAMPLE.toString(), "--json"));
        all.addAll(List.of(more));
        return CliTest.run(all.toArray(String[]::new));
    }

    private static JsonNode result(CliTest.Ran ran) throws IOException {
        assertEquals(0, ran.code(), ran.err());
        return JSON.readTree(ran.out());
    }

    /** The first ids of the validation text, in windows of which the last is short. */
    private Path first(int count) throws IOException {
        List<Integer> ids = new ArrayList<>();
        JsonNode all = JSON.readTree(EXAMPLE.resolve("valid_tokens.json").toFile());
        for (int i = 0; i < count; i++) {
            ids.add(all.get(i).asInt());
        }
        return Files.writeString(folder.resolve("ids.json"), ids.toString());
    }

    @Test
    void theEnginesAgreeOnTheLoss() throws IOException {
        String ids = first(41).toString();
        JsonNode cpu = result(eval("--tokens", ids, "--window", "16", "--device", "cpu"));
        JsonNode reference = result(eval("--tokens", ids, "--window", "16", "--device", "reference"));
        assertEquals(40, cpu.get("tokens").asInt());
        assertEquals(reference.get("loss").asDouble(), cpu.get("loss").asDouble(), 1e-5);
        double loss = cpu.get("loss").asDouble();
        assertEquals(Math.exp(loss), cpu.get("perplexity").asDouble(), 1e-9);
        // The text is of the kind the model was trained on: far below the ln 4096 = 8.3 of a guess.
        assertTrue(loss > 1 && loss < 6, "loss " + loss);
    }

    @Test
    void aTextAndItsIdsHaveOneLoss() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "The capital of France is the largest city.\n");
        JsonNode asText = result(eval("--text", text.toString(), "--device", "cpu"));
        CliTest.Ran asked = CliTest.run(
                "run",
                EXAMPLE.toString(),
                "--json",
                "--device",
                "cpu",
                "--max-tokens",
                "1",
                "--prompt",
                Files.readString(text));
        Path ids = Files.writeString(
                folder.resolve("text.json"), result(asked).get("prompt_ids").toString());
        CliTest.Ran asIds = eval("--text", ids.toString(), "--device", "cpu");
        assertEquals(asText, result(asIds));
        assertTrue(asIds.err().contains("TFX0620"), asIds.err());
    }

    @Test
    void badTextsAreCoded() throws IOException {
        Path short1 = Files.writeString(folder.resolve("one.json"), "[5]");
        Path outside = Files.writeString(folder.resolve("outside.json"), "[5, 4096, 1]");
        Path broken = Files.writeString(folder.resolve("broken.json"), "[5, 4");
        Path binary = Files.write(folder.resolve("text.txt"), new byte[] {(byte) 0xff, (byte) 0xfe, 'a'});
        String[][] cases = {
            {"TFX0612", "--tokens", short1.toString()},
            {"TFX0615", "--tokens", outside.toString()},
            {"TFX0615", "--tokens", broken.toString()},
            {"TFX0615", "--text", binary.toString()},
            {"TFX0603", "--text", folder.resolve("none.txt").toString()},
            {"TFX0602", "--tokens", short1.toString(), "--window", "0"},
        };
        for (String[] arguments : cases) {
            CliTest.Ran ran = eval(java.util.Arrays.copyOfRange(arguments, 1, arguments.length));
            assertEquals(1, ran.code(), ran.out());
            assertTrue(ran.err().contains(arguments[0]), arguments[0] + ran.err());
        }
    }
}
