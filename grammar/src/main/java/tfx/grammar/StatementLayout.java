package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.antlr.v4.runtime.Token;

/**
 * Lays one statement or header out: on one line where it fits. Where it does not, the author's breaks after commas, after
 * {@code =} and before operators are kept, every {@code else} of the statement itself begins a line, and a line that
 * is too long still is broken as far out as possible.
 */
final class StatementLayout {
    private static final int WIDTH = 120;

    /** Up to this column what stands in brackets is aligned with the first thing in them. */
    private static final int ALIGNED = 40;

    private final Tokens tokens;
    private final Spacing spacing;
    private final StringBuilder out;
    private final Deque<Integer> open = new ArrayDeque<>();
    private int lineStart;
    private int indent;

    StatementLayout(Tokens tokens, Spacing spacing, StringBuilder out) {
        this.tokens = tokens;
        this.spacing = spacing;
        this.out = out;
    }

    /** Appends the tokens {@code [from, to)}, without the last line end. */
    void lay(int from, int to, int indent) {
        this.indent = indent;
        boolean commented = false;
        for (int i = from + 1; i < to; i++) {
            commented |= !tokens.comments(i).isEmpty();
        }
        int width = indent;
        for (int i = from; i < to; i++) {
            width += length(i, i == from);
        }
        boolean one = !commented && width <= WIDTH;
        lineStart = out.length();
        out.append(" ".repeat(indent));
        int at = from;
        while (at < to) {
            int end = at + 1;
            while (end < to && (one || !brokenBefore(end, from))) {
                end++;
            }
            segment(at, end);
            if (end < to) {
                comments(end);
                newLine();
            }
            at = end;
        }
    }

    private boolean brokenBefore(int i, int from) {
        if (!tokens.comments(i).isEmpty()) {
            return true;
        }
        if (tokens.type(i) == ELSE && tokens.depth(i) == tokens.depth(from)) {
            return true;
        }
        return tokens.startsLine(i) && (spacing.breaks(i) || tokens.type(i - 1) == ASSIGN);
    }

    /** Tokens that the author wrote on one line, which is open. */
    private void segment(int from, int to) {
        int at = from;
        while (at < to) {
            int end = fitting(at, to);
            for (int i = at; i < end; i++) {
                token(i, i == at);
            }
            if (end < to) {
                newLine();
            }
            at = end;
        }
    }

    /** The token before which the line that begins with {@code from} is to be broken; {@code to} where it fits. */
    private int fitting(int from, int to) {
        int column = out.length() - lineStart;
        int best = to;
        int last = to;
        for (int i = from; i < to; i++) {
            if (i > from && spacing.breaks(i)) {
                if (last == to || tokens.depth(i) <= tokens.depth(last)) {
                    best = i;
                    last = i;
                }
            }
            column += length(i, i == from);
            if (column > WIDTH) {
                return best == to ? nextBreak(i + 1, to) : best;
            }
        }
        return to;
    }

    private int nextBreak(int from, int to) {
        int i = from;
        while (i < to && !spacing.breaks(i)) {
            i++;
        }
        return Math.min(i, to);
    }

    private int length(int i, boolean first) {
        Token token = tokens.seen.get(i);
        return token.getStopIndex() - token.getStartIndex() + (first || !spacing.before(i) ? 1 : 2);
    }

    private void token(int i, boolean first) {
        if (!first && spacing.before(i)) {
            out.append(' ');
        }
        out.append(tokens.seen.get(i).getText());
        switch (tokens.seen.get(i).getText()) {
            case "(", "[" -> open.push(out.length() - lineStart);
            case ")", "]" -> open.pop();
            default -> {}
        }
    }

    private void newLine() {
        out.append('\n');
        lineStart = out.length();
        out.append(" ".repeat(column()));
    }

    private int column() {
        return open.isEmpty() ? indent + 2 : open.peek() <= ALIGNED ? open.peek() : indent + 4;
    }

    /** The comments before token {@code i}, the first one perhaps behind the token before. */
    private void comments(int i) {
        List<Token> comments = tokens.comments(i);
        for (Token comment : comments) {
            if (comment.getLine() == tokens.seen.get(i - 1).getLine()) {
                out.append("  ");
            } else {
                newLine();
            }
            out.append(comment.getText().stripTrailing());
        }
    }
}
