package tfx.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.compiler.passes.Pass;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.testing.Evaluator;
import tfx.testing.Models;
import tfx.testing.Programs;

class RandomProgramsTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 50, 100, 150})
    void passesKeepTheMeaningAndStepsAgreeWithTheWhole(int first) {
        for (int seed = first; seed < first + 50; seed++) {
            Program program = Programs.random(seed, 3);
            long length = 1L + seed % 7;
            Map<Value, double[]> given = Models.tensors(program, length, seed, 1);
            double[] expected = Evaluator.run(program, length, given).get("y");
            Program current = program;
            for (Pass pass : Passes.all()) {
                current = pass.rewrite().apply(current);
                Close.assertClose(
                        expected, Evaluator.run(current, length, given).get("y"), "seed " + seed + ", " + pass.name());
            }
            Schedule schedule = Scheduler.schedule(Passes.run(program));
            String what = "seed " + seed + ": " + schedule.causality().reason();
            assertTrue(schedule.causality().incremental(), what);
            assertTrue(schedule.kernels().stream()
                    .noneMatch(k -> k.output().shape().stream()
                                    .filter(s -> !s.isConstant())
                                    .count()
                            > 1));
            long[] cuts = java.util.stream.LongStream.rangeClosed(1, length).toArray();
            Close.assertClose(
                    expected, Evaluator.steps(schedule, length, given, cuts).get("y"), what + " steps");
        }
    }
}
