package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.antlr.v4.runtime.Token;
import tfx.source.Diagnostic;
import tfx.source.Span;

/**
 * Orders a flat list of operands and operators by precedence, without recursion. From loose to tight:
 * {@code ??}, {@code or}, {@code and}, {@code not}, comparisons (which do not chain), sums, products, the sign, and
 * {@code ^} to the right; so {@code -a ^ b} is {@code -(a ^ b)} and {@code a ^ -b} needs no brackets.
 */
final class Operators {
    private static final int NOT_LEVEL = 3;
    private static final int COMPARISON_LEVEL = 4;
    private static final int SIGN_LEVEL = 7;
    private static final int POWER_LEVEL = 8;

    /**
     * A piece of an expression with the place it takes, brackets included.
     *
     * @param depth of the tree: 1 for a leaf
     */
    record Part(Tree.Expression tree, Span span, int depth) {}

    private record Pending(Token token, int level, boolean prefix) {}

    private final Tokens tokens;
    private final List<Diagnostic> faults;
    private final Deque<Part> parts = new ArrayDeque<>();
    private final Deque<Pending> pending = new ArrayDeque<>();

    Operators(Tokens tokens, List<Diagnostic> faults) {
        this.tokens = tokens;
        this.faults = faults;
    }

    static int level(int type) {
        return switch (type) {
            case FALLBACK -> 0;
            case OR -> 1;
            case AND -> 2;
            case LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, UNEQUAL -> COMPARISON_LEVEL;
            case PLUS, MINUS -> 5;
            case TIMES, DIVIDE, DIV, MOD -> 6;
            case POWER -> POWER_LEVEL;
            default -> throw new IllegalArgumentException("not an operator: " + type);
        };
    }

    void prefix(Token token) {
        int level = token.getType() == NOT ? NOT_LEVEL : SIGN_LEVEL;
        if (level == NOT_LEVEL && !pending.isEmpty() && pending.peek().level() > NOT_LEVEL) {
            faults.add(Diagnostic.error(
                    "TFX0026",
                    tokens.span(token),
                    "`not` cannot be the operand of `" + pending.peek().token().getText() + "` as it stands",
                    "put it in brackets"));
        }
        pending.push(new Pending(token, level, true));
    }

    void operand(Part part) {
        parts.push(part);
    }

    void operator(Token token) {
        int level = level(token.getType());
        while (!pending.isEmpty()
                && (pending.peek().level() > level || (pending.peek().level() == level && level != POWER_LEVEL))) {
            if (level == COMPARISON_LEVEL && pending.peek().level() == level) {
                faults.add(Diagnostic.error(
                        "TFX0025",
                        tokens.span(token),
                        "comparisons do not chain: `" + pending.peek().token().getText() + "` before `"
                                + token.getText() + "`",
                        "write `a < b and b < c`"));
            }
            apply(pending.pop());
        }
        pending.push(new Pending(token, level, false));
    }

    Part finish() {
        while (!pending.isEmpty()) {
            apply(pending.pop());
        }
        return parts.pop();
    }

    private void apply(Pending operator) {
        Span place = tokens.span(operator.token());
        String text = operator.token().getText();
        Part right = parts.pop();
        if (operator.prefix()) {
            Span span = place.to(right.span());
            parts.push(new Part(new Tree.Unary(text, right.tree(), span), span, right.depth() + 1));
        } else {
            Part left = parts.pop();
            Span span = left.span().to(right.span());
            parts.push(new Part(
                    new Tree.Binary(text, left.tree(), right.tree(), place, span),
                    span,
                    Math.max(left.depth(), right.depth()) + 1));
        }
    }
}
