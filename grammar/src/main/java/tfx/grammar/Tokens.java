package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.List;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.WritableToken;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.Span;

/**
 * The tokens of a source, with everything settled that would need more than one token of lookahead: words that are
 * keywords only in their place, labels of arguments, lambdas, calls with dimensions, brackets at the start of a line.
 */
final class Tokens {
    final Source source;
    final CommonTokenStream stream;

    /** The faults of single tokens and of brackets that do not match. */
    final List<Diagnostic> faults = new ArrayList<>();

    /** Tokens the parser sees, the last one EOF. */
    final List<WritableToken> seen = new ArrayList<>();

    private final Brackets brackets;

    /** Between {@code transform} and its {@code on}. */
    private boolean transforming;

    Tokens(Source source) {
        this.source = source;
        TfxLexer lexer = new TfxLexer(new Utf16Stream(source));
        lexer.removeErrorListeners();
        this.stream = new CommonTokenStream(lexer);
        stream.fill();
        for (Token token : stream.getTokens()) {
            if (token.getChannel() == Token.DEFAULT_CHANNEL) {
                seen.add((WritableToken) token);
            }
        }
        Lexical.check(this);
        for (int i = 0; i < seen.size(); i++) {
            contextual(i);
        }
        this.brackets = new Brackets(this);
        for (int i = 0; i < seen.size(); i++) {
            bracket(i);
        }
    }

    Span span(Token token) {
        return token.getType() == EOF
                ? new Span(source, lastEnd(), lastEnd())
                : new Span(source, token.getStartIndex(), token.getStopIndex() + 1);
    }

    /** The end of the last thing that is not white space: where a missing token is shown. */
    private int lastEnd() {
        String text = source.text();
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) <= ' ') {
            end--;
        }
        return end;
    }

    /** The type of a token by its index in {@link #seen}; EOF outside. */
    int type(int index) {
        return index < 0 || index >= seen.size() ? EOF : seen.get(index).getType();
    }

    /** The comments between a token and the one before it. */
    List<Token> comments(int index) {
        List<Token> hidden = stream.getHiddenTokensToLeft(seen.get(index).getTokenIndex());
        return hidden == null ? List.of() : hidden;
    }

    /** Whether the token is the first of its line. */
    boolean startsLine(int index) {
        return index == 0 || seen.get(index - 1).getLine() != seen.get(index).getLine();
    }

    boolean startsDeclaration(int index) {
        return switch (type(index)) {
            case BLOCK, MODEL, VARIANT -> type(index + 1) == NAME && startsLine(index);
            case IMPORT -> type(index + 1) == TEXT && startsLine(index);
            default -> false;
        };
    }

    /** How many brackets are open before a token; a closing one counts as outside. */
    int depth(int index) {
        return brackets.depth[index];
    }

    /** Whether the brackets of the declaration around an offset do not match: what the parser says there is not shown. */
    boolean spoiled(int offset) {
        return brackets.spoiled(offset);
    }

    private void contextual(int i) {
        WritableToken token = seen.get(i);
        if (token.getType() != NAME) {
            return;
        }
        int before = type(i - 1);
        int after = type(i + 1);
        if (after == COLON && (before == LEFT_PAREN || before == COMMA)) {
            token.setType(LABEL);
            return;
        }
        boolean first = before == LEFT_BRACE || before == RIGHT_BRACE || endsStatement(before);
        int type = switch (token.getText()) {
            case "layers" ->
                after == NAME
                                && type(i + 2) == NAME
                                && seen.get(i + 2).getText().equals("in")
                        ? LAYERS
                        : NAME;
            case "in" -> type(i - 2) == LAYERS ? IN : NAME;
            case "named" -> after == NAME && type(i + 2) == LEFT_BRACE && before != DOTS ? NAMED : NAME;
            case "config" -> after == TEXT ? CONFIG : NAME;
            case "weights" -> after == TEXT ? WEIGHTS : NAME;
            case "names" -> after == LEFT_BRACE && first ? NAMES : NAME;
            case "prefix" -> after == TEXT ? PREFIX : NAME;
            case "ignore" -> after == TEXT ? IGNORE : NAME;
            case "when" ->
                (before == TEXT || before == RIGHT_BRACKET) && after != ASSIGN && after != DOT && after != LEFT_BRACKET
                        ? WHEN
                        : NAME;
            case "transform" ->
                first && after != ASSIGN && after != LEFT_BRACKET && after != RIGHT_BRACE ? TRANSFORM : NAME;
            case "on" -> transforming && endsOperand(before) && (after == NAME || after == LEFT_BRACE) ? ON : NAME;
            case "id" -> before == COLON && type(i - 2) == RIGHT_BRACKET ? ID : NAME;
            case "real" -> before == COLON && type(i - 2) == RIGHT_BRACKET ? REAL : NAME;
            default -> NAME;
        };
        token.setType(type);
        transforming = type == TRANSFORM || (transforming && type != ON);
    }

    private static boolean endsOperand(int type) {
        return type != REAL && endsStatement(type);
    }

    private static boolean endsStatement(int type) {
        return switch (type) {
            case NAME, NUMBER, TEXT, TRUE, FALSE, NONE, RIGHT_PAREN, RIGHT_BRACKET, REAL -> true;
            default -> false;
        };
    }

    private void bracket(int i) {
        WritableToken token = seen.get(i);
        int type = token.getType();
        if (type != LEFT_PAREN && type != LEFT_BRACKET) {
            return;
        }
        int close = brackets.match[i];
        if (type == LEFT_PAREN && close > 0 && type(close + 1) == DOUBLE_ARROW) {
            token.setType(LAMBDA_PAREN);
        } else if (startsLine(i)) {
            token.setType(type == LEFT_PAREN ? LINE_PAREN : LINE_BRACKET);
        } else if (type == LEFT_BRACKET
                && close > 0
                && ((type(close + 1) == LEFT_PAREN && !startsLine(close + 1)) || brackets.arrow[i])) {
            token.setType(DIMS_BRACKET);
        }
    }
}
