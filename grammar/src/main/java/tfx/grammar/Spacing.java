package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.function.IntPredicate;

/** Where a space stands between two tokens of a line, and where a line may be broken. */
final class Spacing {
    private final Tokens tokens;
    private final IntPredicate pathBrace;

    /** @param pathBrace whether a token is a brace of a path, by its index */
    Spacing(Tokens tokens, IntPredicate pathBrace) {
        this.tokens = tokens;
        this.pathBrace = pathBrace;
    }

    boolean before(int i) {
        int left = tokens.type(i - 1);
        int type = tokens.type(i);
        // Within the braces of a path, and in the empty body.
        if ((left == LEFT_BRACE && pathBrace.test(i - 1)) || type == RIGHT_BRACE) {
            return false;
        }
        if (left == LEFT_PAREN
                || left == LINE_PAREN
                || left == LAMBDA_PAREN
                || openSquare(left)
                || left == DOT
                || type == DOT
                || type == COMMA
                || type == RIGHT_PAREN
                || type == RIGHT_BRACKET) {
            return false;
        }
        if (type == COLON) {
            return left != LABEL;
        }
        if (type == DOTS && pathBrace.test(i + 1)) {
            return false;
        }
        if (type == LEFT_PAREN || type == LINE_PAREN || openSquare(type)) {
            return !ends(left) && !pathBrace.test(i - 1);
        }
        return left != MINUS || !prefix(i - 1);
    }

    /** Whether a line may begin with this token where it would be too long otherwise. */
    boolean breaks(int i) {
        return switch (tokens.type(i)) {
            case WHERE, ELSE -> true;
            case OR,
                    AND,
                    FALLBACK,
                    LESS,
                    LESS_EQUAL,
                    GREATER,
                    GREATER_EQUAL,
                    EQUAL,
                    UNEQUAL,
                    PLUS,
                    TIMES,
                    DIVIDE,
                    DIV,
                    MOD,
                    POWER -> true;
            case MINUS -> !prefix(i);
            default -> tokens.type(i - 1) == COMMA;
        };
    }

    private boolean prefix(int i) {
        return !ends(tokens.type(i - 1));
    }

    private static boolean openSquare(int type) {
        return type == LEFT_BRACKET || type == DIMS_BRACKET || type == LINE_BRACKET;
    }

    /** Whether a token can end an operand, or a name that a bracket belongs to. */
    private static boolean ends(int type) {
        return switch (type) {
            case NAME, NUMBER, TEXT, TRUE, FALSE, NONE, RIGHT_PAREN, RIGHT_BRACKET, ID -> true;
            default -> false;
        };
    }
}
