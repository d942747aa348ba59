package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Evaluator;

/** Small models over weights by path, for laws that hold between them. */
final class Laws {
    static final int LENGTH = 5;

    private static final Map<String, Object> SIZES =
            Map.of("vocab", 7L, "d", 8L, "layers", 3L, "heads", 4L, "ffn", 5L, "context", 16L);

    private Laws() {}

    /** A stack of weights by path; equal paths of two models hold equal numbers. */
    interface Weights {
        double at(String path, long element);
    }

    static Weights random(long seed) {
        return (path, element) -> new Random(seed * 31 + path.hashCode() * 7919L + element).nextGaussian() * 0.5;
    }

    /** The number of the layer that a parameter belongs to. */
    static int layer(String path) {
        return Integer.parseInt(path.split("\\.")[1]);
    }

    static Elaborated model(String text, Object... more) {
        Map<String, Object> sizes = new LinkedHashMap<>(SIZES);
        for (int i = 0; i < more.length; i += 2) {
            sizes.put((String) more[i], more[i + 1]);
        }
        return Elaborator.elaborate(Sources.model(text), sizes);
    }

    static String importing(String... models) {
        return String.join(
                "",
                Arrays.stream(models)
                        .map(it -> "import \"stdlib/models/" + it + ".tfx\"\n")
                        .toList());
    }

    static Map<Value, double[]> given(Program program, Weights weights) {
        Map<Value, double[]> given = new HashMap<>();
        program.parameters().forEach(parameter -> given.put(parameter, elements(parameter, weights)));
        Random ids = new Random(3);
        program.inputs()
                .forEach(input ->
                        given.put(input, ids.ints(LENGTH, 0, 7).asDoubleStream().toArray()));
        return given;
    }

    static double[] elements(Value.Parameter parameter, Weights weights) {
        long count = parameter.shape().stream().mapToLong(Size::constant).reduce(1, Math::multiplyExact);
        double[] all = new double[(int) count];
        Arrays.setAll(all, i -> weights.at(parameter.name(), i));
        return all;
    }

    static double[] logits(Elaborated model, Weights weights) {
        return Evaluator.run(model.program(), LENGTH, given(model.program(), weights))
                .get("logits");
    }

    static void assertSame(double[] want, double[] got) {
        assertClose(want, got, "logits");
    }

    /** Another model: the law that made them equal has a condition, and can fail. */
    static void assertOther(double[] want, double[] got) {
        double most = 0;
        for (int i = 0; i < want.length; i++) {
            most = Math.max(most, Math.abs(want[i] - got[i]));
        }
        assertTrue(most > 1e-6, "by " + most + " only");
    }

    static void assertClose(double[] want, double[] got, String what) {
        double scale = Arrays.stream(want).map(Math::abs).max().orElseThrow();
        assertEquals(want.length, got.length);
        for (int i = 0; i < want.length; i++) {
            assertEquals(want[i], got[i], 1e-9 * scale, what + " at " + i);
        }
    }
}
