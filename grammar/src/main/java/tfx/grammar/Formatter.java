package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import tfx.source.Source;
import tfx.source.TfxException;

/**
 * The canonical layout: two spaces a level, at most 120 columns where there is a place to break, a statement to a line,
 * one blank line between declarations. Tokens and comments stay as they are, so the meaning does; what is laid out
 * already stays as it is.
 */
public final class Formatter {
    private enum Mark {
        NOTHING,
        /** Begins a statement, a line of a clause or a declaration. */
        START,
        DECLARATION,
        OPEN_BODY,
        CLOSE_BODY
    }

    private final Tokens tokens;
    private final Mark[] marks;
    private final boolean[] pathBraces;
    private final Spacing spacing;
    private final StringBuilder out = new StringBuilder();

    private Formatter(Syntax.Parsed parsed) {
        this.tokens = parsed.tokens();
        this.marks = new Mark[tokens.seen.size()];
        this.pathBraces = new boolean[tokens.seen.size()];
        Arrays.fill(marks, Mark.NOTHING);
        int[] seenIndex = new int[tokens.stream.size()];
        for (int i = 0; i < tokens.seen.size(); i++) {
            seenIndex[tokens.seen.get(i).getTokenIndex()] = i;
        }
        mark(parsed.file(), seenIndex);
        this.spacing = new Spacing(tokens, index -> pathBraces[index]);
    }

    /**
     * Lays a source text out.
     *
     * @return the text, with LF line ends, the last one included
     * @throws TfxException the text does not parse: nothing is laid out then
     */
    public static String format(Source source) {
        Syntax.parse(source);
        return new Formatter(Syntax.concrete(source)).format();
    }

    private void mark(ParseTree tree, int[] seenIndex) {
        switch (tree) {
            case ExprContext ignored -> {}
            case TerminalNode node -> {
                int type = node.getSymbol().getType();
                int at = seenIndex[node.getSymbol().getTokenIndex()];
                if (node.getParent() instanceof SegmentContext) {
                    pathBraces[at] = type == LEFT_BRACE || type == RIGHT_BRACE;
                } else if (type == LEFT_BRACE || type == RIGHT_BRACE) {
                    marks[at] = type == LEFT_BRACE ? Mark.OPEN_BODY : Mark.CLOSE_BODY;
                }
            }
            case ParserRuleContext context -> {
                for (int i = 0; i < context.getChildCount(); i++) {
                    mark(context.getChild(i), seenIndex);
                }
                int start = seenIndex[context.getStart().getTokenIndex()];
                switch (context.getRuleIndex()) {
                    case RULE_declaration -> marks[start] = Mark.DECLARATION;
                    case RULE_importLine, RULE_statement, RULE_clause, RULE_setting, RULE_weightLine, RULE_nameLine ->
                        marks[start] = Mark.START;
                    default -> {}
                }
            }
            default -> throw new IllegalStateException("no such node: " + tree);
        }
    }

    private String format() {
        int level = 0;
        int i = 0;
        boolean first = true;
        while (tokens.type(i) != EOF) {
            boolean closes = marks[i] == Mark.CLOSE_BODY;
            leading(i, 2 * level, first);
            level -= closes ? 1 : 0;
            int end = unitEnd(i);
            new StatementLayout(tokens, spacing, out).lay(i, end, 2 * level);
            trailing(end - 1);
            first = marks[end - 1] == Mark.OPEN_BODY;
            level += first ? 1 : 0;
            i = end;
        }
        leading(i, 0, out.isEmpty());
        return out.toString();
    }

    /** The first token after what stands together: a statement, a header with its brace, a closing brace. */
    private int unitEnd(int start) {
        int i = start;
        while (true) {
            Mark mark = marks[i];
            if (mark == Mark.OPEN_BODY) {
                boolean empty = marks[i + 1] == Mark.CLOSE_BODY
                        && tokens.comments(i + 1).isEmpty();
                return empty ? i + 2 : i + 1;
            }
            i++;
            if (tokens.type(i) == EOF
                    || marks[i] == Mark.START
                    || marks[i] == Mark.DECLARATION
                    || marks[i] == Mark.CLOSE_BODY) {
                return i;
            }
        }
    }

    /** The comments on lines of their own before a token, and the blank line before them or between. */
    private void leading(int i, int indent, boolean first) {
        List<Token> comments = new ArrayList<>(tokens.comments(i));
        int line = i == 0 ? 0 : tokens.seen.get(i - 1).getLine();
        comments.removeIf(
                comment -> i > 0 && comment.getLine() == tokens.seen.get(i - 1).getLine());
        boolean blankAllowed = !first;
        boolean forced = marks[i] == Mark.DECLARATION && !out.isEmpty();
        for (Token comment : comments) {
            if (forced || (blankAllowed && comment.getLine() > line + 1)) {
                out.append('\n');
            }
            forced = false;
            blankAllowed = true;
            line = comment.getLine();
            out.append(" ".repeat(indent))
                    .append(comment.getText().stripTrailing())
                    .append('\n');
        }
        boolean wanted =
                tokens.seen.get(i).getLine() > line + 1 && marks[i] != Mark.CLOSE_BODY && tokens.type(i) != EOF;
        if (forced || (blankAllowed && wanted)) {
            out.append('\n');
        }
    }

    private void trailing(int last) {
        tokens.comments(last + 1).stream()
                .filter(comment -> comment.getLine() == tokens.seen.get(last).getLine())
                .forEach(comment -> out.append("  ").append(comment.getText().stripTrailing()));
        out.append('\n');
    }
}
