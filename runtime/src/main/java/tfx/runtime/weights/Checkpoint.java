package tfx.runtime.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tfx.source.Diagnostic;

/** A set of named tensors: one safetensors file, or the shards of a folder in Hugging Face layout. */
public interface Checkpoint extends AutoCloseable {
    /** What the single weights file of a folder is called. */
    String SINGLE_FILE = "model.safetensors";

    /** What the index over the shards of a folder is called. */
    String INDEX_FILE = "model.safetensors.index.json";

    /**
     * Opens a {@code .safetensors} file, a {@code *.index.json} file, or a folder that holds one of them.
     *
     * @throws tfx.source.TfxException TFX03xx where a file is missing or malformed
     */
    static Checkpoint open(Path path) {
        if (!Files.isDirectory(path)) {
            String file = String.valueOf(path.getFileName());
            return file.endsWith(".json") ? ShardedCheckpoint.open(path) : SafetensorsFile.open(path);
        }
        Path single = path.resolve(SINGLE_FILE);
        if (Files.exists(single)) {
            return SafetensorsFile.open(single);
        }
        Path index = path.resolve(INDEX_FILE);
        if (Files.exists(index)) {
            return ShardedCheckpoint.open(index);
        }
        throw Faults.fault(
                "TFX0320",
                path.toString(),
                "the folder holds no weights: neither " + SINGLE_FILE + " nor " + INDEX_FILE,
                "name a folder in Hugging Face layout, or a .safetensors file itself");
    }

    /** A name for messages: the path as given. */
    String name();

    /** The tensor of that name. */
    Optional<StoredTensor> find(String tensorName);

    /** All tensor names, in the order of the file or index. */
    Set<String> names();

    /** The free-form texts of the header ({@code __metadata__}). */
    Map<String, String> metadata();

    /** Things the user should know that are no errors, such as tensors that no index lists. */
    default List<Diagnostic> notes() {
        return List.of();
    }

    /** The name among {@link #names()} most like {@code tensorName}, if one is near enough to be worth showing. */
    default Optional<String> nearest(String tensorName) {
        return NearestName.of(tensorName, names());
    }

    /** Unmaps the files; tensors taken from here must not be read afterwards. */
    @Override
    void close();
}
