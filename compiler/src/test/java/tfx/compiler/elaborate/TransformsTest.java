package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;
import tfx.testing.Evaluator;

/** What {@code transform} clauses make of parameters. */
class TransformsTest {
    private static final String BASE = """
            import "stdlib/linear.tfx"
            import "stdlib/growth.tfx"
            block twice(w[..]) { return 2 * w }
            block shifted(w[..]) { param by[..] = ones  return w + by }
            block summed(w[o, i]) { return sum[o](w) }
            block scaled(w[..], by) { return w * by }
            model M(d = 3, f = 5, m = 2, layers = 2) {
              input x[t, d] : real
              layers l in 0 .. layers { x = x + linear[f -> d](linear[d -> f](x, name: up), name: down) }
              output y = x
            }
            """;

    private static Elaborated elaborate(String variants) {
        return Elaborator.elaborate(Sources.model(BASE + variants), Map.of());
    }

    private static long[] shape(Elaborated model, String path) {
        return model.parameters().get(path).value().shape().stream()
                .mapToLong(Size::constant)
                .toArray();
    }

    @Test
    void theWeightsHoldWhatStandsInTheBrackets() {
        Elaborated grown = elaborate("variant V of M { transform zero_rows[f]() on layers.{l}.up.weight[m, ..] }");
        assertArrayEquals(new long[] {2, 3}, shape(grown, "layers.1.up.weight"));
        assertArrayEquals(new long[] {3, 5}, shape(grown, "layers.1.down.weight"));
        assertEquals(
                Set.of("layers.0.up.weight", "layers.1.up.weight"),
                grown.transformed().keySet());
        assertEquals(
                "[5, 3]", grown.transformed().get("layers.0.up.weight").shape().toString());
    }

    /** The element 0 of a parameter whose stored elements are all 5, its own parameters 1. */
    private static double first(Elaborated model, String path) {
        Value value = model.transformed().get(path);
        Map<Value, double[]> given = new HashMap<>();
        model.program().parameters().forEach(parameter -> {
            double[] all = new double
                    [(int) parameter.shape().stream().mapToLong(Size::constant).reduce(1, Math::multiplyExact)];
            Arrays.fill(all, model.ofTransforms().contains(parameter.name()) ? 1 : 5);
            given.put(parameter, all);
        });
        tfx.ir.Program program = new tfx.ir.Program(
                List.of(),
                model.program().parameters(),
                Map.of("w", value),
                Map.of(),
                model.program().length());
        return Evaluator.run(program, 1, given).get("w")[0];
    }

    @Test
    void theLastThatFitsAppliesAndThoseOfTheBaseComeFirst() {
        Elaborated model = elaborate("""
                variant V of M {
                  transform twice on {path..}
                  transform shifted on layers.{l}.up.{p}
                }
                variant W of V { transform scaled(by: l + 3) on layers.{l}.up.{p} }
                """);
        assertEquals(10, first(model, "layers.0.down.weight"));
        assertEquals(18, first(model, "layers.0.up.weight"));
        assertEquals(24, first(model, "layers.1.up.weight"));
        assertEquals(Set.of("layers.0.up.weight.by", "layers.1.up.weight.by"), model.ofTransforms());
    }

    @Test
    void transformsRunWhenTheWeightsAreLoaded() {
        Elaborated model = elaborate("variant V of M { transform (w) => w * w + exp(w) on layers.{l}.up.weight }");
        var schedule = Scheduler.schedule(Passes.run(model.program()));
        assertEquals(2, schedule.loadTime().size());
        schedule.kernels()
                .forEach(kernel -> assertTrue(
                        kernel.operands().stream()
                                .noneMatch(operand ->
                                        operand.name().endsWith("up.weight") && operand instanceof Value.Parameter),
                        kernel.name()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TFX0125 | transform summed on layers.{l}.up.weight",
                "TFX0125 | transform twice on layers.{l}.up.weight[m, ..]",
                "TFX0106 | transform 3 on layers.{l}.up.weight",
                "TFX0103 | transform scaled on layers.{l}.up.weight",
                "TFX0106 | transform twice(w: 1) on layers.{l}.up.weight",
                "TFX0101 | transform twise on layers.{l}.up.weight",
                "TFX0101 | transform twice on layers.{l}.up.weight[q, ..]",
            })
    void faultsAreToldAtTheirPlace(String code, String clause) {
        Diagnostic fault = assertThrows(TfxException.class, () -> elaborate("variant V of M { " + clause + " }"))
                .diagnostics()
                .getFirst();
        assertEquals(code, fault.code(), fault.render());
        assertTrue(fault.span() != null, fault.render());
    }
}
