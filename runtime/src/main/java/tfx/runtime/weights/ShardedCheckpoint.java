package tfx.runtime.weights;

import static tfx.runtime.weights.Faults.fault;
import static tfx.runtime.weights.Faults.quote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.source.Diagnostic;

/** The shards of a folder, found through its index; only files within the folder are opened. */
final class ShardedCheckpoint implements Checkpoint {
    private static final long MAX_INDEX = 100_000_000;
    private static final String AGAIN = "fetch the folder again, all files of one revision";
    private static final JsonTree.Codes CODES =
            new JsonTree.Codes("TFX0301", "TFX0324", "TFX0324", "TFX0324", "TFX0324", "TFX0324", "TFX0325");

    private final String name;
    private final Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Diagnostic> notes = new ArrayList<>();

    private ShardedCheckpoint(String name) {
        this.name = name;
    }

    /** Opens the shards that {@code index} lists; TFX0320 to TFX0327, and the codes of each shard. */
    static ShardedCheckpoint open(Path index) {
        Map<String, @Nullable Object> tree = JsonTree.readFile(index, MAX_INDEX, CODES);
        if (!(tree.get("weight_map") instanceof Map<?, ?> weightMap)) {
            throw fault(
                    "TFX0324",
                    index.toString(),
                    "expected an object under the key \"weight_map\", found " + JsonTree.kind(tree.get("weight_map")),
                    AGAIN);
        }
        ShardedCheckpoint out = new ShardedCheckpoint(index.toString());
        try {
            out.openAll(index, weightMap);
            return out;
        } catch (RuntimeException | Error e) {
            out.close();
            throw e;
        }
    }

    private void openAll(Path index, Map<?, ?> weightMap) {
        Path folder = index.toAbsolutePath().getParent();
        weightMap.forEach((tensor, value) -> {
            if (!(value instanceof String shard)) {
                throw fault(
                        "TFX0326",
                        name,
                        "the index entry of " + quote((String) tensor) + " is not the name of a file: "
                                + JsonTree.kind(value),
                        AGAIN);
            }
            SafetensorsFile file = shards.computeIfAbsent(shard, key -> SafetensorsFile.open(within(folder, key)));
            StoredTensor found = file.tensors().get(tensor);
            if (found == null) {
                throw fault(
                        "TFX0323",
                        file.name(),
                        "the index " + name + " lists the tensor " + quote((String) tensor)
                                + " in this shard, which does not hold it"
                                + file.nearest((String) tensor)
                                        .map(n -> "; the nearest name is " + quote(n))
                                        .orElse(""),
                        AGAIN);
            }
            tensors.put((String) tensor, found);
        });
        shards.values().forEach(this::describe);
    }

    private void describe(SafetensorsFile shard) {
        shard.metadata().forEach(metadata::putIfAbsent);
        List<String> unlisted =
                shard.names().stream().filter(n -> !tensors.containsKey(n)).toList();
        if (!unlisted.isEmpty()) {
            notes.add(Diagnostic.warning(
                    "TFX0327",
                    shard.name(),
                    unlisted.size() + " tensors of this shard are not in the index and are left out, the first: "
                            + quote(unlisted.getFirst()),
                    AGAIN));
        }
    }

    /** The path of a shard, once it is sure that it lies in the folder, symbolic links resolved. */
    private Path within(Path folder, String shard) {
        Path file;
        try {
            file = Path.of(shard);
        } catch (InvalidPathException e) {
            throw leaves(shard, "is no path of this system");
        }
        if (shard.isEmpty() || file.isAbsolute() || shard.startsWith("/") || shard.contains("\\")) {
            throw leaves(shard, "is not a plain file name");
        }
        for (Path part : file) {
            if (part.toString().equals("..")) {
                throw leaves(shard, "leaves the folder");
            }
        }
        Path resolved = folder.resolve(file);
        try {
            if (!Files.exists(resolved)) {
                throw fault(
                        "TFX0322",
                        resolved.toString(),
                        "the shard " + quote(shard) + " of the index " + name + " is missing",
                        "fetch the file, or correct the index");
            }
            Path home = folder.toRealPath();
            Path real = resolved.toRealPath();
            if (!real.startsWith(home) && !isHubBlob(home, real)) {
                throw leaves(shard, "is a link to " + quote(real.toString()) + ", outside the folder");
            }
        } catch (IOException e) {
            throw fault(
                    "TFX0301",
                    resolved.toString(),
                    "the shard cannot be read: " + Faults.reason(e),
                    "check its permissions");
        }
        return resolved;
    }

    /** The cache of the Hugging Face hub keeps {@code snapshots/REVISION/FILE} as links into its own {@code blobs/}. */
    private static boolean isHubBlob(Path home, Path real) {
        Path snapshots = home.getParent();
        if (snapshots == null || snapshots.getParent() == null || !snapshots.endsWith("snapshots")) {
            return false;
        }
        return snapshots.getParent().resolve("blobs").equals(real.getParent());
    }

    private tfx.source.TfxException leaves(String shard, String how) {
        return fault(
                "TFX0321",
                name,
                "the shard name " + quote(shard) + " " + how + "; only files within the folder of the index are read",
                "correct the index, and do not trust where it came from");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<StoredTensor> find(String tensorName) {
        return Optional.ofNullable(tensors.get(tensorName));
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    @Override
    public List<Diagnostic> notes() {
        return Collections.unmodifiableList(notes);
    }

    @Override
    public void close() {
        shards.values().forEach(SafetensorsFile::close);
    }
}
