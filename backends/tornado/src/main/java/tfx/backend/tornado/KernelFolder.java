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

    /** Where what is generated under a name lies. */
    Path file(String name, String ending) {
        return root.resolve(Template.PACKAGE.replace('.', '/')).resolve(name + ending);
    }

    boolean holds(String name) {
        return Files.exists(file(name, ".class"));
    }

    /** Sources by simple name. */
    void write(Map<String, String> sources, String ending) throws IOException {
        Files.createDirectories(file("x", "").getParent());
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Files.writeString(file(source.getKey(), ending), source.getValue());
        }
    }

    /** Classes by binary name, in the folders that their sources made. */
    void write(Map<String, byte[]> classes) throws IOException {
        for (Map.Entry<String, byte[]> bytes : classes.entrySet()) {
            Files.write(root.resolve(bytes.getKey().replace('.', '/') + ".class"), bytes.getValue());
        }
    }

    /** Lets the process's class loader find classes, by simple name, as a service. */
    void serve(String service, List<String> implementations) throws IOException {
        Path file = root.resolve("META-INF/services").resolve(service);
        Files.createDirectories(file.getParent());
        Files.write(
                file,
                implementations.stream()
                        .map(name -> Template.PACKAGE + "." + name)
                        .toList());
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
