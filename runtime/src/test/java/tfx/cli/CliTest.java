package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CliTest {
    record Ran(int code, String out, String err) {}

    static Ran run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Cli.run(
                args,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void usageFaultsAreCodedAndExitWithTwo() {
        for (String[] args : new String[][] {{}, {"nonsense"}, {"doctor", "--nonsense"}, {"doctor", "extra"}}) {
            Ran ran = run(args);
            assertEquals(2, ran.code(), ran.err());
            assertTrue(ran.err().contains("TFX0601"), ran.err());
            assertFalse(ran.err().contains("\tat "), ran.err());
        }
    }

    @Test
    void helpAndVersion() {
        assertEquals("tfx " + Cli.VERSION, run("--version").out().strip());
        Ran help = run("--help");
        assertEquals(0, help.code());
        assertTrue(help.out().contains("doctor"), help.out());
    }

    @Test
    void doctorFindsWhatIsNeeded() {
        Ran ran = run("doctor", "--json");
        assertTrue(ran.out().startsWith("{\"tfx\":"), ran.out());
        assertTrue(ran.out().contains("\"stdlib\""), ran.out());
    }

    @Test
    void completionNamesTheCommands() {
        Ran ran = run("completion");
        assertEquals(0, ran.code(), ran.err());
        assertTrue(ran.out().contains("doctor"));
    }
}
