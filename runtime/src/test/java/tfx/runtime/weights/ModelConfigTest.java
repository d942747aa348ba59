package tfx.runtime.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.runtime.weights.Bytes.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
    private static final Path ROOT = Path.of(System.getProperty("tfx.root"));

    @Test
    void valuesAreFoundByPathWithTheirTypes() {
        ModelConfig config = ModelConfig.parse("c", """
                {"model_type":"llama","n":3,"eps":1e-5,"on":false,"none":null,"list":[1,"a",null],"big":1e30,
                 "wide":100000000000000000000,"rope":{"theta":10000.0,"inner":{"a.b":1}},"limit":[Infinity]}""");
        assertEquals(Optional.of("llama"), config.modelType());
        assertEquals(Optional.of(3L), config.get("n"));
        assertEquals(Optional.of(1e-5), config.get("eps"));
        assertEquals(Optional.of(false), config.get("on"));
        assertEquals(Optional.of(1e20), config.get("wide"));
        assertEquals(Optional.of(10000.0), config.get("rope.theta"));
        assertEquals(Optional.of(1L), config.get("rope.inner.a.b"));
        assertEquals(3, ((List<?>) config.get("list").orElseThrow()).size());
        for (String absent : List.of("none", "rope", "rope.theta.x", "x", "", ".", "n.n")) {
            assertEquals(Optional.empty(), config.get(absent));
        }
        assertTrue(config.has("rope"));
        assertFalse(config.has("none"));
        assertEquals(
                Set.of("model_type", "n", "eps", "on", "list", "big", "wide", "rope.theta", "rope.inner.a.b", "limit"),
                config.paths());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            TFX0283 | {"a":
            TFX0283 | {} x
            TFX0284 | []
            TFX0284 | 3
            TFX0286 | {"a":{"b":1,"b":2}}
            """)
    void eachFaultHasItsCode(String code, String json) {
        fault(code, () -> ModelConfig.parse("c", json));
    }

    @Test
    void boundsHold(@TempDir Path folder) throws IOException {
        fault("TFX0280", () -> ModelConfig.read(folder));
        Path file = folder.resolve("config.json");
        Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"'});
        fault("TFX0282", () -> ModelConfig.read(folder));
        Files.write(file, new byte[(16 << 20) + 1]);
        fault("TFX0281", () -> ModelConfig.read(file));
        fault("TFX0285", () -> ModelConfig.parse("c", "{\"a\":" + "[".repeat(100_000)));
    }

    @Test
    void officialFilesAreRead() {
        assertEquals(
                Optional.of(10000.0),
                ModelConfig.read(ROOT.resolve("examples/llama")).get("rope_parameters.rope_theta"));
        for (String dump : List.of("llama", "gpt2", "qwen3")) {
            try (Checkpoint file = Checkpoint.open(ROOT.resolve("spec/golden/" + dump + "-dev.safetensors"))) {
                assertEquals(
                        Optional.of(dump),
                        ModelConfig.ofMetadata(file).orElseThrow().modelType());
            }
        }
        try (Checkpoint file = Checkpoint.open(ROOT.resolve("examples/llama"))) {
            assertEquals(Optional.empty(), ModelConfig.ofMetadata(file));
        }
    }

    @Test
    void aDumpMayHaveItsKeysAtTheTop(@TempDir Path folder) {
        Path path = folder.resolve("d.safetensors");
        SafetensorsWriter.write(path, java.util.Map.of("config", "{\"hidden_size\":48}"), List.of());
        try (Checkpoint file = Checkpoint.open(path)) {
            assertEquals(
                    Optional.of(48L), ModelConfig.ofMetadata(file).orElseThrow().get("hidden_size"));
        }
    }
}
