package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.List;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.IntervalSet;
import tfx.source.Diagnostic;
import tfx.source.Span;

/** A syntax fault in the language's own words: what was expected, what was found, and the mend. */
final class Wording {
    private final Tokens tokens;
    private final int at;
    private final int start;
    private final IntervalSet expected;

    /**
     * @param at the token that does not fit
     * @param start the first token of the statement, line or declaration that it stands in
     * @param expected the types that would have fitted
     */
    Wording(Tokens tokens, int at, int start, IntervalSet expected) {
        this.tokens = tokens;
        this.at = at;
        this.start = start;
        this.expected = expected;
    }

    Diagnostic diagnostic() {
        int type = tokens.type(at);
        boolean suffix = expected.contains(PLUS);
        if ((type == LINE_PAREN || type == LINE_BRACKET) && suffix) {
            return error(
                    "TFX0023",
                    "a " + found(at) + " at the start of a line does not continue the expression before it",
                    "put it at the end of the line before, right after what it belongs to");
        }
        if (type == IMPORT) {
            return error("TFX0028", "an import stands after a declaration", "move it to the top of the file");
        }
        if (expected.contains(BLOCK)) {
            return error(
                    "TFX0029",
                    "expected a declaration, found " + found(at),
                    "a declaration begins with `block`, `model` or `variant`");
        }
        if (reserved(type) && meantAsName()) {
            return error(
                    "TFX0024",
                    "expected a name, found the reserved word `" + text(at) + "`",
                    "choose another name, such as `" + text(at) + "_`");
        }
        if (type == WHERE) {
            return error("TFX0032", "this expression has a `where` already", "join the conditions with `and`");
        }
        if (expected.contains(NUMBER) && (type == IF || type == LAMBDA_PAREN || type == NOT) && at > start) {
            return error(
                    "TFX0026",
                    (type == LAMBDA_PAREN ? "a lambda" : "`" + text(at) + "`") + " cannot be the operand of `"
                            + text(at - 1) + "` as it stands",
                    "put it in brackets");
        }
        if (expected.contains(ELSE)) {
            return error("TFX0031", "expected `else`, found " + found(at), "every `if` has a `then` and an `else`");
        }
        if (missingOperator()) {
            return new Diagnostic(
                    "TFX0020",
                    Diagnostic.Severity.ERROR,
                    tokens.span(tokens.seen.get(at - 1)),
                    null,
                    "expected an operator or the end of the statement, found " + found(at - 1),
                    "a call has its arguments in brackets; a new statement begins on a new line");
        }
        return error("TFX0020", "expected " + words() + ", found " + found(at), mend(type));
    }

    private Diagnostic error(String code, String message, String mend) {
        Token token = tokens.seen.get(at);
        Span span = tokens.span(token);
        return Diagnostic.error(code, span, message, mend);
    }

    /** A name on the line of an expression was taken for the next statement's. */
    private boolean missingOperator() {
        return at - 1 == start
                && start > 0
                && tokens.type(start) == NAME
                && expected.contains(ASSIGN)
                && tokens.seen.get(start - 1).getLine()
                        == tokens.seen.get(start).getLine()
                && tokens.type(start - 1) != LEFT_BRACE
                && tokens.type(start - 1) != RIGHT_BRACE;
    }

    private boolean meantAsName() {
        int after = tokens.type(at + 1);
        return expected.contains(NAME)
                && ((!expected.contains(NUMBER) && !expected.contains(RETURN)) || after == ASSIGN || after == COLON);
    }

    static boolean reserved(int type) {
        return type >= IMPORT && type <= NONE;
    }

    private String mend(int type) {
        if (type == ASSIGN && expected.contains(PLUS)) {
            return expected.contains(COMMA) || expected.contains(RIGHT_PAREN) || expected.contains(THEN)
                    ? "`==` compares; an argument is labelled as `name: value`"
                    : "`==` compares; a definition has one `=`";
        }
        if (type == DOT && expected.contains(NUMBER)) {
            return "a number begins with a digit: 0.5";
        }
        if (type == COLON && expected.contains(PLUS)) {
            return "an argument is labelled by one name: `name: value`";
        }
        if (type == DOTS && expected.contains(NUMBER)) {
            return "`..` stands for dimensions only between the square brackets of a shape or a read";
        }
        if (type == ASSIGN && expected.contains(NUMBER)) {
            return "`==` compares";
        }
        if (type == LAYERS || (type == NAME && text(at).equals("layers"))) {
            return "layers are written `layers l in 0 .. n { ... }`";
        }
        if (expected.contains(RETURN) && reserved(type)) {
            return "a statement begins with a name or one of `param`, `return`, `input`, `output`, `layers`";
        }
        return expected.contains(PLUS) && !expected.contains(RETURN)
                ? "add what is missing, or remove what is too much"
                : "see the grammar in spec/language.md, section 2";
    }

    private String words() {
        IntervalSet left = new IntervalSet(expected);
        List<String> words = new ArrayList<>();
        if (left.contains(NUMBER)) {
            words.add("an expression");
            remove(
                    left,
                    NUMBER,
                    TEXT,
                    TRUE,
                    FALSE,
                    NONE,
                    NAME,
                    LEFT_PAREN,
                    LINE_PAREN,
                    LAMBDA_PAREN,
                    IF,
                    NOT,
                    MINUS,
                    LABEL);
        }
        if (left.contains(PLUS)) {
            remove(
                    left,
                    FALLBACK,
                    OR,
                    AND,
                    LESS,
                    LESS_EQUAL,
                    GREATER,
                    GREATER_EQUAL,
                    EQUAL,
                    UNEQUAL,
                    PLUS,
                    MINUS,
                    TIMES,
                    DIVIDE,
                    DIV,
                    MOD,
                    POWER,
                    WHERE,
                    DIMS_BRACKET,
                    LEFT_PAREN,
                    LEFT_BRACKET,
                    AT,
                    DOT);
            words.add("an operator");
        }
        if (left.contains(RETURN)) {
            words.add("a statement");
            remove(left, PARAM, RETURN, INPUT, OUTPUT, LAYERS, NAME);
        }
        if (left.contains(CONFIG)) {
            words.add("a clause");
            remove(left, CONFIG, WEIGHTS, NAMES, TRANSFORM);
        }
        if (left.contains(IGNORE)) {
            words.add("a line of weights");
            remove(left, PREFIX, IGNORE, NAME, LEFT_BRACE);
        }
        if (left.contains(NAME) && left.contains(RIGHT_BRACE) && expected.contains(LEFT_BRACE)) {
            words.add("a path");
            remove(left, NAME, LEFT_BRACE);
        }
        for (int type : left.toArray()) {
            String word = word(type);
            if (!words.contains(word)) {
                words.add(word);
            }
        }
        // "an operator" only says that the expression might have gone on: worth saying where nothing else is.
        if (words.size() > 1) {
            words.remove("an operator");
        }
        return join(words);
    }

    private static void remove(IntervalSet set, int... types) {
        for (int type : types) {
            set.remove(type);
        }
    }

    private static String join(List<String> words) {
        int last = words.size() - 1;
        return last <= 0
                ? String.join("", words)
                : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    }

    private static String word(int type) {
        return switch (type) {
            case EOF -> "the end of the file";
            case NAME -> "a name";
            case TEXT -> "a text in double quotes";
            case NUMBER -> "a number";
            case LABEL -> "a label";
            case LAYERS -> "`layers`";
            case IN -> "`in`";
            case NAMED -> "`named`";
            case WHEN -> "`when`";
            case ON -> "`on`";
            case ID -> "`id(...)`";
            case REAL -> "`real`";
            case LAMBDA_PAREN, LINE_PAREN -> "`(`";
            case DIMS_BRACKET, LINE_BRACKET -> "`[`";
            default -> VOCABULARY.getLiteralName(type).replace('\'', '`');
        };
    }

    private String found(int index) {
        int type = tokens.type(index);
        return switch (type) {
            case EOF -> "the end of the file";
            case TEXT -> "the text " + Lexical.shown(text(index));
            default -> (reserved(type) ? "the reserved word `" : "`") + Lexical.shown(text(index)) + "`";
        };
    }

    private String text(int index) {
        return tokens.seen.get(index).getText();
    }
}
