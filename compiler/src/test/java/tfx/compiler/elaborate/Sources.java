package tfx.compiler.elaborate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import tfx.compiler.names.Loader;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Modules;
import tfx.source.Source;

/** Texts for tests: the standard library of the repository, and others from memory. */
final class Sources {
    static final Path ROOT = Path.of(System.getProperty("tfx.root", "."));

    private Sources() {}

    static Loader stdlib() {
        return path -> {
            Path file = ROOT.resolve(path);
            try {
                return path.startsWith("stdlib/") && Files.isRegularFile(file)
                        ? Optional.of(new Source(path, Files.readString(file)))
                        : Optional.empty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    static Loader memory(Map<String, String> texts) {
        Loader own = path -> Optional.ofNullable(texts.get(path)).map(text -> new Source(path, text));
        return own.or(stdlib());
    }

    static ModelRef model(String text) {
        return ModelRef.of(new Modules(memory(Map.of("m.tfx", text))).load("m.tfx"), Optional.empty());
    }

    static ModelRef library(String name) {
        return ModelRef.of(new Modules(stdlib()).load("stdlib/models/" + name + ".tfx"), Optional.empty());
    }
}
