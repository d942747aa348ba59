package tfx.runtime.weights;

import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** How the faults of this package are worded: text from hostile files is shortened and freed of control characters. */
final class Faults {
    private static final int SHOWN = 120;

    private Faults() {}

    static TfxException fault(String code, String where, String message, String mend) {
        return new TfxException(Diagnostic.error(code, where, message, mend));
    }

    /** {@code text} in double quotes, at most {@value #SHOWN} characters of it, control characters escaped. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        int end = Math.min(text.length(), SHOWN);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            int kind = Character.getType(c);
            if (Character.isISOControl(c) || kind == Character.FORMAT || kind == Character.LINE_SEPARATOR) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
        if (end < text.length()) {
            out.append("… (").append(text.length()).append(" characters)");
        }
        return out.toString();
    }

    /** What an input-output fault says to a reader: the class name is part of some messages' whole meaning. */
    static String reason(Exception e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "access is denied";
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
