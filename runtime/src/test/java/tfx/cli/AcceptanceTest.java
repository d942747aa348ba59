package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptanceTest {
    private static final Path ROOT = Path.of(System.getProperty("tfx.root", "."));

    @ParameterizedTest
    @CsvSource({"llama,llama", "llama,llama-tied", "gpt2,gpt2", "qwen3,qwen3", "tokenformer,tokenformer", "lime,lime"})
    void theReferenceAgreesWithTheOfficialDump(String model, String dump) {
        String file = ROOT.resolve("spec/golden/" + dump + "-dev.safetensors").toString();
        for (String device : new String[] {"reference", "cpu", "gpu:emulator"}) {
            CliTest.Ran ran = CliTest.run(
                    "compare",
                    "stdlib/models/" + model + ".tfx",
                    "--weights",
                    file,
                    "--against",
                    file,
                    "--device",
                    device);
            assertEquals(0, ran.code(), ran.out() + ran.err());
            assertTrue(ran.out().contains("attn_probs.0") && ran.out().contains("hidden.final"), ran.out());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "tokenformer,tokenformer,10",
        "tokenformer,tokenformer-growth,5",
        "lime,lime,9",
        "diffllama,diffllama,7",
        "diff-unilm,diff-unilm,12",
        "diff-unilm,diff-unilm-gqa,18",
        "layernorm-scaling,layernorm-scaling,8"
    })
    void everySituationOfADumpIsCompared(String model, String dump, int tensors) {
        for (String device : new String[] {"reference", "cpu", "gpu:emulator"}) {
            CliTest.Ran ran = compare(model, dump, "--device", device);
            assertEquals(0, ran.code(), ran.out() + ran.err());
            assertFalse(ran.out().contains("not compared"), ran.out());
            assertEquals(
                    tensors,
                    ran.out().lines().filter(line -> line.endsWith(" ok")).count(),
                    ran.out());
        }
    }

    private static CliTest.Ran compare(String model, String dump, String... more) {
        String file = ROOT.resolve("spec/golden/" + dump + "-dev.safetensors").toString();
        List<String> words = new ArrayList<>(
                List.of("compare", "stdlib/models/" + model + ".tfx", "--weights", file, "--against", file));
        words.addAll(List.of(more));
        return CliTest.run(words.toArray(String[]::new));
    }

    /** A tensor that holds a number per layer, where the model has fewer layers or other numbers. */
    @Test
    void aTensorOfAllLayersIsComparedAtEveryLayer() {
        CliTest.Ran fewer = compare("diff-unilm", "diff-unilm", "--set", "layers=3", "--device", "reference");
        assertEquals(1, fewer.code());
        assertTrue(
                fewer.out().contains("the dump has [4], of which the model's values are the first [3]"), fewer.out());
        CliTest.Ran other = compare("diff-unilm", "diff-unilm", "--tolerance", "0", "--device", "cpu");
        assertTrue(other.out().contains("layers.3.self_attn.lambda"), other.out());
    }

    @Test
    void badInputIsCodedAndExitsWithOne() {
        String llama = ROOT.resolve("examples/llama").toString();
        String[][] cases = {
            {"TFX0610", "run", "no-such-model", "--prompt", "x"},
            {"TFX0607", "run", llama, "--prompt", "", "--device", "reference"},
            {"TFX0602", "run", llama, "--prompt", "x", "--temperature", "NaN"},
            {"TFX0602", "run", llama, "--prompt", "x", "--top-p", "-1"},
            {"TFX0602", "run", llama, "--prompt", "x", "--max-tokens", "-1"},
            {"TFX0602", "run", llama, "--prompt", "x", "--threads", "0"},
            {"TFX0602", "run", llama, "--prompt", "x", "--device", "abacus"},
            {"TFX0540", "run", llama, "--prompt", "x", "--device", "gpu"},
            {"TFX0605", "run", llama, "--prompt", "x", "--set", "layers"},
        };
        for (String[] arguments : cases) {
            CliTest.Ran ran = CliTest.run(java.util.Arrays.copyOfRange(arguments, 1, arguments.length));
            assertEquals(1, ran.code(), String.join(" ", arguments) + ran.err());
            assertTrue(ran.err().contains(arguments[0]), ran.err());
        }
    }
}
