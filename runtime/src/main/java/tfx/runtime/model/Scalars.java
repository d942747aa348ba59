package tfx.runtime.model;

import java.util.regex.Pattern;

/** The value of {@code --set name=value}: a whole number, a number, true, false, or else a text. */
final class Scalars {
    /** As the language writes numbers; Java's own rule takes hexadecimal ones and suffixes too. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

    private Scalars() {}

    static Object parse(String text) {
        if (text.equals("true") || text.equals("false")) {
            return text.equals("true");
        }
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException notWhole) {
            return NUMBER.matcher(text).matches() ? (Object) Double.valueOf(text) : text;
        }
    }
}
