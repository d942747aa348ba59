package tfx.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.source.Diagnostic;

/** Where a command writes: results to {@code out}, diagnostics and progress to {@code err}. */
public final class Console {
    private final PrintStream out;
    private final PrintStream err;
    private final boolean terminal;
    private boolean json;

    /** Progress is drawn only where the streams are the process's own and a terminal is attached. */
    public Console(PrintStream out, PrintStream err) {
        this(
                out,
                err,
                err.equals(System.err)
                        && System.console() != null
                        && System.console().isTerminal());
    }

    Console(PrintStream out, PrintStream err, boolean terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
    }

    public PrintStream out() {
        return out;
    }

    public PrintStream err() {
        return err;
    }

    /** Whether results and diagnostics are JSON. */
    public boolean json() {
        return json;
    }

    public void json(boolean on) {
        json = on;
    }

    /** Whether progress may be drawn. */
    public boolean isTerminal() {
        return terminal;
    }

    /** Shows diagnostics on {@code err}: as text, or one JSON object in a line. */
    public void diagnose(List<Diagnostic> diagnostics) {
        if (json) {
            err.println(Json.write(Map.of(
                    "diagnostics", diagnostics.stream().map(Console::fields).toList())));
        } else {
            diagnostics.forEach(d -> err.println(d.render()));
        }
        err.flush();
    }

    private static Map<String, Object> fields(Diagnostic diagnostic) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("code", diagnostic.code());
        fields.put("severity", diagnostic.severity().name().toLowerCase(java.util.Locale.ROOT));
        if (diagnostic.span() != null) {
            fields.put("file", diagnostic.span().source().name());
            fields.put("line", diagnostic.span().source().line(diagnostic.span().start()));
            fields.put(
                    "column",
                    diagnostic.span().source().column(diagnostic.span().start()));
        } else if (diagnostic.where() != null) {
            fields.put("where", diagnostic.where());
        }
        fields.put("message", diagnostic.message());
        fields.put("mend", diagnostic.mend());
        return fields;
    }
}
