package tfx.runtime.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that users read in {@code examples/embedding}, compiled and run as it stands. */
class EmbeddingExampleTest {
    @Test
    void runs(@TempDir Path classes) throws Exception {
        Path source = Guests.ROOT.resolve("examples/embedding/Embedding.java");
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        messages,
                        messages,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        classes.toString(),
                        source.toString());
        assertEquals(0, code, messages.toString(StandardCharsets.UTF_8));
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Embedding").getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {Guests.ROOT.toString()});
        } finally {
            System.setOut(out);
        }
        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        String all = String.join("\n", lines);
        assertTrue(lines.getFirst().startsWith("The capital of "), all);
        assertTrue(all.contains(", 4096]"), all);
        assertTrue(all.contains("4096 logits at position "), all);
        assertTrue(lines.getLast().startsWith("attention of layer 0 ["), all);
    }
}
