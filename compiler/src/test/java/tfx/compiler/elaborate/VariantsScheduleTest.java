package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tfx.compiler.names.ModelRef;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Storage;
import tfx.ir.Expr;
import tfx.ir.Exprs;

/** What the passes make of the variants of the standard library. */
class VariantsScheduleTest {
    private static final long LAYERS = 3;

    private static Schedule schedule(ModelRef model) {
        Map<String, Object> set = new HashMap<>(
                Map.of("vocab", 97L, "d", 64L, "layers", LAYERS, "heads", 4L, "kv_heads", 2L, "ffn", 120L));
        return Scheduler.schedule(Passes.run(Elaborator.elaborate(
                        model, ConfigClause.arguments(model, Optional.empty(), key -> Optional.empty(), set))
                .program()));
    }

    private static Schedule library(String name) {
        return schedule(Sources.library(name));
    }

    private static long folds(Kernel kernel) {
        long[] count = {0};
        Exprs.forEach(kernel.output().body(), part -> count[0] += part instanceof Expr.Fold ? 1 : 0);
        return count[0];
    }

    private static void streamsInOnePass(Schedule schedule) {
        List<Kernel> streamed =
                schedule.kernels().stream().filter(kernel -> folds(kernel) > 0).toList();
        assertEquals(LAYERS, streamed.size(), streamed::toString);
        for (Kernel kernel : streamed) {
            assertEquals(1, folds(kernel), kernel.name());
            Exprs.forEach(kernel.output().body(), part -> {
                if (part instanceof Expr.Fold fold) {
                    // Two maps: a maximum, a denominator and a sum each.
                    assertEquals(6, fold.accumulators().size(), kernel.name());
                }
            });
        }
        schedule.placements()
                .keySet()
                .forEach(value -> assertTrue(
                        value.shape().stream()
                                        .filter(size -> size.symbols().contains("t"))
                                        .count()
                                < 2,
                        value::toString));
        List<String> cached = schedule.placements().entrySet().stream()
                .filter(entry -> entry.getValue().storage() == Storage.CACHE)
                .map(entry -> entry.getKey().toString())
                .toList();
        assertEquals(2 * LAYERS, cached.size(), cached::toString);
    }

    @Test
    void bothMapsOfDifferentialAttentionAreOnePass() {
        streamsInOnePass(library("diffllama"));
        streamsInOnePass(library("diff-unilm"));
    }

    /** The models of `examples/combinations`: their maps are one pass, and what is kept is what a plain model keeps. */
    @Test
    void combinationsStreamInOnePass() throws IOException {
        try (Stream<Path> files = Files.list(Sources.ROOT.resolve("examples/combinations"))) {
            List<Path> models =
                    files.filter(file -> file.toString().endsWith(".tfx")).toList();
            assertEquals(3, models.size());
            for (Path file : models) {
                streamsInOnePass(schedule(Sources.model(Files.readString(file))));
            }
        }
    }

    @Test
    void slidingWindowDifferentialAttentionWithScaledNormsIsOnePassToo() {
        streamsInOnePass(schedule(Sources.model("""
                import "stdlib/models/llama.tfx"
                import "stdlib/differential.tfx"
                variant V of Llama {
                  mixer = differential_attention(heads: heads, kv_heads: kv_heads, lambda_init: 0.5,
                                                 mask: sliding(window: 5))
                  norm = (x) => rms_norm(x, eps: eps) / sqrt(l + 1)
                }
                """)));
    }
}
