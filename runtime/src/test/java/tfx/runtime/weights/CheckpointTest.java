package tfx.runtime.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.runtime.weights.Bytes.fault;
import static tfx.runtime.weights.Bytes.shard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
    @TempDir
    Path folder;

    private void index(String weightMap) throws IOException {
        Files.writeString(
                folder.resolve(Checkpoint.INDEX_FILE),
                "{\"metadata\":{\"total_size\":16},\"weight_map\":" + weightMap + "}");
    }

    @Test
    void shardsAreOneCheckpointInTheOrderOfTheIndex() throws IOException {
        shard(folder, "1.safetensors", "x");
        shard(folder, "2.safetensors", "model.layers.0.mlp.up_proj.weight");
        index("{\"model.layers.0.mlp.up_proj.weight\":\"2.safetensors\",\"x\":\"1.safetensors\"}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertEquals(List.of("model.layers.0.mlp.up_proj.weight", "x"), List.copyOf(checkpoint.names()));
            assertEquals(2, checkpoint.find("x").orElseThrow().elementCount());
            assertEquals(Optional.empty(), checkpoint.find("y"));
            assertEquals(
                    "model.layers.0.mlp.up_proj.weight",
                    checkpoint.nearest("layers.0.mlp.up_proj.weigth").orElseThrow());
            assertEquals(Optional.empty(), checkpoint.nearest("entirely different"));
            assertEquals(List.of(), checkpoint.notes());
        }
        index("{\"x\":\"1.safetensors\",\"model.layers.0.mlp.up_proj.weight\":\"1.safetensors\"}");
        assertTrue(fault("TFX0323", () -> Checkpoint.open(folder)).contains("1.safetensors"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../1.safetensors", "/1.safetensors", "a/../../1.safetensors", "", "..", "a\\u0000b", "a\\\\b"})
    void aShardNameThatLeavesTheFolderIsRefused(String name) throws IOException {
        index("{\"x\":\"" + name + "\"}");
        fault("TFX0321", () -> Checkpoint.open(folder));
    }

    @Test
    void aLinkOutOfTheFolderIsRefusedAndTheHubCacheIsNot(@TempDir Path elsewhere) throws IOException {
        Path target = shard(elsewhere, "1.safetensors", "x");
        Files.createSymbolicLink(folder.resolve("1.safetensors"), target);
        index("{\"x\":\"1.safetensors\"}");
        assertTrue(fault("TFX0321", () -> Checkpoint.open(folder)).contains("outside the folder"));

        Path blobs = Files.createDirectories(elsewhere.resolve("hub/blobs"));
        Path snapshot = Files.createDirectories(elsewhere.resolve("hub/snapshots/abc"));
        shard(blobs, "0123", "x");
        Files.createSymbolicLink(snapshot.resolve("1.safetensors"), Path.of("../../blobs/0123"));
        Files.copy(folder.resolve(Checkpoint.INDEX_FILE), snapshot.resolve(Checkpoint.INDEX_FILE));
        try (Checkpoint checkpoint = Checkpoint.open(snapshot)) {
            assertEquals(1, checkpoint.names().size());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            TFX0324 | []
            TFX0324 | 1
            TFX0324 | {
            TFX0325 | {"x":"1.safetensors","x":"1.safetensors"}
            TFX0326 | {"x":7}
            TFX0322 | {"x":"absent.safetensors"}
            """)
    void eachFaultOfAnIndexHasItsCode(String code, String weightMap) throws IOException {
        index(weightMap);
        fault(code, () -> Checkpoint.open(folder));
    }

    @Test
    void aFolderWithoutWeightsIsNamed() {
        assertTrue(fault("TFX0320", () -> Checkpoint.open(folder)).contains(folder.toString()));
        fault("TFX0301", () -> Checkpoint.open(folder.resolve("x.safetensors")));
    }

    @Test
    void tensorsThatNoIndexListsAreReported() throws IOException {
        Files.write(
                folder.resolve("1.safetensors"),
                Bytes.file(
                        "{\"x\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},\"y\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                        2));
        index("{\"x\":\"1.safetensors\"}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertEquals("TFX0327", checkpoint.notes().getFirst().code());
        }
    }
}
