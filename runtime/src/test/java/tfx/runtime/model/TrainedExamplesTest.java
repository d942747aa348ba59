package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
     * The loss on the 4,096 tokens that lie beside the examples, as forward passes in NumPy gave it: float64 from the same
     * bfloat16 weights, in windows of 512, written from the papers apart from this project. (The official loss in {@code
     * reference.json} is a mean over 30,720 tokens of which these are the first.)
     */
    @ParameterizedTest
    @CsvSource({"llama, 2.6265965681719474", "diff, 2.1468459199300938"})
    void theLossIsThatOfTheTrainedModel(String example, double expected) throws IOException {
        int[] tokens =
                ids(JSON.readTree(EXAMPLES.resolve("llama/valid_tokens.json").toFile()));
        try (LoadedModel model = LoadedModel.load(
                        ModelRequest.of(EXAMPLES.resolve(example).toString()), note -> {});
                LoadedModel.Running running = model.start("cpu", 2, List.of())) {
            Evaluation found = Evaluation.of(running.engine(), tokens, 512, (done, total) -> {});
            assertEquals(tokens.length - 1, found.tokens());
            assertEquals(expected, found.loss(), 1e-4);
        }
    }
}
