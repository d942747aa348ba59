package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.runtime.weights.Checkpoint;

class GrowCommandTest {
    private static final Path ROOT = Path.of(System.getProperty("tfx.root", "."));
    private static final String MODEL = "stdlib/models/tokenformer.tfx";
    private static final String DUMP =
            ROOT.resolve("spec/golden/tokenformer-dev.safetensors").toString();

    @TempDir
    private Path folder;

    private CliTest.Ran grow(String weights, Path out, String... more) {
        List<String> all =
                new java.util.ArrayList<>(List.of("grow", MODEL, "--weights", weights, "--out", out.toString()));
        all.addAll(List.of(more));
        return CliTest.run(all.toArray(String[]::new));
    }

    private static String row(CliTest.Ran compared, String tensor) {
        return compared.out()
                .lines()
                .filter(line -> line.startsWith(tensor + " "))
                .findFirst()
                .orElseThrow();
    }

    private static CliTest.Ran compare(Path weights, String... more) {
        List<String> all = new java.util.ArrayList<>(
                List.of("compare", MODEL, "--weights", weights.toString(), "--against", DUMP, "--device", "reference"));
        all.addAll(List.of(more));
        return CliTest.run(all.toArray(String[]::new));
    }

    /** Sizes that are and are not multiples, between the projections' own and beyond. */
    @ParameterizedTest
    @CsvSource({"exact,49", "exact,151", "exact,170", "tiled,1200"})
    void theFunctionStays(String method, String slots) throws IOException {
        Path out = folder.resolve("grown.safetensors");
        CliTest.Ran ran = grow(DUMP, out, "--slots", slots, "--method", method);
        assertEquals(0, ran.code(), ran.err());
        try (Checkpoint grown = Checkpoint.open(out)) {
            assertArrayEquals(
                    new long[] {Long.parseLong(slots), 64},
                    grown.find("sequential.2.attention.query.key_param_tokens")
                            .orElseThrow()
                            .shape());
        }
        CliTest.Ran compared = compare(out);
        for (String tensor : List.of("logits", "hidden.0", "hidden.final", "attn_probs.0")) {
            assertTrue(row(compared, tensor).endsWith(" ok"), compared.out());
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "nothing but the file is left");
        }
    }

    @Test
    void growingTwiceStays() {
        Path once = folder.resolve("once.safetensors");
        Path twice = folder.resolve("twice.safetensors");
        assertEquals(0, grow(DUMP, once, "--slots", "160").code());
        CliTest.Ran second = grow(once.toString(), twice, "--slots", "200");
        assertEquals(0, second.code(), second.err());
        CliTest.Ran compared = compare(twice);
        assertEquals(0, compared.code(), compared.out());
    }

    @Test
    void underSoftmaxTheDefaultRepeatsKeys() {
        Path out = folder.resolve("grown.safetensors");
        String[] softmax = {"--set", "normaliser=softmax"};
        assertEquals(
                0,
                grow(DUMP, out, "--slots", "1200", "--set", "normaliser=softmax")
                        .code());
        // The tensor that the dump calls logits is of another normaliser; the one of softmax is another model's.
        CliTest.Ran compared = compare(out, "--model", "Softmax");
        assertTrue(row(compared, "logits.softmax").endsWith(" ok"), compared.out());
        assertEquals(
                1, grow(DUMP, out, "--slots", "1201", softmax[0], softmax[1]).code());
    }

    @Test
    void theReleasedProcedureDoesNotKeepTheFunction() {
        Path out = folder.resolve("grown.safetensors");
        assertEquals(
                0, grow(DUMP, out, "--slots", "170", "--method", "released").code());
        assertTrue(row(compare(out), "logits").endsWith("FAILED"));
        // What is drawn comes from the seed.
        Path same = folder.resolve("same.safetensors");
        Path other = folder.resolve("other.safetensors");
        grow(DUMP, same, "--slots", "170", "--method", "released");
        grow(DUMP, other, "--slots", "170", "--method", "released", "--seed", "7");
        try {
            assertEquals(-1, Files.mismatch(out, same));
            assertFalse(Files.mismatch(out, other) == -1);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TFX0642 | --slots 17",
                "TFX0122 | --slots 170 --method tiled",
                "TFX0122 | --slots 170 --method quickly",
                "TFX0602 | --slots 0",
                "TFX0602 | --slots -5",
            })
    void badInputIsCodedAndNothingIsWritten(String code, String options) throws IOException {
        Path out = folder.resolve("grown.safetensors");
        CliTest.Ran ran = grow(DUMP, out, options.split(" "));
        assertEquals(1, ran.code(), ran.err());
        assertTrue(ran.err().contains(code), ran.err());
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void onlyModelsThatSayHowTheyGrowDo() {
        String llama = ROOT.resolve("spec/golden/llama-dev.safetensors").toString();
        CliTest.Ran ran = CliTest.run(
                "grow",
                "stdlib/models/llama.tfx",
                "--weights",
                llama,
                "--slots",
                "9",
                "--out",
                folder + "/g.safetensors");
        assertEquals(1, ran.code());
        assertTrue(ran.err().contains("TFX0640"), ran.err());
        ran = grow(DUMP, Path.of(DUMP), "--slots", "170");
        assertEquals(1, ran.code());
        assertTrue(ran.err().contains("TFX0602"), ran.err());
        ran = grow(DUMP, folder.resolve("missing/grown.safetensors"), "--slots", "170");
        assertEquals(1, ran.code());
        assertTrue(ran.err().contains("TFX0330"), ran.err());
    }
}
