package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.reference.Elements;

class RandomWeightsTest {
    private static LoadedModel model(boolean tied) {
        Map<String, String> sizes = Map.of(
                "vocab", "1100", "d", "1000", "layers", "1", "heads", "2", "ffn", "3", "tied", String.valueOf(tied));
        return LoadedModel.load(new ModelRequest("stdlib/models/llama.tfx", null, sizes, null, null), note -> {});
    }

    private static double[] values(RandomWeights weights, String name) {
        return Elements.dense(weights.tensor(name));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void followTheDeclarations(ElementType type) {
        try (LoadedModel model = model(false);
                RandomWeights weights = RandomWeights.declared(model, type, 7)) {
            assertTrue(Arrays.stream(values(weights, "norm.weight")).allMatch(x -> x == 1));
            // normal(0.02), more numbers than one block of draws holds.
            double[] table = values(weights, "lm_head.weight");
            assertEquals(0, Arrays.stream(table).average().orElseThrow(), 1e-4);
            double square = Arrays.stream(table).map(x -> x * x).average().orElseThrow();
            assertEquals(0.02, Math.sqrt(square), 1e-3);
            assertEquals(type, weights.tensor("lm_head.weight").type());
        }
    }

    @Test
    void theSeedTellsTheNumbers() {
        try (LoadedModel model = model(false);
                RandomWeights one = RandomWeights.declared(model, ElementType.F32, 1);
                RandomWeights again = RandomWeights.declared(model, ElementType.F32, 1);
                RandomWeights two = RandomWeights.declared(model, ElementType.F32, 2)) {
            double[] table = values(one, "embed_tokens.weight");
            assertArrayEquals(table, values(again, "embed_tokens.weight"));
            assertTrue(!Arrays.equals(table, values(two, "embed_tokens.weight")));
            assertTrue(!Arrays.equals(table, values(one, "lm_head.weight")), "parameters differ from each other");
            double[] first = Arrays.copyOfRange(table, 0, 1000);
            for (int row = 1; row < 1100; row++) {
                assertTrue(
                        !Arrays.equals(first, Arrays.copyOfRange(table, row * 1000, row * 1000 + 1000)), "rows differ");
            }
        }
    }

    @Test
    void tiedParametersAreOne() {
        try (LoadedModel model = model(true);
                RandomWeights weights = RandomWeights.declared(model, ElementType.F32, 1)) {
            assertEquals(Map.of("lm_head.weight", "embed_tokens.weight"), model.tied());
            assertSame(weights.tensor("embed_tokens.weight"), weights.tensor("lm_head.weight"));
        }
    }

    @Test
    void livelyParametersAreNeitherConstantNorSmall() {
        try (LoadedModel model = model(false);
                RandomWeights weights = RandomWeights.lively(model, ElementType.F32, 1)) {
            assertTrue(Arrays.stream(values(weights, "norm.weight")).distinct().count() > 900);
            assertTrue(Arrays.stream(values(weights, "lm_head.weight"))
                            .map(Math::abs)
                            .average()
                            .orElseThrow()
                    > 0.2);
        }
    }
}
