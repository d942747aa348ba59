package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.List;
import org.antlr.v4.runtime.DefaultErrorStrategy;
import org.antlr.v4.runtime.InputMismatchException;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.RuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.atn.ATNState;
import org.antlr.v4.runtime.misc.IntervalSet;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import tfx.source.Diagnostic;

/**
 * What the parser does at a fault: one diagnostic for a statement, line or declaration, then on with the next one.
 * A fault within an expression travels up to the statement around it; nothing is guessed about the rest of that.
 */
final class Recovery extends DefaultErrorStrategy {
    final List<Diagnostic> faults = new ArrayList<>();

    private final Tokens tokens;
    private final int[] seenIndex;

    // Where the parser asked since the last token whether one more part follows: together they tell what could have.
    private final List<ATNState> askedStates = new ArrayList<>();
    private final List<RuleContext> askedContexts = new ArrayList<>();
    private int askedAt = -1;

    Recovery(Tokens tokens) {
        this.tokens = tokens;
        this.seenIndex = new int[tokens.stream.size()];
        for (int i = 0; i < tokens.seen.size(); i++) {
            seenIndex[tokens.seen.get(i).getTokenIndex()] = i;
        }
    }

    /** As many faults as are shown have been found. */
    static final class Enough extends ParseCancellationException {
        private static final long serialVersionUID = 1L;
    }

    void beyond(LimitedParser.Beyond beyond) {
        faults.add(
                beyond.nested
                        ? Diagnostic.error(
                                "TFX0027",
                                tokens.span(beyond.token),
                                "expressions and bodies nest more than " + LimitedParser.NESTING + " deep here",
                                "give parts of it names of their own")
                        : tooLong(tokens.span(beyond.token)));
    }

    static Diagnostic tooLong(tfx.source.Span span) {
        return Diagnostic.error(
                "TFX0027",
                span,
                "this expression has more than " + LimitedParser.DEPTH + " operators, calls and members in a row",
                "give parts of it names of their own");
    }

    @Override
    public void reportError(Parser parser, RecognitionException fault) {
        // Reported where the parser goes on: see recover.
    }

    @Override
    public void recover(Parser parser, RecognitionException fault) {
        ParserRuleContext context = parser.getContext();
        switch (context.getRuleIndex()) {
            case RULE_statement,
                    RULE_setting,
                    RULE_clause,
                    RULE_weightLine,
                    RULE_nameLine,
                    RULE_declaration,
                    RULE_importLine -> {
                int start = seenIndex[context.getStart().getTokenIndex()];
                add(
                        new Wording(tokens, at(fault.getOffendingToken()), start, expected(parser, fault)).diagnostic(),
                        start);
                if (context.getRuleIndex() == RULE_declaration || context.getRuleIndex() == RULE_importLine) {
                    skipToDeclaration(
                            parser,
                            context.getStart().getTokenIndex()
                                    == parser.getCurrentToken().getTokenIndex());
                } else {
                    skip(parser, tokens.depth(start), start);
                }
            }
            case RULE_file -> {}
            default -> throw fault;
        }
    }

    @Override
    public Token recoverInline(Parser parser) {
        throw new InputMismatchException(parser);
    }

    @Override
    public void sync(Parser parser) {
        int at = parser.getInputStream().index();
        if (at != askedAt) {
            askedStates.clear();
            askedContexts.clear();
            askedAt = at;
        }
        ParserRuleContext context = parser.getContext();
        ATNState state = parser.getATN().states.get(parser.getState());
        askedStates.add(state);
        askedContexts.add(context);
        switch (context.getRuleIndex()) {
            case RULE_body, RULE_modelBody, RULE_variantBody, RULE_configBody, RULE_weightsBody, RULE_namesBody -> {
                IntervalSet possible = parser.getATN().nextTokens(state);
                while (!possible.contains(parser.getCurrentToken().getType())) {
                    int current = at(parser.getCurrentToken());
                    if (tokens.type(current) == EOF || tokens.startsDeclaration(current)) {
                        return;
                    }
                    add(new Wording(tokens, current, current, expected(parser, null)).diagnostic(), current);
                    skip(parser, tokens.depth(current), current);
                }
            }
            case RULE_file -> {
                IntervalSet possible = parser.getATN().nextTokens(state);
                Token token = parser.getCurrentToken();
                if (!possible.contains(token.getType())) {
                    add(new Wording(tokens, at(token), at(token), expected(parser, null)).diagnostic(), at(token));
                    skipToDeclaration(parser, true);
                    // An import after the declarations has been reported: step over all there are.
                    while (parser.getCurrentToken().getType() == IMPORT && !possible.contains(IMPORT)) {
                        skipToDeclaration(parser, true);
                    }
                }
            }
            default -> {}
        }
    }

    private int at(Token token) {
        return seenIndex[token.getTokenIndex()];
    }

    private void add(Diagnostic fault, int start) {
        if (tokens.spoiled(tokens.seen.get(start).getStartIndex())) {
            return;
        }
        faults.add(fault);
        if (faults.size() >= Syntax.MOST) {
            throw new Enough();
        }
    }

    private IntervalSet expected(Parser parser, RecognitionException fault) {
        IntervalSet expected = new IntervalSet();
        if (fault != null) {
            expected.addAll(parser.getATN().getExpectedTokens(fault.getOffendingState(), fault.getCtx()));
        }
        int at = fault == null
                ? parser.getInputStream().index()
                : fault.getOffendingToken().getTokenIndex();
        if (at == askedAt) {
            for (int i = 0; i < askedStates.size(); i++) {
                expected.addAll(
                        parser.getATN().getExpectedTokens(askedStates.get(i).stateNumber, askedContexts.get(i)));
            }
        }
        return expected;
    }

    /** To where the next statement or line of a body at this depth begins, or the body ends. */
    private void skip(Parser parser, int depth, int start) {
        while (true) {
            int i = at(parser.getCurrentToken());
            if (tokens.type(i) == EOF || tokens.startsDeclaration(i)) {
                return;
            }
            if (tokens.depth(i) < depth || (tokens.depth(i) == depth && i > start && begins(i))) {
                return;
            }
            parser.consume();
        }
    }

    private boolean begins(int i) {
        return tokens.startsLine(i)
                && switch (tokens.type(i)) {
                    case PARAM,
                            RETURN,
                            INPUT,
                            OUTPUT,
                            LAYERS,
                            CONFIG,
                            WEIGHTS,
                            NAMES,
                            TRANSFORM,
                            PREFIX,
                            IGNORE,
                            NAME,
                            LEFT_BRACE -> true;
                    default -> false;
                };
    }

    private void skipToDeclaration(Parser parser, boolean past) {
        if (past && parser.getCurrentToken().getType() != EOF) {
            parser.consume();
        }
        while (parser.getCurrentToken().getType() != EOF && !tokens.startsDeclaration(at(parser.getCurrentToken()))) {
            parser.consume();
        }
    }
}
