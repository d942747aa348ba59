package tfx.grammar;

import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.TokenStream;
import org.antlr.v4.runtime.misc.ParseCancellationException;

/** The generated parser's base: bounds what would otherwise be bounded by the Java stack only. */
abstract class LimitedParser extends Parser {
    /** How deep expressions and bodies may nest. */
    static final int NESTING = 256;

    /** How deep the tree of one expression may become, operators and suffixes included. */
    static final int DEPTH = 512;

    private int nesting;

    LimitedParser(TokenStream input) {
        super(input);
    }

    /** The input goes beyond a limit at {@link #token}; nothing after it is looked at. */
    static final class Beyond extends ParseCancellationException {
        private static final long serialVersionUID = 1L;
        final transient Token token;
        final boolean nested;

        Beyond(Token token, boolean nested) {
            this.token = token;
            this.nested = nested;
        }
    }

    @Override
    public void enterRule(ParserRuleContext context, int state, int rule) {
        switch (rule) {
            case TfxParser.RULE_expr, TfxParser.RULE_layers -> {
                if (++nesting > NESTING) {
                    throw new Beyond(_input.LT(1), true);
                }
            }
            // Twice: an operand's siblings are operators.
            case TfxParser.RULE_operand, TfxParser.RULE_prefix, TfxParser.RULE_suffix -> {
                if (context.getParent().getChildCount() > 2 * DEPTH) {
                    throw new Beyond(_input.LT(1), false);
                }
            }
            default -> {}
        }
        super.enterRule(context, state, rule);
    }

    @Override
    public void exitRule() {
        int rule = _ctx.getRuleIndex();
        if (rule == TfxParser.RULE_expr || rule == TfxParser.RULE_layers) {
            nesting--;
        }
        super.exitRule();
    }
}
