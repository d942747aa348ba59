package tfx.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream drawn = new ByteArrayOutputStream();

    private Console console(boolean terminal) {
        PrintStream stream = new PrintStream(drawn, true, StandardCharsets.UTF_8);
        return new Console(stream, stream, terminal);
    }

    private String drawn() {
        return drawn.toString(StandardCharsets.UTF_8);
    }

    private static void overASecond() throws InterruptedException {
        Thread.sleep(1100);
    }

    @Test
    void isDrawnAfterASecondAndGoneAtTheEnd() throws InterruptedException {
        try (Progress progress = new Progress(console(true), "eval")) {
            progress.at(1, 10);
            assertEquals("", drawn());
            overASecond();
            progress.at(5, 10);
            assertTrue(drawn().startsWith("\reval [###############               ] 5/10"), drawn());
        }
        assertTrue(drawn().endsWith("\r\033[K"), drawn());
    }

    @Test
    void whatDoesNotTellHowFarItIsShowsItsSeconds() throws InterruptedException {
        try (Progress progress = Progress.waiting(console(true), "preparing")) {
            overASecond();
            Thread.sleep(300);
        }
        assertTrue(drawn().startsWith("\rpreparing ... 1 s"), drawn());
        assertTrue(drawn().endsWith("\r\033[K"), drawn());
    }

    @Test
    void isSilentElsewhere() throws InterruptedException {
        Console json = console(true);
        json.json(true);
        for (Console console : new Console[] {console(false), json}) {
            try (Progress bar = new Progress(console, "eval");
                    Progress clock = Progress.waiting(console, "preparing")) {
                overASecond();
                bar.at(5, 10);
            }
        }
        assertEquals("", drawn());
    }

    @Test
    void shortWorkShowsNothing() {
        try (Progress progress = Progress.waiting(console(true), "preparing")) {
            assertEquals("", drawn());
        }
        assertEquals("", drawn());
    }
}
