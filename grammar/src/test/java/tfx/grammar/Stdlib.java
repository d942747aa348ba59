package tfx.grammar;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tfx.source.Source;

/** The files of the standard library. */
public final class Stdlib {
    private Stdlib() {}

    public static List<Path> paths() {
        try (Stream<Path> files = Files.walk(Path.of(System.getProperty("tfx.root", ".."), "stdlib"))) {
            return files.filter(file -> file.toString().endsWith(".tfx"))
                    .sorted()
                    .toList();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    public static List<Source> sources() {
        return paths().stream().map(Syntax::read).toList();
    }
}
