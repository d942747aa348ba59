package tfx.runtime.weights;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One memory-mapped safetensors file: eight bytes of header length, a JSON header, the data.
 *
 * <p>Nothing but the header is read on opening; files of any size cost address space only.
 */
public final class SafetensorsFile implements Checkpoint {
    private final String name;
    private final @Nullable Arena arena;
    private final Map<String, StoredTensor> tensors;
    private final Map<String, String> metadata;

    private SafetensorsFile(String name, @Nullable Arena arena, MemorySegment file) {
        this.name = name;
        this.arena = arena;
        SafetensorsHeader header = SafetensorsHeader.read(name, file);
        MemorySegment data = file.asSlice(header.dataStart());
        Map<String, StoredTensor> found =
                LinkedHashMap.newLinkedHashMap(header.entries().size());
        header.entries()
                .forEach((key, entry) -> found.put(
                        key,
                        new StoredTensor(
                                key, entry.dtype(), entry.shape(), data.asSlice(entry.begin(), entry.byteSize()))));
        this.tensors = Collections.unmodifiableMap(found);
        this.metadata = Collections.unmodifiableMap(header.metadata());
    }

    /**
     * Maps and checks a file.
     *
     * @throws tfx.source.TfxException TFX0301 to TFX0319, TFX0335 and TFX0336 where it cannot be read or breaks the format
     */
    // The arena belongs to the result and is closed with it, or below where opening fails.
    @SuppressWarnings("MustBeClosedChecker")
    public static SafetensorsFile open(Path path) {
        String name = path.toString();
        // A pipe or device would block or never end.
        if (!Files.isRegularFile(path)) {
            String found = Files.isDirectory(path) ? "a folder" : Files.exists(path) ? "not a regular file" : "nothing";
            throw Faults.fault("TFX0301", name, "expected a .safetensors file, found " + found, "check the path");
        }
        Arena arena = Arena.ofShared();
        try {
            MemorySegment file;
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
                file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            } catch (IOException e) {
                throw Faults.fault(
                        "TFX0301",
                        name,
                        "the weights file cannot be read: " + Faults.reason(e),
                        "check the path and its permissions");
            }
            return new SafetensorsFile(name, arena, file);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Reads a file that already lies in memory; {@code bytes} must outlive the result. */
    public static SafetensorsFile of(String name, MemorySegment bytes) {
        return new SafetensorsFile(name, null, bytes);
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
        return tensors.keySet();
    }

    /** The tensors by name, in the order of the header. */
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public void close() {
        // Memory that came from elsewhere is not ours to free; a second close does nothing.
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
