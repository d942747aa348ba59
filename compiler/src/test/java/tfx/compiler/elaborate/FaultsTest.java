package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Modules;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Every fault of a program is told by its code, at its place, naming both sides. */
class FaultsTest {
    private static final String HEAD = "import \"stdlib/norms.tfx\"\nimport \"stdlib/attention.tfx\"\n"
            + "block loop(x[..]) { return x }\nblock own[i -> o](x[.., i]) { param w[o, i] = ones return sum[i](x * w) }\n"
            + "model M(d = 6, f = 4, n = 2) {\ninput x[t <= 32, d] : real\n";

    private static Diagnostic fault(Executable run) {
        return assertThrows(TfxException.class, run).diagnostics().getFirst();
    }

    private static Diagnostic elaborating(String body, boolean check) {
        ModelRef model = Sources.model(HEAD + body + "\n}");
        return fault(() -> {
            if (check) {
                Elaborator.check(model, Map.of());
            } else {
                Elaborator.elaborate(model, Map.of());
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "TFX0101 | output y = rms_nrom(x)                          | rms_nrom",
                "TFX0101 | output y = sum[q](x)                            | q",
                "TFX0102 | output y = rms_norm(x, epz: 1)                  | epz",
                "TFX0103 | output y = own[d](x)                            | own[d](x)",
                "TFX0104 | output y = own[f -> d](x)                       | x",
                "TFX0104 | g = 8 y[t, g] = x[t, g] output z = y           | g",
                "TFX0105 | output y = x * (d / f)                          | d / f",
                "TFX0106 | output y = x + rms_norm                         | rms_norm",
                "TFX0106 | output y = d(x)                                 | d",
                "TFX0107 | a = own[d -> d](x) output y = own[d -> d](a)    | w",
                "TFX0109 | z = x layers l in 0 .. 2 { z = own[d -> f](x, name: none) } output y = z | z = own[d -> f](x, name: none)",
                "TFX0110 | output y[t] = x[t, d + 1]                       | d + 1",
                "TFX0110 | output y[t, d] = x[t + 1, d]                    | t + 1",
                "TFX0110 | output y[t, d] = if d < 4 then x[t, d + 3] else 0 | d + 3",
                "TFX0110 | output y[t, d] = if d < 3 then 0 else x[t, d - 4] | d - 4",
                "TFX0110 | output y[t, d] = x[t - 3, d] where t >= 2        | t - 3",
                "TFX0110 | output y[t, d] = if d > 1 and x[t, d - 3] > 0 then 1 else 0 | d - 3",
                "TFX0110 | output y[t, d] = if d > 4 or x[t, 2 * d] > 0 then 1 else 0 | 2 * d",
                "TFX0110 | output y[t, d] = if x[t, d] > 0 then x[t, d + 1] else 0 | d + 1",
                "TFX0110 | output y[t, d] = x[t, d * d]                    | d * d",
                "TFX0111 | output y[t] = x[t]                              | x[t]",
                "TFX0112 | output y[t] = x * 2                             | x * 2",
                "TFX0113 | z = x layers l in 0 .. 2 { z = z @ (l + 1) } output y = z | z @ (l + 1)",
                "TFX0114 | layers l in 0 .. 1000000000 { z = x } output y = x | 1000000000",
                "TFX0114 | k = d - 6 output y[t, k] = 1                    | k",
                "TFX0119 | output y = x output y = x                       | y",
                "TFX0120 | output y = loop(x, 1, 2)                        | 1",
                "TFX0121 | output y[t, t] = 1                              | t",
                "TFX0122 | z = fail(\"no\", 3) output y = x                | fail(\"no\", 3)",
                "TFX0124 | z = x                                           | M",
            })
    void faultsAreToldAtTheirPlace(String code, String body, String place) {
        Diagnostic fault = elaborating(body, false);
        assertEquals(code, fault.code(), fault.render());
        assertEquals(place, fault.span().text(), fault.render());
    }

    /** By any arithmetic of indices; a tensor's value proves nothing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "if d < 3 then x[t, d + 3] else x[t, d - 3]",
                "x[t - 2, d] where t >= 2 and d > 1",
                "if d mod 2 == 0 then x[t, d + 1] else x[t, d - 1]",
                "if d > 2 or x[t, 2 * d] > 0 then 1 else 0",
                "if not (d div 4 == 0) then x[t, d - 4] else 0",
                "if x[t, d] > 0 and d < 5 then x[t, d + 1] else 0",
                "if x[t, d] > 0 or d == 5 then 0 else x[t, d + 1]",
                "x[t, d * d mod 6]"
            })
    void conditionsKeepIndicesInside(String value) {
        Elaborator.elaborate(Sources.model(HEAD + "output y[t, d] = " + value + "\n}"), Map.of());
    }

    @Test
    void aReadOutsideSaysWhere() {
        String message = elaborating("output y[t, d] = if d < 4 then x[t, d + 3] else 0", false)
                .message();
        assertTrue(message.contains("d = 6") && message.contains("which is 6 at d = 3"), message);
    }

    @Test
    void bothDimensionsAreNamedWithTheirValues() {
        String message = elaborating("output y = own[f -> d](x)", false).message();
        assertTrue(message.contains("f = 4") && message.contains("d = 6"), message);
        message = elaborating("output y = x * (d / f)", false).message();
        assertTrue(message.contains("d = 6") && message.contains("f = 4"), message);
    }

    @Test
    void shapesAreCheckedWithoutSizes() {
        ModelRef model = Sources.model(
                "import \"stdlib/linear.tfx\"\nmodel M(d, f) { input x[t, d] : real\n output y = linear[f -> d](x) }");
        assertEquals("TFX0104", fault(() -> Elaborator.check(model, Map.of())).code());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TFX0108 | block a(x[..]) { return b(x) } block b(x[..]) { return a(x) }",
                "TFX0115 | import \"nowhere.tfx\" block a(x[..]) { return x }",
                "TFX0116 | import \"../m.tfx\" block a(x[..]) { return x }",
                "TFX0116 | import \"/etc/m.tfx\" block a(x[..]) { return x }",
                "TFX0117 | import \"other.tfx\" block a(x[..]) { return x }",
                "TFX0119 | block a(x[..]) { return x } block a(x[..]) { return x }",
            })
    void namesAreResolvedBeforeAnything(String code, String text) {
        Map<String, String> texts = Map.of("m.tfx", text, "other.tfx", "import \"m.tfx\"");
        Diagnostic fault = fault(() -> new Modules(Sources.memory(texts)).load("m.tfx"));
        assertEquals(code, fault.code(), fault.render());
    }

    private static Diagnostic configured(String key, Object value) {
        Map<String, Object> config = new HashMap<>(StdlibModelsTest.LLAMA);
        config.put(key, value);
        return fault(() -> StdlibModelsTest.elaborate("llama", config, Map.of()));
    }

    @Test
    void configurationsAreRefusedByKeyAndValue() {
        for (Object value : List.of(-4L, 0L, 1L << 40)) {
            Diagnostic fault = configured("hidden_size", value);
            assertEquals("TFX0203", fault.code(), fault.render());
            assertTrue(
                    fault.render().contains("hidden_size") && fault.render().contains(value.toString()),
                    fault.render());
        }
        assertEquals("TFX0202", configured("num_attention_heads", "four").code());
        Diagnostic activation = configured("hidden_act", "sine");
        assertEquals("TFX0203", activation.code());
        assertTrue(activation.render().contains("sine"), activation.render());
        assertEquals("TFX0105", configured("num_key_value_heads", 3L).code());
        ModelRef model = Sources.library("llama");
        assertEquals(
                "TFX0201",
                fault(() -> Elaborator.elaborate(model, Map.of("d", 4L))).code());
        assertEquals(
                "TFX0204",
                fault(() -> ConfigClause.arguments(
                                model, Optional.empty(), key -> Optional.empty(), Map.of("head_s", 1L)))
                        .code());
    }

    @Test
    void weightsAreRefusedByName() {
        Elaborated llama = StdlibModelsTest.elaborate("llama", StdlibModelsTest.LLAMA, Map.of());
        Map<String, long[]> shapes = StdlibModelsTest.llamaShapes(4, true);
        shapes.put("model.nrom.weight", shapes.remove("model.norm.weight"));
        Diagnostic missing = fault(() -> WeightClause.bind(llama, "huggingface", shapes));
        assertEquals("TFX0211", missing.code());
        assertTrue(missing.render().contains("model.nrom.weight"), missing.render());
        Map<String, long[]> shaped = StdlibModelsTest.llamaShapes(4, true);
        shaped.put("model.norm.weight", new long[] {65});
        Diagnostic misshapen = fault(() -> WeightClause.bind(llama, "huggingface", shaped));
        assertEquals("TFX0212", misshapen.code());
        assertTrue(misshapen.message().contains("65") && misshapen.message().contains("d = 64"), misshapen.message());
        Map<String, long[]> more = StdlibModelsTest.llamaShapes(4, true);
        more.put("model.layers.0.extra.weight", new long[] {1});
        assertEquals(
                "TFX0213",
                fault(() -> WeightClause.bind(llama, "huggingface", more)).code());
    }
}
