package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

/** {@code explain} against counts made by hand: v vocabulary, d width, h heads of e, g groups, f hidden, n layers. */
class ExplainTest {
    private static final long V = 32000;
    private static final long D = 2048;
    private static final long N = 22;
    private static final long H = 32;
    private static final long G = 4;
    private static final long F = 5632;
    private static final long E = D / H;
    private static final String[] BILLION = {
        "stdlib/models/llama.tfx",
        "--set",
        "vocab=" + V,
        "--set",
        "d=" + D,
        "--set",
        "layers=" + N,
        "--set",
        "heads=" + H,
        "--set",
        "kv_heads=" + G,
        "--set",
        "ffn=" + F
    };

    private static String[] explain(String... more) {
        List<String> all = new ArrayList<>(List.of("explain"));
        all.addAll(List.of(BILLION));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static JsonNode json(String... more) throws IOException {
        CliTest.Ran ran = CliTest.run(explain(more));
        assertEquals(0, ran.code(), ran.err());
        return new ObjectMapper().readTree(ran.out());
    }

    @Test
    void countsParametersCachesAndWork() throws IOException {
        JsonNode found = json("--json", "--length", "100", "--dtype", "f16");
        long matrices = N * (2 * D * H * E + 2 * D * G * E + 3 * D * F) + V * D;
        long parameters = matrices + V * D + (2 * N + 1) * D;
        assertEquals(parameters, found.at("/parameters/count").asLong());
        assertEquals(2 * parameters, found.at("/parameters/bytes").asLong());
        assertEquals(
                N * 3 * D * F, found.at("/parameters/blocks/layers.0-21.mlp").asLong());
        assertEquals(N * 2 * G * E * 4, found.at("/cache_bytes_per_token").asLong());
        assertEquals(100 * N * 2 * G * E * 4, found.at("/cache_bytes").asLong());
        // Multiply-adds of the matrices, and of scores and mixture over 100 keys; all else is small beside them.
        double decode = 2.0 * matrices + N * 2 * 2.0 * 100 * H * E;
        assertEquals(decode, found.at("/decode/flops").asDouble(), 0.01 * decode);
        double prefill = 100 * 2.0 * matrices + N * 2 * 2.0 * H * E * 100 * 101 / 2;
        assertEquals(prefill, found.at("/prefill/flops").asDouble(), 0.01 * prefill);
        // One row of the table of embeddings is read, everything else whole.
        assertEquals(
                2.0 * (parameters - V * D + D),
                found.at("/decode/parameter_bytes").asDouble());
        assertEquals("x", found.at("/kernels/0/name").asText());
    }

    @Test
    void repeatedLayersAreShownOnceWithTheirRange() throws IOException {
        JsonNode mixed = null;
        for (JsonNode kernel : json("--json").at("/kernels")) {
            mixed = kernel.get("name").asText().equals("layers.0-21.self_attn.mixed") ? kernel : mixed;
        }
        assertEquals(N, mixed.get("count").asLong());
        assertEquals(N, mixed.get("layers").size());
        assertTrue(mixed.get("fused").toString().contains("layers.0.self_attn.score"), mixed.toString());
        String text = CliTest.run(explain()).out();
        assertTrue(text.contains("parameters: 1.10 B, 2.20 GB as bf16"), text);
        assertTrue(
                text.lines()
                                .filter(line -> line.contains("layers.0-21.mlp.gate_proj.weight"))
                                .count()
                        == 1,
                text);
        assertFalse(text.contains("layers.1."), text);
    }

    @Test
    void showsTheProgramAfterAPassAndTheGeneratedSources() throws IOException {
        String llama = Path.of(System.getProperty("tfx.root"))
                .resolve("examples/llama")
                .toString();
        CliTest.Ran first = CliTest.run("explain", "--ir", "elaboration", llama);
        assertTrue(first.out().contains("self_attn.p[h: 8, t: t, s: t]"), first.out());
        CliTest.Ran last = CliTest.run("explain", "--ir", llama);
        assertEquals(0, last.code(), last.err());
        assertFalse(last.out().contains("self_attn.p["), last.out());
        CliTest.Ran all = CliTest.run("explain", "--ir=all", llama, "--json");
        JsonNode stages = new ObjectMapper().readTree(all.out()).get("ir");
        assertEquals("elaboration", stages.get(0).get("pass").asText());
        assertTrue(stages.size() > 5);
        CliTest.Ran kernels = CliTest.run("explain", llama, "--kernels");
        assertTrue(kernels.out().contains("// layers.1.self_attn.mixed\n"), kernels.out());
        assertTrue(kernels.out().contains("extends KernelCode"), kernels.out());
    }

    @Test
    void writesAPageThatNeedsNothingElse(@TempDir Path folder) throws IOException {
        Path page = folder.resolve("page.html");
        assertEquals(0, CliTest.run(explain("--html", page.toString())).code());
        String html = Files.readString(page);
        assertTrue(html.contains("layers.0-21.self_attn.mixed") && html.endsWith("</html>\n"), html);
        assertFalse(html.contains("http") || html.contains("<script"), html);
        CliTest.Ran nowhere =
                CliTest.run(explain("--html", folder.resolve("no/page.html").toString()));
        assertEquals(1, nowhere.code());
        assertTrue(nowhere.err().contains("TFX0603"), nowhere.err());
    }

    @Test
    void badFlagsAreCoded() {
        for (String[] flags : new String[][] {{"--length", "0"}, {"--length", "4096"}, {"--dtype", "f8"}}) {
            CliTest.Ran ran = CliTest.run(explain(flags));
            assertEquals(1, ran.code());
            assertTrue(ran.err().contains("TFX0602") && ran.err().contains(flags[0]), ran.err());
        }
    }
}
