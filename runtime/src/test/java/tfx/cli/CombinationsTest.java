package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The models of {@code examples/combinations} on every engine, and in the commands that need no weights. */
class CombinationsTest {
    private static CliTest.Ran run(String command, String model, String... more) {
        String file = Path.of(System.getProperty("tfx.root"))
                .resolve("examples/combinations/" + model + ".tfx")
                .toString();
        List<String> words = new ArrayList<>(List.of(command, file));
        words.addAll(List.of(more));
        return CliTest.run(words.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({"diff-lime-scaled", "diff-tokenformer", "diff-window"})
    void enginesAgree(String model) {
        for (String device : List.of("cpu", "gpu:emulator")) {
            CliTest.Ran ran = run("test", model, "--cases", "2", "--seed", "3", "--device", device);
            assertEquals(0, ran.code(), ran.out() + ran.err());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ':',
            value = {
                "diff-lime-scaled: p, maps, weigh.z, score",
                "diff-tokenformer: p, maps, weigh.z, score",
                "diff-window: p, maps, weigh.z, score",
                "llama-sinks: p, score"
            })
    void commandsTakeThem(String model, String fused) {
        assertEquals(0, run("check", model).code());
        CliTest.Ran explained = run("explain", model);
        assertEquals(0, explained.code(), explained.err());
        assertTrue(explained.out().contains(fused), explained.out());
        CliTest.Ran timed = run(
                "bench",
                model,
                "--set",
                "d=32",
                "--set",
                "layers=2",
                "--set",
                "vocab=50",
                "--runs",
                "1",
                "--prompt-tokens",
                "9",
                "--decode-tokens",
                "3");
        assertEquals(0, timed.code(), timed.err());
    }
}
