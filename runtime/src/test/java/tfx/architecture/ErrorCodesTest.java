package tfx.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every code that a diagnostic can carry is explained in {@code spec/errors/}, and nothing else is. */
class ErrorCodesTest {
    private static final Path ROOT = Path.of(System.getProperty("tfx.root"));
    private static final Pattern QUOTED_CODE = Pattern.compile("(?<=\")TFX\\d{4}(?=\")");
    private static final Pattern CODE = Pattern.compile("TFX\\d{4}");

    @Test
    void listedCodesAreTheCodesInUse() throws IOException {
        Set<String> used = new TreeSet<>();
        for (String module :
                List.of("grammar", "compiler", "backends/common", "backends/cpu", "backends/tornado", "runtime")) {
            collect(ROOT.resolve(module).resolve("src/main/java"), ".java", QUOTED_CODE, used);
        }
        Set<String> listed = new TreeSet<>();
        collect(ROOT.resolve("spec/errors"), ".md", CODE, listed);
        assertEquals(used, listed);
    }

    private static void collect(Path folder, String ending, Pattern code, Set<String> into) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(ending)).toList()) {
                code.matcher(Files.readString(file)).results().forEach(match -> into.add(match.group()));
            }
        }
    }
}
