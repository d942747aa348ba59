package tfx.grammar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.TfxException;

/** Each code at its exact place. */
final class SyntaxFaultTest {
    @TempDir
    Path folder;

    private static List<Diagnostic> faults(String text) {
        return assertThrows(TfxException.class, () -> Syntax.parse(new Source("t", text)))
                .diagnostics();
    }

    /** Codes with line and column, as {@code TFX0020@2:3}. */
    private static String places(String text) {
        return faults(text).stream()
                .map(fault -> fault.code() + "@" + fault.span().position().substring(2))
                .collect(Collectors.joining(" "));
    }

    private static String statement(String text) {
        return places("block b() {\n" + text + "\n}");
    }

    private String read(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("t.tfx"), bytes);
        Diagnostic fault = assertThrows(TfxException.class, () -> Syntax.read(file))
                .diagnostics()
                .getFirst();
        return fault.code() + ": " + fault.message();
    }

    @Test
    void whatIsNotASourceText() throws IOException {
        assertEquals(
                "TFX0001",
                assertThrows(TfxException.class, () -> Syntax.read(folder.resolve("none.tfx")))
                        .diagnostics()
                        .getFirst()
                        .code());
        assertEquals(
                "TFX0002",
                assertThrows(TfxException.class, () -> Syntax.read(folder))
                        .diagnostics()
                        .getFirst()
                        .code());
        assertTrue(read(new byte[] {'a', '\n', (byte) 0xC3, '('}).startsWith("TFX0004: byte 2 (line 2), 0xC3"));
        assertTrue(read(new byte[] {'a', (byte) 0xE2, (byte) 0x82}).startsWith("TFX0004: byte 1"));
        assertTrue(read("a\0b".getBytes(UTF_8)).startsWith("TFX0005"));
        assertTrue(read("// \u202E".getBytes(UTF_8)).startsWith("TFX0006"));
        assertTrue(read("// \u0007".getBytes(UTF_8)).startsWith("TFX0007"));
        assertTrue(read("// a\rb".getBytes(UTF_8)).startsWith("TFX0007"));
        assertFalse(Syntax.read(Files.writeString(folder.resolve("crlf.tfx"), "// a\r\n\t// 𝔸\r\n"))
                .text()
                .isEmpty());
    }

    @Test
    void aHugeFileIsNotReadWholly() throws IOException {
        Path file = folder.resolve("huge.tfx");
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength(100L << 20);
        }
        assertEquals(
                "TFX0003",
                assertThrows(TfxException.class, () -> Syntax.read(file))
                        .diagnostics()
                        .getFirst()
                        .code());
    }

    @Test
    void anEmptyTextDeclaresNothing() {
        assertEquals("TFX0030", faults("").getFirst().code());
        assertEquals("TFX0030", faults(" \n// nothing\n").getFirst().code());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "x = a & b          | TFX0010@2:7",
                "x = \"abc          | TFX0011@2:5",
                "x = \"a\\n\"       | TFX0012@2:7",
                "x = 1.5e           | TFX0013@2:5",
                "x = 9007199254740993 | TFX0013@2:5",
                "x = 1e999          | TFX0013@2:5",
                "x = a +            | TFX0020@3:1",
                "x = f(a b)         | TFX0020@2:9",
                "x = a b c          | TFX0020@2:7",
                "x = f(a = 3)       | TFX0020@2:9",
                "3 = x              | TFX0020@2:1",
                "layers l 0 .. 3 {} | TFX0020@2:8",
                "x = f(a            | TFX0021@2:6",
                "x = a)             | TFX0022@2:6",
                "x = f(a]           | TFX0021@2:6 TFX0022@2:8",
                "model = 3          | TFX0024@2:1",
                "param if[d]        | TFX0024@2:7",
                "x = a < b < c      | TFX0025@2:11",
                "x = a == b == c    | TFX0025@2:12",
                "x = a + not b      | TFX0026@2:9",
                "x = a + if b then c else d | TFX0026@2:9",
                "x = a + (b) => c   | TFX0026@2:9",
                "x = if a then b    | TFX0031@3:1",
                "x = a where b where c | TFX0032@2:15",
            })
    void statements(String statement, String place) {
        assertEquals(place, statement(statement));
    }

    @Test
    void aBracketAtTheStartOfALineContinuesNothing() {
        assertEquals("TFX0023@3:2", statement("x = a\n (b)"));
        assertEquals("TFX0023@3:2", statement("x = a\n [b]"));
        assertEquals("TFX0023@3:1", statement("x = sum[e]\n(b)"));
    }

    @Test
    void declarations() {
        assertEquals("TFX0029@1:1", places("blok f() { }"));
        assertEquals("TFX0029@2:1", places("block f() { }\nx = 3\nblock g() { }"));
        assertEquals("TFX0028@2:1", places("block f() { }\nimport \"a\"\nblock g() { }"));
        assertEquals("TFX0024@1:7", places("block if() { }"));
        assertEquals("TFX0021@1:11", places("block f() {\n x = a\nblock g() { }"));
        assertEquals("TFX0020@2:9", places("model M() { weights \"w\" {\n{p..} = 3\n} names { a = \"b\" } }"));
    }

    @Test
    void eachStatementIsReportedAndTheNextOneUnderstood() {
        assertEquals("TFX0020@2:6 TFX0020@4:10 TFX0020@6:2 TFX0020@9:24", places("""
                block f(x) {
                 a = * 2
                 b = 3
                 c = f(d e)
                 layers l in 0 .. 3 { x = x }
                 7
                 return x
                }
                block g() { return 1 + }
                """));
    }

    @Test
    void atMostTwentyFaultsAreShown() {
        assertEquals(20, faults("block b() {\n" + " x = *\n".repeat(1000) + "}").size());
        assertEquals(20, faults("}\n".repeat(1000)).size());
        assertEquals(20, faults("$ ".repeat(1000)).size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "[",
                "{",
                "-",
                "- ",
                "not ",
                "f(",
                "a[",
                "if ",
                "if a then ",
                "if a then b else ",
                "(x) => ",
                "layers l in 0 .. n {"
            })
    void whatNestsTooDeepIsAFault(String opening) {
        shortly("x = " + opening.repeat(100_000));
        shortly("x = " + opening.repeat(100_000) + "a");
        shortly(opening.repeat(50_000));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " + a",
                " ^ a",
                ".a",
                "(b)",
                "[b]",
                " @ a",
                " ?? a",
                " and not a",
                " where a",
                ", a",
                " a",
                "\n(",
                "]",
                "}"
            })
    void whatIsTooLongIsAFault(String more) {
        shortly("x = a" + more.repeat(100_000));
    }

    @Test
    void balancedNestingIsBoundedAlike() {
        shortly("x = " + "(".repeat(100_000) + "a" + ")".repeat(100_000));
        shortly("layers l in 0 .. n {".repeat(20_000) + "}".repeat(20_000));
        String allowed = "block b() { return " + "(".repeat(250) + "a" + ")".repeat(250) + " + a".repeat(400) + " }";
        assertEquals(1, Syntax.parse(new Source("t", allowed)).declarations().size());
    }

    private static void shortly(String statement) {
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertFalse(faults("block b() {\n" + statement + "\n}").isEmpty()));
    }
}
