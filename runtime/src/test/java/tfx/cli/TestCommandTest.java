package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TestCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void drawnCasesHold() throws IOException {
        CliTest.Ran ran = CliTest.run("test", "stdlib/models/qwen3.tfx", "--cases", "3", "--seed", "5", "--json");
        assertEquals(0, ran.code(), ran.out() + ran.err());
        JsonNode found = JSON.readTree(ran.out());
        assertEquals(3, found.get("cases").asInt());
        assertEquals(5, found.get("largest_errors").size(), ran.out());
        assertTrue(found.at("/largest_errors/in chunks = reference").asDouble() > 0, ran.out());
    }

    @Test
    void aModelWithWeightsIsTestedAsItIs() throws IOException {
        String file = Path.of(System.getProperty("tfx.root"))
                .resolve("spec/golden/llama-dev.safetensors")
                .toString();
        CliTest.Ran ran = CliTest.run("test", file, "--cases", "2", "--seed", "1");
        assertEquals(0, ran.code(), ran.out() + ran.err());
        assertTrue(ran.out().contains("2 cases hold on cpu within 1.0E-4 (seed 1)"), ran.out());
    }

    /** Float32 is not float64, so a tolerance of nothing fails in every case but the trivial; the smallest has one position. */
    @Test
    void aFailureIsShrunkAndItsSeedShowsItAgain() throws IOException {
        String[] arguments = {
            "test",
            "stdlib/models/llama.tfx",
            "--set",
            "layers=1",
            "--cases",
            "9",
            "--seed",
            "3",
            "--tolerance",
            "0",
            "--json"
        };
        CliTest.Ran ran = CliTest.run(arguments);
        assertEquals(1, ran.code(), ran.out() + ran.err());
        JsonNode failure = JSON.readTree(ran.out()).get("failure");
        assertEquals(1, failure.get("batch").asInt());
        assertEquals("[1]", failure.get("chunks").toString());
        assertEquals("logits", failure.get("output").asText());
        assertTrue(failure.get("set").get("vocab").asInt() <= 2, ran.out());
        assertTrue(failure.get("set").get("layers") == null, ran.out());
        arguments[5] = "1";
        arguments[7] = failure.get("seed").asText();
        assertEquals(failure, JSON.readTree(CliTest.run(arguments).out()).get("failure"));
    }

    /** The norm after a difference of two nearly equal maps lifts the rounding to 2.5e-4 of this draw's logits: no engine is wrong. */
    @Test
    void whatTheModelMakesOfRoundingIsNoFailure() {
        CliTest.Ran ran = CliTest.run("test", "stdlib/models/diff-unilm.tfx", "--cases", "1", "--seed", "874479161");
        assertEquals(0, ran.code(), ran.out() + ran.err());
        assertTrue(ran.out().contains("within 1.0E-4, or what rounding alone makes of the model"), ran.out());
    }

    @Test
    void badInputIsCoded() {
        String[][] cases = {
            {"TFX0602", "--cases", "0"}, {"TFX0602", "--tolerance", "NaN"}, {"TFX0602", "--device", "abacus"},
            {"TFX0204", "--set", "layerz=2"}, {"TFX0605", "--set", "layers"}, {"TFX0202", "--set", "d=wide"}
        };
        for (String[] flags : cases) {
            CliTest.Ran ran = CliTest.run("test", "stdlib/models/llama.tfx", flags[1], flags[2]);
            assertEquals(1, ran.code(), ran.out() + ran.err());
            assertTrue(ran.err().contains(flags[0]), ran.err());
        }
    }
}
