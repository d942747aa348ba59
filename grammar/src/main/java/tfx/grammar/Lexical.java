package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import org.antlr.v4.runtime.WritableToken;
import tfx.source.Diagnostic;
import tfx.source.Span;

/** The faults of single tokens. Those that can be understood all the same are given the type they were meant to have. */
final class Lexical {
    /** From here on whole numbers are not exact any more. */
    private static final double EXACT = 0x1p53;

    private final Tokens tokens;

    private Lexical(Tokens tokens) {
        this.tokens = tokens;
    }

    static void check(Tokens tokens) {
        Lexical lexical = new Lexical(tokens);
        int unknownEnd = -1;
        for (WritableToken token : tokens.seen) {
            switch (token.getType()) {
                case TEXT -> lexical.escapes(token);
                case NUMBER -> lexical.number(token);
                case BAD_NUMBER -> {
                    lexical.fault(
                            "TFX0013",
                            tokens.span(token),
                            "`" + shown(token.getText()) + "` is not a number",
                            "write numbers as 7, 0.5 or 1e-5; a name begins with a letter or `_`");
                    token.setType(NUMBER);
                }
                case OPEN_TEXT -> {
                    lexical.fault(
                            "TFX0011",
                            tokens.span(token),
                            "the text that begins here is not closed on its line",
                            "add the missing `\"`; a quote within a text is written `\\\"`");
                    token.setType(TEXT);
                }
                case UNKNOWN -> {
                    // A run of strange characters is one fault.
                    if (token.getStartIndex() != unknownEnd) {
                        lexical.unknown(token);
                    }
                    unknownEnd = token.getStopIndex() + 1;
                }
                default -> {}
            }
            if (tokens.faults.size() >= Syntax.MOST) {
                return;
            }
        }
    }

    private void fault(String code, Span span, String message, String mend) {
        tokens.faults.add(Diagnostic.error(code, span, message, mend));
    }

    private void escapes(WritableToken token) {
        String text = token.getText();
        for (int i = 1; i < text.length() - 1; i++) {
            if (text.charAt(i) == '\\') {
                i++;
                if (text.charAt(i) != '"' && text.charAt(i) != '\\') {
                    int start = token.getStartIndex() + i - 1;
                    int length = Character.charCount(text.codePointAt(i)) + 1;
                    Span span = new Span(tokens.source, start, start + length);
                    fault(
                            "TFX0012",
                            span,
                            "`" + span.text() + "` is not an escape of a text",
                            "the escapes are `\\\"` and `\\\\`; all other characters stand for themselves");
                }
            }
        }
    }

    private void number(WritableToken token) {
        String text = token.getText();
        double value = Double.parseDouble(text);
        boolean whole = whole(text);
        if (Double.isInfinite(value)) {
            fault(
                    "TFX0013",
                    tokens.span(token),
                    "`" + shown(text) + "` is larger than any number of the language",
                    "the largest is about 1.8e308; infinity is written `inf`");
        } else if (whole && value >= EXACT) {
            fault(
                    "TFX0013",
                    tokens.span(token),
                    "the whole number `" + shown(text) + "` is 2^53 or larger and would not be exact",
                    "write a real number, with a point or an exponent");
        }
    }

    static boolean whole(String number) {
        return number.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** At most forty characters of what the user wrote. */
    static String shown(String text) {
        return text.codePointCount(0, text.length()) <= 40
                ? text
                : text.substring(0, text.offsetByCodePoints(0, 37)) + "...";
    }

    private void unknown(WritableToken token) {
        int start = token.getStartIndex();
        int character = tokens.source.text().codePointAt(start);
        Span span = new Span(tokens.source, start, start + Character.charCount(character));
        String name = character > ' ' && character < 127
                ? "`" + Character.toString(character) + "`"
                : Character.isLetterOrDigit(character) || Character.getType(character) == Character.MATH_SYMBOL
                        ? "`" + Character.toString(character) + "` (" + Texts.codePoint(character) + ")"
                        : Texts.codePoint(character);
        fault("TFX0010", span, name + " is not a character of the language", mend(character));
    }

    private static String mend(int character) {
        return switch (character) {
            case ';' -> "statements need no separator: remove it";
            case '&' -> "write `and`";
            case '|' -> "write `or`";
            case '!', '~', '¬' -> "write `not`";
            case '%' -> "write `mod`";
            case '\'', '`', '“', '”', '„', '«', '»' -> "a text stands in double quotes: \"text\"";
            case '#' -> "a comment begins with `//`";
            case '×', '·', '∗', '⋅' -> "write `*`";
            case '÷' -> "write `/`";
            case '−', '–', '—' -> "write the ASCII minus `-`";
            case '≤' -> "write `<=`";
            case '≥' -> "write `>=`";
            case '≠' -> "write `!=`";
            case '→' -> "write `->`";
            case '…' -> "write `..`";
            case '√' -> "write `sqrt(...)`";
            case '∑', 'Σ' -> "write `sum[...](...)`";
            case 0xFEFF -> "save the file as UTF-8 without a byte order mark";
            case 0xA0, 0x2002, 0x2003, 0x2009, 0x200B, 0x202F, 0x3000 -> "write an ordinary space";
            default ->
                Character.isLetter(character)
                        ? "names are made of the letters A to Z and a to z, digits and `_`"
                        : "remove it; outside of comments and texts the language is plain ASCII";
        };
    }
}
