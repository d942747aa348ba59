package tfx.backend.common;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Classes that were compiled before, as files of a folder: one for each set of sources, a digest first. It is only ever a shortcut: what
 * cannot be read, is damaged or cannot be written is compiled again.
 */
public final class ClassCache {
    /** The folder is kept to so many files; the oldest go first. */
    private static final int MOST = 64;
    /** Bytes of a digest. */
    private static final int DIGEST = 32;

    private final @Nullable Path folder;

    /** @param folder is made when it is first needed; null for a cache that keeps nothing */
    public ClassCache(@Nullable Path folder) {
        this.folder = folder;
    }

    /** The cache in the folder that the launcher names, beside the classes that generated code was written for. */
    public static ClassCache ofLauncher() {
        String folder = System.getProperty("tfx.cache");
        return new ClassCache(folder == null ? null : Path.of(folder));
    }

    /** The classes by binary name, from the cache or else from {@code compile}, which is then kept. */
    public Map<String, byte[]> get(
            Map<String, String> sources, List<String> options, Supplier<Map<String, byte[]>> compile) {
        if (folder == null) {
            return compile.get();
        }
        Path file = folder.resolve(key(sources, options) + ".classes");
        Map<String, byte[]> classes = read(file);
        if (classes == null) {
            classes = compile.get();
            write(folder, file, classes);
        }
        return classes;
    }

    private static String key(Map<String, String> sources, List<String> options) {
        MessageDigest digest = sha256();
        List<String> parts = Stream.of(
                        Stream.of(Runtime.version().toString()),
                        options.stream(),
                        new TreeMap<>(sources).entrySet().stream().flatMap(e -> Stream.of(e.getKey(), e.getValue())))
                .flatMap(part -> part)
                .toList();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static @Nullable Map<String, byte[]> read(Path file) {
        try {
            byte[] whole = Files.readAllBytes(file);
            byte[] content = Arrays.copyOfRange(whole, Math.min(DIGEST, whole.length), whole.length);
            if (!Arrays.equals(sha256().digest(content), Arrays.copyOf(whole, DIGEST))) {
                return null;
            }
            Map<String, byte[]> classes = new HashMap<>();
            try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(content))) {
                for (int left = in.readInt(); left > 0; left--) {
                    classes.put(in.readUTF(), in.readNBytes(in.readInt()));
                }
            }
            return classes;
        } catch (IOException notThere) {
            return null;
        }
    }

    private static void write(Path folder, Path file, Map<String, byte[]> classes) {
        Path made = null;
        try {
            Files.createDirectories(folder);
            prune(folder);
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(content);
            out.writeInt(classes.size());
            for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
                out.writeUTF(entry.getKey());
                out.writeInt(entry.getValue().length);
                out.write(entry.getValue());
            }
            made = Files.createTempFile(folder, "new", ".tmp");
            try (OutputStream bytes = Files.newOutputStream(made)) {
                bytes.write(sha256().digest(content.toByteArray()));
                content.writeTo(bytes);
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException notKept) {
            delete(made);
        }
    }

    private static void prune(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> oldest =
                    files.sorted(Comparator.comparing(ClassCache::age)).toList();
            oldest.subList(0, Math.max(0, oldest.size() - MOST + 1)).forEach(ClassCache::delete);
        }
    }

    private static long age(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException gone) {
            return 0;
        }
    }

    private static void delete(@Nullable Path file) {
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException leftLying) {
                // The next run prunes it.
            }
        }
    }
}
