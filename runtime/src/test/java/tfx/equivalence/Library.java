package tfx.equivalence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tfx.source.Source;

/** The standard library of the repository. */
final class Library {
    private Library() {}

    static Optional<Source> load(String path) {
        Path file = Path.of(System.getProperty("tfx.root"), path);
        try {
            return path.startsWith("stdlib/") && Files.isRegularFile(file)
                    ? Optional.of(new Source(path, Files.readString(file)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
