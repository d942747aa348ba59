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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
        return schedule(model, Map.of());
    }

    private static Schedule schedule(ModelRef model, Map<String, Long> sizes) {
        Map<String, Object> set = new HashMap<>(
                Map.of("vocab", 97L, "d", 64L, "layers", LAYERS, "heads", 4L, "kv_heads", 2L, "ffn", 120L));
        set.putAll(sizes);
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
        streamsInOnePass(schedule, 2);
    }

    private static void streamsInOnePass(Schedule schedule, int maps) {
        List<Kernel> streamed =
                schedule.kernels().stream().filter(kernel -> folds(kernel) > 0).toList();
        assertEquals(LAYERS, streamed.size(), streamed::toString);
        for (Kernel kernel : streamed) {
            assertEquals(1, folds(kernel), kernel.name());
            Exprs.forEach(kernel.output().body(), part -> {
                if (part instanceof Expr.Fold fold) {
                    // A maximum, a denominator and a sum each.
                    assertEquals(3 * maps, fold.accumulators().size(), kernel.name());
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

    /** What a row can attend to beside its points: a learned score, or 0 as where 1 is added to the denominator. */
    @ParameterizedTest
    @ValueSource(strings = {"sink[h]", "0"})
    void aSoftmaxWithASinkIsOnePass(String sink) {
        Schedule schedule = schedule(Sources.model("""
                model Sunk(vocab, d, layers, heads, kv_heads, ffn, h = heads, e = d / heads) {
                  input tokens[t] : id(vocab)
                  s = size(t)
                  param table[vocab, d]
                  param w[h, e, d]
                  param sink[h]
                  x[t, d] = table[tokens[t], d]
                  q[t, h, e] = sum[d](x[t, d] * w[h, e, d])
                  score[h, t, s] = sum[e](q[t, h, e] * q[s, h, e]) where s <= t
                  most[h, t] = max(max[s](score[h, t, s]), SINK)
                  p[h, t, s] = exp(score[h, t, s] - most[h, t])
                             / (exp(SINK - most[h, t]) + sum[s](exp(score[h, t, s] - most[h, t])))
                  output o[t, h, e] = sum[s](p[h, t, s] * q[s, h, e])
                }
                """.replace("SINK", sink)));
        List<Kernel> streamed =
                schedule.kernels().stream().filter(kernel -> folds(kernel) > 0).toList();
        assertEquals(1, streamed.size(), streamed::toString);
        Expr.Fold fold = (Expr.Fold) streamed.getFirst().output().body();
        assertEquals(3, fold.accumulators().size(), fold::toString);
        assertEquals(3, schedule.kernels().size(), schedule.kernels()::toString);
    }

    /** The models of `examples/combinations`: their maps are one pass, and what is kept is what a plain model keeps. */
    @Test
    void combinationsStreamInOnePass() throws IOException {
        try (Stream<Path> files = Files.list(Sources.ROOT.resolve("examples/combinations"))) {
            List<Path> models =
                    files.filter(file -> file.toString().endsWith(".tfx")).toList();
            assertEquals(4, models.size());
            for (Path file : models) {
                int maps = file.getFileName().toString().startsWith("diff-") ? 2 : 1;
                streamsInOnePass(schedule(Sources.model(Files.readString(file))), maps);
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

    /** With one channel nothing but attention is a sum: every layer is elementwise, and reads the one before in several ways. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void manyLayersOfOneChannelAreScheduledSoon() {
        Map<String, Long> sizes = Map.of("d", 1L, "heads", 1L, "kv_heads", 1L, "head", 2L, "ffn", 1L, "layers", 40L);
        Schedule schedule = schedule(Sources.library("llama"), sizes);
        assertEquals(
                40,
                schedule.kernels().stream().filter(kernel -> folds(kernel) > 0).count());
    }
}
