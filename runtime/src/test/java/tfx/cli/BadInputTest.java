package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad input of every kind, as a user meets it: a coded error, exit code 1, soon, no stack trace and nothing written. */
class BadInputTest {
    /** Far above what any of these takes on a busy machine, far below what running the input would take. */
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @BeforeEach
    void tinyModel() throws IOException {
        TinyLlama.write(folder);
    }

    private CliTest.Ran fails(String code, String... args) throws IOException {
        long files = files();
        CliTest.Ran ran = assertTimeoutPreemptively(SOON, () -> CliTest.run(args));
        assertEquals(1, ran.code(), ran.err());
        assertTrue(ran.err().contains("[" + code + "]"), ran.err());
        assertFalse(ran.err().contains("\tat "), ran.err());
        assertEquals(files, files(), "files in the folder");
        return ran;
    }

    private long files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.count();
        }
    }

    private CliTest.Ran runFails(String code, String... more) throws IOException {
        String[] args = Stream.concat(
                        Stream.of("run", folder.toString(), "--prompt", "a", "--device", "reference"), Stream.of(more))
                .toArray(String[]::new);
        return fails(code, args);
    }

    @Test
    void theModelItselfRuns() {
        CliTest.Ran ran =
                CliTest.run("run", folder.toString(), "--prompt", "a", "--device", "reference", "--max-tokens", "1");
        assertEquals(0, ran.code(), ran.err());
    }

    private String source(byte[] text) throws IOException {
        return Files.write(folder.resolve("m.tfx"), text).toString();
    }

    private String source(String text) throws IOException {
        return source(text.getBytes(StandardCharsets.UTF_8));
    }

    private String body(String statements) throws IOException {
        return source("model M(d = 6, f = 4) {\n  input x[t, d] : real\n  " + statements + "\n}\n");
    }

    @Test
    void sourceTexts() throws IOException {
        fails("TFX0001", "check", "/dev/zero");
        fails("TFX0002", "check", folder.toString());
        fails("TFX0115", "check", folder.resolve("none.tfx").toString());
        Path loop = folder.resolve("loop.tfx");
        Files.createSymbolicLink(loop, loop);
        fails("TFX0115", "check", loop.toString());
        fails("TFX0030", "check", source(""));
        fails("TFX0003", "check", source(new byte[100 << 20]));
        fails("TFX0004", "check", source(new byte[] {'/', '/', (byte) 0xff}));
        fails("TFX0005", "check", body("output y = x\0"));
        fails("TFX0006", "check", body("output y = x // \u202e"));
        fails("TFX0020", "check", body("output y = x +"));
        fails("TFX0027", "check", body("output y = " + "(".repeat(100_000) + "x" + ")".repeat(100_000)));
        fails("TFX0027", "check", body("output y = " + "-".repeat(100_000) + "x"));
        fails("TFX0101", "check", body("output y = rms_nrom(x)"));
        fails("TFX0104", "check", body("param w[f, d] = ones output y[t, d] = sum[f](x * w) + w[t, d]"));
        fails("TFX0105", "check", body("output y[t, d] = x[t, d mod 0]"));
        fails("TFX0108", "check", source("block a(x[..]) { return a(x) }"));
        fails("TFX0116", "check", source("import \"../m.tfx\" block a(x[..]) { return x }"));
        fails("TFX0116", "check", source("import \"stdlib/../pom.xml\" block a(x[..]) { return x }"));
        fails("TFX0117", "check", source("import \"m.tfx\" block a(x[..]) { return x }"));
    }

    /** Short texts that ask for exponentially much. */
    @Test
    void explosions() throws IOException {
        StringBuilder blocks = new StringBuilder("block b0(x[..]) { return x + x }\n");
        for (int i = 1; i < 40; i++) {
            blocks.append("block b%d(x[..]) { return b%d(b%d(x)) }\n".formatted(i, i - 1, i - 1));
        }
        fails("TFX0114", "check", source(blocks + "model M(d) { input x[t, d] : real output y = b39(x) }"));
        fails("TFX0114", "check", body("layers l in 0 .. 1000 { layers m in 0 .. 1000 { x = x * 2 } } output y = x"));
        fails("TFX0108", "check", body("f = (g, y) => g(g, y) output y = f(f, x)"));
        StringBuilder masks = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            masks.append("x[t, d] = (x where t > %d) + (x where t < %d)\n".formatted(i, 2 * i));
        }
        String file = body(masks + "output y = x");
        assertEquals(
                0,
                assertTimeoutPreemptively(SOON, () -> CliTest.run("check", file))
                        .code());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "TFX0203 | \"num_attention_heads\": 2       | \"num_attention_heads\": 3             | d = 8",
                "TFX0203 | \"hidden_size\": 8               | \"hidden_size\": -8                    | -8",
                "TFX0203 | \"hidden_size\": 8               | \"hidden_size\": 1000000000000000000   | hidden_size",
                "TFX0202 | \"hidden_size\": 8               | \"hidden_size\": 1e30                  | hidden_size",
                "TFX0202 | \"hidden_size\": 8               | \"hidden_size\": \"eight\"             | eight",
                "TFX0114 | \"num_hidden_layers\": 2         | \"num_hidden_layers\": 1000000000      | 1000000000",
                "TFX0211 | \"num_hidden_layers\": 2         | \"num_hidden_layers\": 300             | more tensors",
                "TFX0213 | \"num_hidden_layers\": 2         | \"num_hidden_layers\": 1               | model.layers.1",
                "TFX0203 | 1e-5                             | NaN                                    | rms_norm_eps",
                "TFX0203 | \"silu\"                         | \"sine\"                               | sine",
                "TFX0206 | \"model_type\": \"llama\"        | \"model_type\": \"lama\"               | did you mean `llama`",
                "TFX0611 | \"model_type\"                   | \"type\"                               | model_type",
                "TFX0203 | \"hidden_act\"                   | \"rope_scaling\": {\"rope_type\": \"linear\"}, \"hidden_act\" | factor",
                "TFX0203 | \"hidden_act\"                   | \"rope_scaling\": {\"rope_type\": \"odd\"}, \"hidden_act\"    | odd",
                "TFX0283 | }                                | ``                                     | line",
                "TFX0286 | \"hidden_act\"                   | \"hidden_size\": 8, \"hidden_act\"     | hidden_size",
            })
    void configurations(String code, String from, String to, String named) throws IOException {
        assertTrue(TinyLlama.CONFIG.contains(from), from);
        Files.writeString(folder.resolve("config.json"), TinyLlama.CONFIG.replace(from, to));
        assertTrue(runFails(code).err().contains(named), named);
    }

    @Test
    void weights() throws IOException {
        Path file = folder.resolve("model.safetensors");
        Map<String, long[]> shapes = TinyLlama.shapes();
        shapes.put("model.nrom.weight", shapes.remove("model.norm.weight"));
        TinyLlama.weights(file, shapes);
        assertTrue(runFails("TFX0211").err().contains("nearest name among the weights is `model.nrom.weight`"));
        shapes = TinyLlama.shapes();
        shapes.put("model.layers.1.self_attn.q_proj.weight", new long[] {8, 9});
        TinyLlama.weights(file, shapes);
        String misshapen = runFails("TFX0212").err();
        assertTrue(misshapen.contains("[8, 9]") && misshapen.contains("[h = 2, e = 4, i = 8]"), misshapen);
        Files.write(file, new byte[7]);
        runFails("TFX0302");
        Files.write(file, header(100_000_001, "{}"));
        runFails("TFX0303");
        Files.write(file, header(3, "{}"));
        runFails("TFX0304");
        Files.write(file, header(Long.MIN_VALUE, "{}"));
        runFails("TFX0319");
        Files.write(file, header(2, "no"));
        runFails("TFX0306");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("/dev/zero"));
        runFails("TFX0301");
        Files.delete(file);
        Files.createDirectory(file);
        runFails("TFX0301");
        Files.delete(file);
        runFails("TFX0616");
        Files.writeString(
                folder.resolve("model.safetensors.index.json"), "{\"weight_map\": {\"a\": \"../a.safetensors\"}}");
        runFails("TFX0321");
    }

    private static byte[] header(long length, String text) {
        return ByteBuffer.allocate(8 + text.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(text.getBytes(StandardCharsets.UTF_8))
                .array();
    }

    @Test
    void flagsAndPrompts() throws IOException {
        fails("TFX0608", "run", folder.toString(), "--prompt", "The capital of ".repeat(10));
        fails("TFX0607", "run", folder.toString(), "--prompt", "");
        for (String junk : new String[] {"layers", "=4", "layers="}) {
            runFails("TFX0605", "--set", junk);
        }
        runFails("TFX0605", "--set", "layers=2", "--set", "layers=2");
        runFails("TFX0202", "--set", "eps=0x1p3");
        runFails("TFX0202", "--set", "norm=rms_norm");
        runFails("TFX0204", "--set", "lyers=2");
        assertTrue(runFails("TFX0101", "--model", "Nope").err().contains("it has Llama"));
        fails("TFX0610", "run", "", "--prompt", "a");
        runFails("TFX0280", "--config", "/dev/zero");
        runFails("TFX0301", "--weights", "/dev/zero");
    }

    @Test
    void texts() throws IOException {
        Path file = folder.resolve("text");
        String model = folder.toString();
        fails("TFX0603", "eval", model, "--text", "/dev/zero");
        fails("TFX0603", "eval", model, "--text", model);
        fails("TFX0603", "eval", model, "--text", file.toString());
        fails("TFX0612", "eval", model, "--text", Files.writeString(file, "").toString());
        fails(
                "TFX0615",
                "eval",
                model,
                "--text",
                Files.write(file, new byte[] {(byte) 0xff}).toString());
        for (String tokens : new String[] {"", "[1, 2", "[1] 2", "[5000]", "[-1]", "[1.5]", "{}", "[[1]]"}) {
            fails(
                    "TFX0615",
                    "eval",
                    model,
                    "--tokens",
                    Files.writeString(file, tokens).toString());
        }
    }

    @Test
    void tokenizers() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, "{\"model\": {}}");
        runFails("TFX0404");
        Files.delete(file);
        runFails("TFX0401");
    }

    /** A reader that has gone, or a full disk, ends the command. */
    @Test
    void outputThatCannotBeWritten() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no space left");
            }
        };
        var err = new java.io.ByteArrayOutputStream();
        int code = Cli.run(
                new String[] {"completion"}, new PrintStream(new CheckedOutput(full)), new PrintStream(err, true));
        assertEquals(1, code);
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("[TFX0603] no space left"));
    }
}
