package tfx.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.runtime.plan.Session;

/** The library's variants with their official weights, driven in every way. */
class VariantDecodingTest {
    private static final Path ROOT = Path.of(System.getProperty("tfx.root", "."));
    private static final int LENGTH = 21;

    @ParameterizedTest
    @CsvSource({
        "tokenformer,reference",
        "tokenformer,cpu",
        "tokenformer,gpu:emulator",
        "lime,reference",
        "lime,cpu",
        "lime,gpu:emulator",
        "qwen3,gpu:emulator",
        "diffllama,reference",
        "diffllama,cpu",
        "diff-unilm,cpu",
        "layernorm-scaling,reference",
        "layernorm-scaling,cpu"
    })
    void tokenByTokenInChunksAndInBatchesIsOneResult(String name, String device) {
        int[][] ids = new int[2][];
        for (int b = 0; b < ids.length; b++) {
            ids[b] = new Random(b).ints(LENGTH, 0, 97).toArray();
        }
        String dump = ROOT.resolve("spec/golden/" + name + "-dev.safetensors").toString();
        ModelRequest request = new ModelRequest("stdlib/models/" + name + ".tfx", null, Map.of(), null, Path.of(dump));
        try (LoadedModel model = LoadedModel.load(request, note -> {});
                LoadedModel.Running running = model.start(device, 2, List.of());
                Session together = running.engine().open(2);
                Session alone = running.engine().open(1)) {
            double[] whole = together.all(ids).data();
            int vocab = whole.length / 2 / LENGTH;
            assertEquals(97, vocab);
            double scale = Arrays.stream(whole).map(Math::abs).max().orElseThrow();
            for (int cut : new int[] {1, 4}) {
                together.reset();
                for (int from = 0; from < LENGTH; from += cut) {
                    int to = Math.min(LENGTH, from + cut);
                    int start = from;
                    float[][] last = together.step(Arrays.stream(ids)
                            .map(row -> Arrays.copyOfRange(row, start, to))
                            .toArray(int[][]::new));
                    for (int b = 0; b < 2; b++) {
                        for (int v = 0; v < vocab; v++) {
                            assertEquals(
                                    whole[(b * LENGTH + to - 1) * vocab + v],
                                    last[b][v],
                                    1e-5 * scale,
                                    "sequence " + b + ", position " + (to - 1) + ", in steps of " + cut);
                        }
                    }
                }
            }
            double[] second = alone.all(new int[][] {ids[1]}).data();
            for (int i = 0; i < second.length; i++) {
                assertEquals(whole[LENGTH * vocab + i], second[i], 1e-5 * scale, "alone, element " + i);
            }
        }
    }
}
