package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.runtime.text.Tokenizer;

/** The trained models of {@code examples} against what their official implementations made of them. */
class TrainedExamplesTest {
    private static final Path EXAMPLES =
            Path.of(System.getProperty("tfx.root", ".")).resolve("examples");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static int[] ids(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    @ParameterizedTest
    @CsvSource({"llama", "diff"})
    void greedyTextsAreTheOfficialOnesTokenForToken(String example) throws IOException {
        Path folder = EXAMPLES.resolve(example);
        JsonNode generations =
                JSON.readTree(folder.resolve("reference.json").toFile()).get("generations");
        assertEquals(5, generations.size());
        try (LoadedModel model = LoadedModel.load(ModelRequest.of(folder.toString()), note -> {});
                Tokenizer tokenizer = model.tokenizer();
                LoadedModel.Running running = model.start("cpu", 2, List.of())) {
            for (JsonNode generation : generations) {
                int[] prompt = tokenizer.encode(generation.get("prompt").asText());
                assertEquals(list(ids(generation.get("prompt_ids"))), list(prompt));
                List<Integer> all = new ArrayList<>(list(prompt));
                int wanted = generation.get("ids").size() - prompt.length;
                Generation.of(running.engine(), prompt, wanted, model.context(), Sampling.GREEDY, Set.of(), all::add);
                assertEquals(list(ids(generation.get("ids"))), all);
                int[] made = all.stream().mapToInt(Integer::intValue).toArray();
                assertEquals(generation.get("text").asText(), tokenizer.decode(made));
            }
        }
    }

    private static List<Integer> list(int[] ids) {
        return IntStream.of(ids).boxed().toList();
    }

    /**
     * The loss on the first windows of the validation text, of which the official one is a mean over more: as far from it as
     * means over so many windows are.
     */
    @ParameterizedTest
    @CsvSource({"llama", "diff"})
    void theLossIsThatOfTheTrainedModel(String example) throws IOException {
        JsonNode reference =
                JSON.readTree(EXAMPLES.resolve(example + "/reference.json").toFile());
        int[] tokens =
                ids(JSON.readTree(EXAMPLES.resolve("llama/valid_tokens.json").toFile()));
        try (LoadedModel model = LoadedModel.load(
                        ModelRequest.of(EXAMPLES.resolve(example).toString()), note -> {});
                LoadedModel.Running running = model.start("cpu", 2, List.of())) {
            Evaluation found = Evaluation.of(running.engine(), tokens, 512, (done, total) -> {});
            assertTrue(
                    Math.abs(found.loss() - reference.get("loss").asDouble()) < 0.15,
                    found.loss() + " beside " + reference.get("loss"));
        }
    }
}
