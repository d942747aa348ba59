package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProfileTest {
    private static final String MODEL =
            Path.of(System.getProperty("tfx.root", "."), "examples/gpt2").toString();

    private static CliTest.Ran run(String... more) {
        String[] all = {"run", MODEL, "--prompt", "ab", "--max-tokens", "3", "--device", "reference"};
        String[] arguments = java.util.Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, arguments, all.length, more.length);
        return CliTest.run(arguments);
    }

    @Test
    void kernelsOfPrefillAndDecodingAreAddedUpOverLayers() throws IOException {
        CliTest.Ran ran = run("--profile", "--json");
        assertEquals(0, ran.code(), ran.err());
        JsonNode document = new ObjectMapper().readTree(ran.out());
        int prompt = document.get("prompt_ids").size();
        assertTrue(prompt > 1, ran.out());
        int layers = 0;
        for (JsonNode row : document.get("profile")) {
            assertTrue(row.get("seconds").asDouble() > 0, row.toString());
            assertFalse(row.get("kernel").asText().matches(".*\\b\\d+\\b.*"), row.toString());
            if (row.get("kernel").asText().endsWith("logits")) {
                // The logits are computed of the last row only: once for the prompt, once for every token but the last.
                assertEquals("1", row.get("rows").asText());
                assertEquals(3, row.get("calls").asInt());
                assertTrue(row.get("gflops_per_second").asDouble() > 0, row.toString());
            }
            layers = Math.max(layers, row.get("calls").asInt());
        }
        assertTrue(layers > 3, ran.out());
    }

    @Test
    void theTableStandsBesideTheText() {
        CliTest.Ran plain = run();
        CliTest.Ran ran = run("--profile");
        assertEquals(plain.out(), ran.out());
        assertEquals("", plain.err());
        assertTrue(ran.err().startsWith("kernel"), ran.err());
        assertTrue(ran.err().contains("all kernels"), ran.err());
    }
}
