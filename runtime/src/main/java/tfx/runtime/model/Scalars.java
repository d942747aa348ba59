package tfx.runtime.model;

/** The value of {@code --set name=value}: a whole number, a number, true, false, or else a text. */
final class Scalars {
    private Scalars() {}

    static Object parse(String text) {
        if (text.equals("true") || text.equals("false")) {
            return text.equals("true");
        }
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException notWhole) {
            try {
                return Double.valueOf(text);
            } catch (NumberFormatException notNumber) {
                return text;
            }
        }
    }
}
