package tfx.runtime.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tfx.compiler.names.Loader;
import tfx.grammar.Syntax;
import tfx.source.Source;

/** Source texts from files: {@code stdlib/...} from the standard library, others from where the path leads. */
public final class SourceFiles implements Loader {
    @Override
    public Optional<Source> load(String path) {
        try {
            Path file = path.startsWith("stdlib/") ? StandardLibrary.root().resolve(path) : Path.of(path);
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            return Optional.of(new Source(path, Syntax.read(file).text()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** The loader's paths of the library's models. */
    static List<String> models() {
        Path folder = StandardLibrary.folder().resolve("models");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> "stdlib/models/" + file.getFileName())
                    .filter(name -> name.endsWith(".tfx"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
