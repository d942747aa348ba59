package tfx.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tfx.compiler.passes.Pass;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Observations;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Storage;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.testing.Evaluator;
import tfx.testing.Models;

class PassesTest {
    private static final Models.Shape SMALL = new Models.Shape(11, 8, 2, 4, 2, 6);

    @Test
    void everyPassKeepsWhatADecoderComputes() {
        Program program = Models.decoder(SMALL);
        Map<Value, double[]> given = Models.tensors(program, 5, 7, 11);
        double[] expected = Evaluator.run(program, 5, given).get("logits");
        for (Pass pass : Passes.all()) {
            program = pass.rewrite().apply(program);
            Close.assertClose(expected, Evaluator.run(program, 5, given).get("logits"), pass.name());
        }
    }

    @Test
    void aDecoderBecomesFewKernelsAndStreamsItsScores() {
        Program program = Passes.run(Models.decoder(SMALL));
        Schedule schedule = Scheduler.schedule(program);
        for (Kernel kernel : schedule.kernels()) {
            long wide = kernel.output().shape().stream()
                    .filter(size -> !size.isConstant())
                    .count();
            assertTrue(wide <= 1, kernel.name());
        }
        assertEquals(
                2,
                schedule.kernels().stream()
                        .filter(kernel -> kernel.output().body() instanceof Expr.Fold)
                        .count());
        Expr.Fold fold = (Expr.Fold) schedule.kernels().stream()
                .map(k -> k.output().body())
                .filter(Expr.Fold.class::isInstance)
                .findFirst()
                .orElseThrow();
        assertEquals(3, fold.accumulators().size());
        long dots = reductions(fold);
        assertEquals(1, dots, "one dot product, shared by the accumulators");
        assertTrue(
                schedule.kernels().size() <= 2 * 13 + 8,
                () -> schedule.kernels().stream().map(Kernel::name).collect(Collectors.joining("\n")));
    }

    private static long reductions(Expr expr) {
        long[] count = {0};
        Exprs.forEach(expr, part -> count[0] += part instanceof Expr.Reduce ? 1 : 0);
        return count[0];
    }

    @Test
    void cachesAreTheKeysAndValues() {
        Schedule schedule = Scheduler.schedule(Passes.run(Models.decoder(SMALL)));
        assertTrue(
                schedule.causality().incremental(), () -> schedule.causality().reason());
        List<String> caches = schedule.placements().entrySet().stream()
                .filter(entry -> entry.getValue().storage() == Storage.CACHE)
                .map(entry -> entry.getKey().name())
                .sorted()
                .toList();
        assertEquals(
                List.of(
                        "layers.0.self_attn.k.y",
                        "layers.0.self_attn.v_proj.y",
                        "layers.1.self_attn.k.y",
                        "layers.1.self_attn.v_proj.y"),
                caches);
    }

    @Test
    void stepsGiveWhatTheWholeSequenceGives() {
        Program program = Models.decoder(SMALL);
        Map<Value, double[]> given = Models.tensors(program, 6, 3, 11);
        double[] expected = Evaluator.run(program, 6, given).get("logits");
        Schedule schedule = Scheduler.schedule(Passes.run(program));
        Close.assertClose(expected, Evaluator.steps(schedule, 6, given, 6).get("logits"), "whole");
        Close.assertClose(
                expected, Evaluator.steps(schedule, 6, given, 3, 4, 5, 6).get("logits"), "steps");
    }

    @Test
    void whatIsAskedForIsComputed() {
        Program program = Models.decoder(SMALL);
        String p = "layers.1.self_attn.p";
        Program observed = Observations.observe(program, List.of(p, "layers.0.x"));
        Map<Value, double[]> given = Models.tensors(program, 5, 7, 11);
        Map<String, double[]> expected = Evaluator.run(observed, 5, given);
        Map<String, double[]> found = Evaluator.run(Passes.run(observed), 5, given);
        expected.forEach((name, tensor) -> Close.assertClose(tensor, found.get(name), name));
        assertEquals(4 * 5 * 5, found.get(p).length);
    }

    @Test
    void aDeepModelHasAHandfulOfKernelsPerLayer() {
        Program program = Models.decoder(new Models.Shape(32000, 2048, 22, 32, 4, 5632));
        Schedule schedule = Scheduler.schedule(Passes.run(program));
        assertTrue(
                schedule.kernels().size() <= 22 * 13 + 8,
                () -> "" + schedule.kernels().size());
        assertTrue(schedule.causality().incremental());
    }
}
