package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.TreeSet;
import org.antlr.v4.runtime.Token;
import tfx.source.Diagnostic;

/** Which brackets belong together, and the faults of those that belong to none. */
final class Brackets {
    /** For an opening bracket the index of the closing one, 0 where there is none. */
    final int[] match;

    /** Brackets open before each token; a closing one counts as outside. */
    final int[] depth;

    /** For an opening bracket whether an arrow {@code ->} stands directly in it. */
    final boolean[] arrow;

    private final Tokens tokens;
    private final int[] open;
    private int count;
    private final TreeSet<Integer> declarationStarts = new TreeSet<>();
    private final TreeSet<Integer> spoiledStarts = new TreeSet<>();

    Brackets(Tokens tokens) {
        this.tokens = tokens;
        int size = tokens.seen.size();
        match = new int[size];
        depth = new int[size];
        arrow = new boolean[size];
        open = new int[size + 1];
        declarationStarts.add(0);
        for (int i = 0; i < size; i++) {
            depth[i] = count;
            switch (tokens.type(i)) {
                case LEFT_PAREN, LEFT_BRACKET, LEFT_BRACE -> open[count++] = i;
                case RIGHT_PAREN -> close(i, LEFT_PAREN);
                case RIGHT_BRACKET -> close(i, LEFT_BRACKET);
                case RIGHT_BRACE -> close(i, LEFT_BRACE);
                case ARROW -> {
                    if (count > 0) {
                        arrow[open[count - 1]] = true;
                    }
                }
                case BLOCK, MODEL, VARIANT, IMPORT -> {
                    if (tokens.startsDeclaration(i)) {
                        unclosed(0, i);
                        depth[i] = 0;
                        declarationStarts.add(tokens.seen.get(i).getStartIndex());
                    }
                }
                case EOF -> unclosed(0, i);
                default -> {}
            }
        }
    }

    boolean spoiled(int offset) {
        return !spoiledStarts.isEmpty() && spoiledStarts.contains(declarationStarts.floor(Math.max(0, offset)));
    }

    private void close(int i, int opening) {
        int at = count - 1;
        // A round or square bracket is not looked for beyond the body that it stands in.
        while (at >= 0
                && tokens.type(open[at]) != opening
                && (opening == LEFT_BRACE || tokens.type(open[at]) != LEFT_BRACE)) {
            at--;
        }
        if (at < 0 || tokens.type(open[at]) != opening) {
            Token token = tokens.seen.get(i);
            fault(
                    token,
                    "TFX0022",
                    "`" + token.getText() + "` closes nothing",
                    "remove it, or open the bracket it should close");
            return;
        }
        unclosed(at + 1, i);
        count = at;
        match[open[at]] = i;
        depth[i] = at;
    }

    /** All brackets from the {@code from}th on are still open where token {@code i} ends what they stand in. */
    private void unclosed(int from, int i) {
        // The outer ones of a long row say nothing new.
        for (int k = count - 1; k >= from && k >= count - Syntax.MOST; k--) {
            Token token = tokens.seen.get(open[k]);
            String closing = switch (token.getText()) {
                case "(" -> ")";
                case "[" -> "]";
                default -> "}";
            };
            Token end = tokens.seen.get(i);
            String until =
                    end.getType() == EOF ? "the end of the file" : "`" + end.getText() + "` at line " + end.getLine();
            fault(
                    token,
                    "TFX0021",
                    "`" + token.getText() + "` is not closed before " + until,
                    "add the missing `" + closing + "`");
        }
        count = from;
    }

    private void fault(Token token, String code, String message, String mend) {
        spoiledStarts.add(declarationStarts.floor(token.getStartIndex()));
        if (tokens.faults.size() < 2 * Syntax.MOST) {
            tokens.faults.add(Diagnostic.error(code, tokens.span(token), message, mend));
        }
    }
}
