package tfx.backend.tornado;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The folder on the class path that generated classes and their sources lie in, as long as the process lives. */
final class KernelFolder {
    private static @Nullable KernelFolder ofProcess;

    private final Path root;
    private volatile boolean kept;

    private KernelFolder(Path root) {
        this.root = root;
        Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
    }

    /** The one that the launcher made and put on the class path. */
    static synchronized KernelFolder ofProcess() {
        if (ofProcess == null) {
            ofProcess = new KernelFolder(Path.of(System.getProperty("tfx.kernels")));
        }
        return ofProcess;
    }

    private Path file(String name, String ending) {
        return root.resolve(Template.PACKAGE.replace('.', '/')).resolve(name + ending);
    }

    Path source(String name) {
        return file(name, ".java");
    }

    boolean holds(String name) {
        return Files.exists(file(name, ".class"));
    }

    /** Classes by binary name, sources by simple name. */
    void write(Map<String, String> sources, Map<String, byte[]> classes) throws IOException {
        Files.createDirectories(file("x", "").getParent());
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Files.writeString(source(source.getKey()), source.getValue());
        }
        for (Map.Entry<String, byte[]> bytes : classes.entrySet()) {
            Files.write(root.resolve(bytes.getKey().replace('.', '/') + ".class"), bytes.getValue());
        }
    }

    /** Lets the process's class loader find {@code implementation} as a service. */
    void serve(String service, String implementation) throws IOException {
        Path file = root.resolve("META-INF/services").resolve(service);
        Files.createDirectories(file.getParent());
        Files.writeString(file, implementation + "\n");
    }

    /** Leaves the folder when the process ends. */
    void keep() {
        kept = true;
    }

    private void remove() {
        if (kept) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // A folder for temporary files: what stays in it does no harm.
            kept = true;
        }
    }
}
