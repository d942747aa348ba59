package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tfx.compiler.names.ModelRef;
import tfx.ir.Value;

class StdlibModelsTest {
    static final Map<String, Object> LLAMA = Map.of(
            "vocab_size",
            97L,
            "hidden_size",
            64L,
            "num_hidden_layers",
            4L,
            "num_attention_heads",
            4L,
            "num_key_value_heads",
            2L,
            "head_dim",
            16L,
            "intermediate_size",
            150L,
            "rms_norm_eps",
            1e-5,
            "max_position_embeddings",
            128L,
            "rope_parameters",
            Map.of("rope_theta", 10000.0, "rope_type", "default"));

    static Elaborated elaborate(String name, Map<String, Object> config, Map<String, Object> set) {
        ModelRef model = Sources.library(name);
        return Elaborator.elaborate(
                model,
                ConfigClause.arguments(model, Optional.of(name), key -> Optional.ofNullable(config.get(key)), set));
    }

    static Map<String, long[]> llamaShapes(int layers, boolean head) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new long[] {97, 64});
        shapes.put("model.norm.weight", new long[] {64});
        if (head) {
            shapes.put("lm_head.weight", new long[] {97, 64});
        }
        for (int l = 0; l < layers; l++) {
            String p = "model.layers." + l + ".";
            shapes.put(p + "input_layernorm.weight", new long[] {64});
            shapes.put(p + "post_attention_layernorm.weight", new long[] {64});
            shapes.put(p + "self_attn.q_proj.weight", new long[] {64, 64});
            shapes.put(p + "self_attn.k_proj.weight", new long[] {32, 64});
            shapes.put(p + "self_attn.v_proj.weight", new long[] {32, 64});
            shapes.put(p + "self_attn.o_proj.weight", new long[] {64, 64});
            shapes.put(p + "mlp.gate_proj.weight", new long[] {150, 64});
            shapes.put(p + "mlp.up_proj.weight", new long[] {150, 64});
            shapes.put(p + "mlp.down_proj.weight", new long[] {64, 150});
        }
        return shapes;
    }

    private static List<String> paths(Elaborated model, String tensor) {
        return new ValueNames(model)
                .values(tensor).stream().map(ValueNames.Named::path).toList();
    }

    @Test
    void llamaElaboratesAndBinds() {
        Elaborated llama = elaborate("llama", LLAMA, Map.of());
        assertEquals(List.of("logits"), List.copyOf(llama.program().outputs().keySet()));
        assertEquals("[t, 97]", llama.program().outputs().get("logits").shape().toString());
        assertEquals(
                "[4, t, t]",
                llama.program().named().get("layers.0.self_attn.p").shape().toString());
        assertEquals(
                "[t, 64]", llama.program().named().get("layers.3.x").shape().toString());
        assertEquals(List.of("h", "t", "s"), llama.dimensions().get("layers.0.self_attn.p"));
        assertEquals("t", llama.program().length());
        assertEquals(Map.of("t", 128L), llama.limits());
        assertEquals(Map.of("tokens", 97L), llama.idBounds());
        Map<String, Binding> weights = WeightClause.bind(llama, "huggingface", llamaShapes(4, true));
        assertEquals(39, weights.size());
        Binding q = weights.get("layers.1.self_attn.q_proj.weight");
        assertEquals("model.layers.1.self_attn.q_proj.weight", q.official());
        assertEquals(
                List.of(1024L, 64L, 1L),
                java.util.Arrays.stream(q.strides()).boxed().toList());
        assertEquals(List.of("layers.2.x"), paths(llama, "hidden.2"));
        assertEquals(List.of("layers.0.self_attn.p"), paths(llama, "attn_probs.0"));
        assertEquals(List.of("layers.0.mlp.up_proj.y"), paths(llama, "layers.0.mlp.up_proj.y"));
        assertEquals(List.of(), paths(llama, "hidden.9"));
    }

    @Test
    void tiedWeightsAreOneTensor() {
        Map<String, Object> config = new HashMap<>(LLAMA);
        config.put("tie_word_embeddings", true);
        Elaborated llama = elaborate("llama", config, Map.of());
        Map<String, Binding> weights = WeightClause.bind(llama, "huggingface", llamaShapes(4, false));
        assertEquals("model.embed_tokens.weight", weights.get("lm_head.weight").official());
        // A stored copy of the head is redundant, not a mistake.
        assertEquals(
                39,
                WeightClause.bind(llama, "huggingface", llamaShapes(4, true)).size());
    }

    @Test
    void gpt2SplitsAndTransposes() {
        Map<String, Object> config =
                Map.of("vocab_size", 97L, "n_embd", 64L, "n_head", 4L, "n_layer", 2L, "n_positions", 64L);
        Elaborated gpt2 = elaborate("gpt2", config, Map.of());
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("transformer.wte.weight", new long[] {97, 64});
        shapes.put("transformer.wpe.weight", new long[] {64, 64});
        for (String norm : List.of("ln_f", "h.0.ln_1", "h.0.ln_2", "h.1.ln_1", "h.1.ln_2")) {
            shapes.put("transformer." + norm + ".weight", new long[] {64});
            shapes.put("transformer." + norm + ".bias", new long[] {64});
        }
        for (int l = 0; l < 2; l++) {
            String p = "transformer.h." + l + ".";
            shapes.put(p + "attn.c_attn.weight", new long[] {64, 192});
            shapes.put(p + "attn.c_attn.bias", new long[] {192});
            shapes.put(p + "attn.c_proj.weight", new long[] {64, 64});
            shapes.put(p + "attn.c_proj.bias", new long[] {64});
            shapes.put(p + "mlp.c_fc.weight", new long[] {64, 256});
            shapes.put(p + "mlp.c_fc.bias", new long[] {256});
            shapes.put(p + "mlp.c_proj.weight", new long[] {256, 64});
            shapes.put(p + "mlp.c_proj.bias", new long[] {64});
        }
        Map<String, Binding> weights = WeightClause.bind(gpt2, "huggingface", shapes);
        Binding k = weights.get("h.1.attn.k_proj.weight");
        assertEquals(64, k.offset());
        assertEquals(
                List.of(16L, 1L, 192L),
                java.util.Arrays.stream(k.strides()).boxed().toList());
        assertEquals(128, weights.get("h.0.attn.v_proj.bias").offset());
        assertEquals("transformer.wte.weight", weights.get("lm_head.weight").official());
    }

    @Test
    void qwen3IsLlamaWithHeadNorms() {
        Map<String, Object> config = new HashMap<>(LLAMA);
        config.put("head_dim", 24L);
        Elaborated qwen = elaborate("qwen3", config, Map.of());
        assertEquals(
                "[24]",
                qwen.parameters()
                        .get("layers.0.self_attn.q_norm.weight")
                        .value()
                        .shape()
                        .toString());
        assertEquals(
                "[4, 24, 64]",
                qwen.parameters()
                        .get("layers.0.self_attn.q_proj.weight")
                        .value()
                        .shape()
                        .toString());
    }

    @Test
    void sizesAreInferredFromShapes() {
        ModelRef model = Sources.library("llama");
        Map<String, Object> set = Map.of("heads", 4L, "kv_heads", 2L);
        Elaborator.Arguments known = ConfigClause.arguments(model, Optional.empty(), key -> Optional.empty(), set);
        Elaborator.Arguments all = Inference.infer(model, known, "huggingface", llamaShapes(3, true));
        Elaborated llama = Elaborator.elaborate(model, all);
        assertEquals("150", llama.arguments().get("ffn").toString());
        assertEquals("3", llama.arguments().get("layers").toString());
        assertEquals("97", llama.arguments().get("vocab").toString());
        WeightClause.bind(llama, "huggingface", llamaShapes(3, true));
    }

    @Test
    void modelsCheckWithoutSizes() {
        for (String name : List.of("llama", "gpt2", "qwen3")) {
            Elaborated symbolic = Elaborator.check(Sources.library(name), Map.of());
            assertTrue(symbolic.parameters().size() > 5, name);
        }
    }

    @Test
    void twentyTwoLayersElaborate() {
        elaborate("llama", LLAMA, Map.of("layers", 22L));
        Elaborated llama = elaborate("llama", LLAMA, Map.of("layers", 22L));
        assertNotEquals(
                0,
                llama.program().named().values().stream()
                        .filter(Value.Comprehension.class::isInstance)
                        .count());
    }
}
