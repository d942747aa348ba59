package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FmtTest {
    private static final String ROUGH = "/// Twice.\nblock twice(x[..]){ return 2*x }  // kept\n";
    private static final String LAID_OUT = "/// Twice.\nblock twice(x[..]) {\n  return 2 * x\n}  // kept\n";

    @TempDir
    private Path folder;

    @Test
    void laysOutInPlaceAndOnlyWhatIsNot() throws IOException {
        Path rough = Files.writeString(folder.resolve("rough.tfx"), ROUGH);
        Path fine = Files.writeString(folder.resolve("fine.tfx"), LAID_OUT);
        Files.setPosixFilePermissions(rough, PosixFilePermissions.fromString("rw-rw-r--"));
        CliTest.Ran check = CliTest.run("fmt", "--check", rough.toString(), fine.toString());
        assertEquals(1, check.code());
        assertTrue(check.err().contains("TFX0618") && check.err().contains("rough.tfx"), check.err());
        assertTrue(!check.err().contains("fine.tfx"), check.err());
        assertEquals(ROUGH, Files.readString(rough));

        CliTest.Ran ran = CliTest.run("fmt", rough.toString(), fine.toString());
        assertEquals(0, ran.code(), ran.err());
        assertEquals(rough + "\n", ran.out());
        assertEquals(LAID_OUT, Files.readString(rough));
        assertEquals("rw-rw-r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(rough)));
        assertEquals(0, CliTest.run("fmt", "--check", rough.toString()).code());
        assertEquals(2, files(), "no temporary file is left");
    }

    @Test
    void changesNothingWhereOneFileHasAFault() throws IOException {
        Path rough = Files.writeString(folder.resolve("rough.tfx"), ROUGH);
        Path broken = Files.writeString(folder.resolve("broken.tfx"), "block twice(x[..]) { return 2 * }\n");
        CliTest.Ran ran = CliTest.run("fmt", "--json", rough.toString(), broken.toString());
        assertEquals(1, ran.code());
        assertTrue(ran.err().startsWith("{\"diagnostics\":[{\"code\":\"TFX00"), ran.err());
        assertEquals(ROUGH, Files.readString(rough));
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path rough = Files.writeString(folder.resolve("rough.tfx"), ROUGH);
        Path link = Files.createSymbolicLink(folder.resolve("link.tfx"), rough);
        assertEquals(0, CliTest.run("fmt", link.toString()).code());
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(LAID_OUT, Files.readString(rough));
    }

    @Test
    void theLibraryIsLaidOut() throws IOException {
        Path stdlib = Path.of(System.getProperty("tfx.root")).resolve("stdlib");
        try (Stream<Path> all = Files.walk(stdlib)) {
            String[] arguments = Stream.concat(
                            Stream.of("fmt", "--check"), all.map(Path::toString).filter(name -> name.endsWith(".tfx")))
                    .toArray(String[]::new);
            CliTest.Ran ran = CliTest.run(arguments);
            assertEquals(0, ran.code(), ran.err());
        }
    }

    private long files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.count();
        }
    }
}
