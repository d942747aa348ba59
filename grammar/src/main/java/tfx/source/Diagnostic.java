package tfx.source;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with what the user gave us, or that they should know.
 *
 * @param code stable, of the form {@code TFX0123}; listed in {@code spec/errors.md}
 * @param severity whether it ends the command
 * @param span where in a source text, or null where the fault is not in a source text
 * @param where the file, tensor, key or flag at fault, for faults without a span; null where there is a span
 * @param message what is wrong: what was expected and what was found
 * @param mend what the user can do about it; may be empty, never null
 */
public record Diagnostic(
        String code,
        Severity severity,
        @Nullable Span span,
        @Nullable String where,
        String message,
        String mend) {

    public enum Severity {
        ERROR,
        WARNING,
        NOTE
    }

    public static Diagnostic error(String code, Span span, String message, String mend) {
        return new Diagnostic(code, Severity.ERROR, span, null, message, mend);
    }

    public static Diagnostic error(String code, String where, String message, String mend) {
        return new Diagnostic(code, Severity.ERROR, null, where, message, mend);
    }

    public static Diagnostic warning(String code, String where, String message, String mend) {
        return new Diagnostic(code, Severity.WARNING, null, where, message, mend);
    }

    /** The diagnostic as shown on a terminal: header, source line underlined, mend. Ends without a line break. */
    public String render() {
        StringBuilder out = new StringBuilder();
        String place = span != null ? span.position() + ": " : where != null ? where + ": " : "";
        out.append(place).append(severity.name().toLowerCase(java.util.Locale.ROOT));
        out.append(" [").append(code).append("] ").append(message);
        if (span != null) {
            underline(out, span);
        }
        if (!mend.isEmpty()) {
            out.append("\n  mend: ").append(mend);
        }
        return out.toString();
    }

    private static void underline(StringBuilder out, Span span) {
        Source source = span.source();
        int line = source.line(span.start());
        String text = source.lineText(line);
        int column = source.column(span.start());
        int from = text.offsetByCodePoints(0, Math.min(column - 1, text.codePointCount(0, text.length())));
        // A very long line is shown as a window around the fault.
        int windowStart = Math.max(0, from - 80);
        int windowEnd = Math.min(text.length(), from + 100);
        String shown = text.substring(windowStart, windowEnd);
        int width = Math.max(1, Math.min(span.end() - span.start(), windowEnd - from));
        String number = Integer.toString(line);
        out.append('\n').append("  ").append(number).append(" | ").append(shown);
        out.append('\n').append("  ").append(" ".repeat(number.length())).append(" | ");
        for (int i = windowStart; i < from; i++) {
            out.append(text.charAt(i) == '\t' ? '\t' : ' ');
        }
        out.append("^".repeat(width));
    }
}
