package tfx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tfx.runtime.weights.SafetensorsWriter;

/** A folder in Hugging Face layout with a Llama of two layers and random weights, to be spoilt in one place. */
final class TinyLlama {
    static final String CONFIG = """
            {"model_type": "llama", "vocab_size": 4096, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "intermediate_size": 12, "max_position_embeddings": 16, "rms_norm_eps": 1e-5,
            "hidden_act": "silu", "tie_word_embeddings": true}""";

    private TinyLlama() {}

    /** The tensors' shapes by name, in the order of the file. */
    static Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new long[] {4096, 8});
        shapes.put("model.norm.weight", new long[] {8});
        for (int l = 0; l < 2; l++) {
            String p = "model.layers." + l + ".";
            shapes.put(p + "input_layernorm.weight", new long[] {8});
            shapes.put(p + "post_attention_layernorm.weight", new long[] {8});
            shapes.put(p + "self_attn.q_proj.weight", new long[] {8, 8});
            shapes.put(p + "self_attn.k_proj.weight", new long[] {4, 8});
            shapes.put(p + "self_attn.v_proj.weight", new long[] {4, 8});
            shapes.put(p + "self_attn.o_proj.weight", new long[] {8, 8});
            shapes.put(p + "mlp.gate_proj.weight", new long[] {12, 8});
            shapes.put(p + "mlp.up_proj.weight", new long[] {12, 8});
            shapes.put(p + "mlp.down_proj.weight", new long[] {8, 12});
        }
        return shapes;
    }

    /** Writes the whole folder. */
    static Path write(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Path tokenizer = Path.of(System.getProperty("tfx.root"), "examples", "llama", "tokenizer.json");
        Files.copy(tokenizer, folder.resolve("tokenizer.json"));
        weights(folder.resolve("model.safetensors"), shapes());
        return folder;
    }

    static void weights(Path file, Map<String, long[]> shapes) {
        SplittableRandom random = new SplittableRandom(1);
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        shapes.forEach((name, shape) -> {
            float[] data =
                    new float[Math.toIntExact(java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
            for (int i = 0; i < data.length; i++) {
                data[i] = (float) random.nextDouble(-0.5, 0.5);
            }
            entries.add(SafetensorsWriter.Entry.floats(name, shape, data));
        });
        SafetensorsWriter.write(file, Map.of(), entries);
    }
}
