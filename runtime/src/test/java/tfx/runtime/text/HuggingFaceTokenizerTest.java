package tfx.runtime.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tfx.source.TfxException;

class HuggingFaceTokenizerTest {
    private static final Path MODEL = Path.of(System.getProperty("tfx.root"), "examples", "llama");
    private static final HuggingFaceTokenizer TOKENIZER = HuggingFaceTokenizer.load(MODEL);

    @Test
    void theReferenceIsMetInBothDirections() throws IOException {
        JsonNode reference =
                new ObjectMapper().readTree(MODEL.resolve("reference.json").toFile());
        assertEquals(5, reference.get("generations").size());
        for (JsonNode generation : reference.get("generations")) {
            String prompt = generation.get("prompt").asText();
            assertArrayEquals(ids(generation.get("prompt_ids")), TOKENIZER.encode(prompt), prompt);
            assertEquals(generation.get("text").asText(), TOKENIZER.decode(ids(generation.get("ids"))));
            assertEquals(generation.get("text").asText(), streamed(ids(generation.get("ids"))));
        }
    }

    @Property(tries = 200)
    void anyTextComesBackWholeAndInPieces(@ForAll @StringLength(max = 60) String drawn) {
        String text = new String(drawn.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        int[] ids = TOKENIZER.encode(text);
        assertEquals(text, TOKENIZER.decode(ids));
        assertEquals(text, streamed(ids));
    }

    @Property(tries = 200)
    void piecesOfAnyIdsAreTheWhole(@ForAll @Size(max = 400) List<@IntRange(max = 4095) Integer> drawn) {
        int[] ids = drawn.stream().mapToInt(Integer::intValue).toArray();
        assertEquals(TOKENIZER.decode(ids), streamed(ids));
    }

    @Test
    void aCharacterOfSeveralTokensComesAsOnePiece() {
        StreamingDecoder decoder = new StreamingDecoder(TOKENIZER);
        StringBuilder pieces = new StringBuilder();
        for (int id : TOKENIZER.encode("😀漢")) {
            pieces.append(decoder.push(id)).append('|');
        }
        assertEquals("|||😀|||漢|", pieces.toString());
    }

    @Test
    void aLongTextIsNotCutAndSpecialTokensAreLeftOut() {
        assertEquals(6001, TOKENIZER.encode("The capital of ".repeat(2000)).length);
        assertEquals(0, TOKENIZER.encode("").length);
        assertEquals("ab", TOKENIZER.decode(TOKENIZER.encode("a<|end|>b")));
        assertEquals("", TOKENIZER.decode(new int[] {Integer.MAX_VALUE}));
    }

    @Test
    void eachFaultHasItsCode(@TempDir Path folder) throws IOException {
        fault("TFX0401", folder);
        Path file = folder.resolve(HuggingFaceTokenizer.FILE);
        String whole = Files.readString(MODEL.resolve(HuggingFaceTokenizer.FILE));
        for (String broken : new String[] {
            "",
            "{}",
            "nonsense",
            "[".repeat(1_000_000),
            whole.substring(0, whole.length() / 2),
            whole.replace("\"BPE\"", "\"BPF\""),
            // Each of these once ended the process inside the native library.
            whole.replace("\"trim_offsets\": true", "\"trim_offsets\": \"\\q\""),
            whole.replace("\"trim_offsets\": true", "\"trim_offsets\": \"\\ud800\""),
            whole.replace("\"trim_offsets\": true", "\"trim_offsets\": 1e999"),
            whole.replace("\"trim_offsets\": true", "\"trim_offsets\": " + "[".repeat(200) + "]".repeat(200)),
            whole.replace("\"continuing_subword_prefix\": null", "\"continuing_subword_prefix\": \"prefix\""),
            whole.replace(
                    "\"normalizer\": null",
                    "\"normalizer\": {\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}"),
            whole.replace(
                    "\"post_processor\": null",
                    "\"post_processor\": {\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"q\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}"),
            whole.replace(
                    "\"post_processor\": null",
                    "\"post_processor\": {\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}")
        }) {
            Files.writeString(file, broken);
            fault("TFX0404", folder);
        }
        Files.write(file, new byte[] {'{', (byte) 0xff});
        fault("TFX0403", file);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(1L << 40);
        }
        fault("TFX0402", file);
        TfxException e = assertThrows(TfxException.class, () -> TOKENIZER.encode("a\ud800b"));
        assertEquals("TFX0406", e.diagnostics().getFirst().code());
    }

    @Test
    void aTemplateAddsItsSpecialTokens(@TempDir Path folder) throws IOException {
        String template = """
                "post_processor": {"type":"TemplateProcessing","pair":[],
                "single":[{"SpecialToken":{"id":"<|end|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
                "special_tokens":{"<|end|>":{"id":"<|end|>","ids":[0],"tokens":["<|end|>"]}}}""";
        String whole = Files.readString(MODEL.resolve(HuggingFaceTokenizer.FILE));
        Files.writeString(
                folder.resolve(HuggingFaceTokenizer.FILE), whole.replace("\"post_processor\": null", template));
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder)) {
            assertArrayEquals(new int[] {0, 318, 643, 296}, tokenizer.encode("The capital of"));
        }
    }

    private static void fault(String code, Path path) {
        TfxException e = assertThrows(TfxException.class, () -> HuggingFaceTokenizer.load(path));
        assertEquals(code, e.diagnostics().getFirst().code(), e.getMessage());
        assertTrue(e.getMessage().contains(HuggingFaceTokenizer.FILE), e.getMessage());
    }

    private static String streamed(int[] ids) {
        StreamingDecoder decoder = new StreamingDecoder(TOKENIZER);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.flush()).toString();
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
