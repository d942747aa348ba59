package tfx.runtime.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.IOAccess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Faults of sources and calls are guest exceptions with code and place, never internal errors. */
class GuestFaultTest {
    private static PolyglotException fault(String code, Executable action) {
        PolyglotException fault = assertThrows(PolyglotException.class, action);
        assertTrue(fault.isGuestException() && !fault.isInternalError(), fault.toString());
        assertTrue(fault.getMessage().contains(code), fault.getMessage());
        assertEquals(code, fault.getGuestObject().getMember("code").asString());
        return fault;
    }

    @Test
    void faultsOfSyntaxNamesAndShapesHaveTheirPlace() {
        try (Context context = Guests.context().build()) {
            String[][] cases = {
                {"TFX0101", "model M(d) {\n  input x[d] : real\n  output y = nosuch\n}", "nosuch"},
                {
                    "TFX0101",
                    "import \"stdlib/norms.tfx\"\nmodel M(d) {\n  input x[d] : real\n  output y = rms_nrm(x)\n}",
                    "rms_nrm"
                },
            };
            for (String[] each : cases) {
                PolyglotException fault = fault(each[0], () -> context.eval(Guests.source(each[1])));
                assertTrue(fault.isSyntaxError(), fault.toString());
                assertNotNull(fault.getSourceLocation());
                assertEquals(each[2], fault.getSourceLocation().getCharacters().toString());
                assertEquals("m.tfx", fault.getSourceLocation().getSource().getName());
            }
            PolyglotException syntax = assertThrows(
                    PolyglotException.class, () -> context.eval(Guests.source("model M(d) {\n  output = 3\n}")));
            assertTrue(syntax.isSyntaxError() && !syntax.isInternalError(), syntax.toString());
            assertEquals(2, syntax.getSourceLocation().getStartLine());
        }
    }

    @Test
    void aShapeThatOnlyTheFormalsDecideIsAFaultOfTheRunWithItsPlace() {
        try (Context context = Guests.context().build()) {
            Value model = context.eval(Guests.source(
                            "model M(d, heads) {\n  input x[d] : real\n  e = d / heads\n  output y[d] = e * x[d]\n}"))
                    .getMember("M");
            PolyglotException fault =
                    assertThrows(PolyglotException.class, () -> model.newInstance(Map.of("d", 3, "heads", 2)));
            assertFalse(fault.isSyntaxError() || fault.isInternalError(), fault.toString());
            assertEquals(3, fault.getSourceLocation().getStartLine());
        }
    }

    @Test
    void wrongCallsAreCoded() {
        try (Context context = Guests.context().build()) {
            Value sums = Guests.sums(context);
            fault("TFX0521", () -> sums.execute("text"));
            fault("TFX0521", () -> sums.execute());
            fault("TFX0521", () -> sums.execute((Object) new int[][] {{0, 1}, {1}}));
            fault("TFX0521", () -> sums.execute(Map.of("tokens", new int[] {0}, "other", 1)));
            fault("TFX0503", () -> sums.execute((Object) new int[0]));
            fault("TFX0501", () -> sums.execute(2));
            fault("TFX0501", () -> sums.execute(0.5));
            fault("TFX0505", () -> sums.execute(0, 0, 0, 0, 0, 0, 0));
            fault("TFX0190", () -> sums.invokeMember("probe", new int[] {0}, "nosuch"));
            fault("TFX0521", () -> sums.invokeMember("session", 0));
            fault("TFX0521", () -> sums.invokeMember("generate", new int[] {0}, 1, Map.of("heat", 1)));
            fault("TFX0607", () -> sums.invokeMember("generate", new int[0], 1));
            assertThrows(IllegalArgumentException.class, () -> sums.invokeMember("encode"));
            Value session = sums.invokeMember("session");
            fault("TFX0521", () -> session.invokeMember("step", (Object) new int[][] {{0}, {1}}));
            sums.invokeMember("close");
            fault("TFX0522", () -> sums.execute(0));
            fault("TFX0522", () -> session.invokeMember("step", 0));
        }
    }

    @Test
    void wrongWeightsAreCoded() {
        try (Context context = Guests.context().build()) {
            Value model = context.eval(Guests.source(Guests.SUMS)).getMember("Sums");
            Map<String, Object> formals = Map.of("vocab", 2, "d", 2);
            fault("TFX0523", () -> model.newInstance(formals));
            fault("TFX0523", () -> model.newInstance(formals, Map.of("table", new int[][] {{1, 2, 3}})));
            fault(
                    "TFX0523",
                    () -> model.newInstance(formals, Map.of("table", new int[][] {{1, 2}, {3, 4}}, "tabel", new int[] {1
                    })));
            fault("TFX0201", () -> model.newInstance(Map.of("vocab", 2)));
            fault("TFX0204", () -> model.newInstance(Map.of("vocab", 2, "d", 2, "e", 1)));
            fault("TFX0603", () -> model.invokeMember("load", "no/such/folder"));
        }
    }

    @Test
    void filesAreReadThroughTheContext(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("part.tfx"), "block twice(x[.., d]) {\n  return 2 * x\n}\n");
        Path file = folder.resolve("m.tfx");
        Files.writeString(file, "import \"part.tfx\"\nmodel M(d) {\n  input x[d] : real\n  output y = twice(x)\n}\n");
        Source source = Source.newBuilder("tfx", file.toFile()).build();
        try (Context context = Guests.context().build()) {
            Value model = context.eval(source).getMember("M").newInstance(Map.of("d", 2));
            assertEquals(
                    6,
                    model.execute((Object) new double[] {1, 3})
                            .getArrayElement(1)
                            .asDouble());
        }
        try (Context context = Guests.context().allowIO(IOAccess.NONE).build()) {
            fault("TFX0520", () -> context.eval(source));
            Value sums = Guests.sums(context);
            assertEquals(
                    0.5, sums.execute(0).getArrayElement(0).getArrayElement(0).asDouble());
            fault(
                    "TFX0520",
                    () -> context.eval(Guests.source(Guests.SUMS))
                            .getMember("Sums")
                            .invokeMember("load", folder.toString()));
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        for (String[] option : new String[][] {{"tfx.device", "abacus"}, {"tfx.threads", "0"}, {"tfx.threads", "x"}}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Guests.context().option(option[0], option[1]).build().initialize("tfx"));
        }
    }
}
