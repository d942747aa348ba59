package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import tfx.grammar.Operators.Part;
import tfx.source.Diagnostic;
import tfx.source.Span;

/** From ANTLR's tree of an expression to ours. The recursion is bounded by {@link LimitedParser#NESTING}. */
final class ExpressionBuilder {
    private final Tokens tokens;
    private final List<Diagnostic> faults;

    ExpressionBuilder(Tokens tokens, List<Diagnostic> faults) {
        this.tokens = tokens;
        this.faults = faults;
    }

    Tree.Expression expression(ExprContext context) {
        return part(context).tree();
    }

    Tree.Name name(NameContext context) {
        Token token = context.getStart();
        return new Tree.Name(token.getText(), tokens.span(token));
    }

    List<Tree.Name> names(DimsContext context) {
        return context.name().stream().map(this::name).toList();
    }

    Span span(ParserRuleContext context) {
        return tokens.span(context.getStart()).to(tokens.span(context.getStop()));
    }

    static String text(TerminalNode node) {
        String text = node.getText();
        String inner = text.substring(1, text.length() - 1);
        return inner.indexOf('\\') < 0 ? inner : inner.replaceAll("\\\\(.)", "$1");
    }

    private Part part(ExprContext context) {
        if (context.conditional() != null) {
            return conditional(context.conditional());
        }
        if (context.lambda() != null) {
            return lambda(context.lambda());
        }
        Part value = operation(context.operation());
        if (context.WHERE() == null) {
            return value;
        }
        Part predicate = choice(context.choice());
        Span span = value.span().to(predicate.span());
        return limited(new Part(
                new Tree.Where(value.tree(), predicate.tree(), span),
                span,
                Math.max(value.depth(), predicate.depth()) + 1));
    }

    private Part choice(ChoiceContext context) {
        return context.conditional() != null
                ? conditional(context.conditional())
                : context.lambda() != null ? lambda(context.lambda()) : operation(context.operation());
    }

    private Part conditional(ConditionalContext context) {
        List<Part> parts = context.expr().stream().map(this::part).toList();
        Span span = tokens.span(context.getStart()).to(parts.get(2).span());
        int depth = parts.stream().mapToInt(Part::depth).max().orElse(0) + 1;
        return limited(new Part(
                new Tree.If(
                        parts.get(0).tree(), parts.get(1).tree(), parts.get(2).tree(), span),
                span,
                depth));
    }

    private Part lambda(LambdaContext context) {
        Part body = part(context.expr());
        Span span = tokens.span(context.getStart()).to(body.span());
        return limited(new Part(new Tree.Lambda(names(context.dims()), body.tree(), span), span, body.depth() + 1));
    }

    private Part operation(OperationContext context) {
        Operators operators = new Operators(tokens, faults);
        for (ParseTree child : context.children) {
            if (child instanceof OperandContext operand) {
                for (PrefixContext prefix : operand.prefix()) {
                    operators.prefix(prefix.getStart());
                }
                operators.operand(operand(operand));
            } else {
                operators.operator(((OperatorContext) child).getStart());
            }
        }
        return limited(operators.finish());
    }

    private Part limited(Part part) {
        if (part.depth() > LimitedParser.DEPTH) {
            throw new TooDeep(part.span());
        }
        return part;
    }

    /** Nothing is built of a text with an expression that whoever walks it could not. */
    static final class TooDeep extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final transient Span span;

        TooDeep(Span span) {
            super(null, null, false, false);
            this.span = span;
        }
    }

    private Part operand(OperandContext context) {
        Part part = primary(context.primary());
        for (SuffixContext suffix : context.suffix()) {
            part = limited(suffix(part, suffix));
        }
        return part;
    }

    private Part suffix(Part callee, SuffixContext context) {
        Span span = callee.span().to(span(context));
        Tree.Expression value = callee.tree();
        int depth = callee.depth();
        if (context.call() != null) {
            List<DimsContext> groups = context.dims();
            List<Tree.Argument> arguments = new ArrayList<>();
            for (ArgumentContext argument : context.call().argument()) {
                Part part = part(argument.expr());
                depth = Math.max(depth, part.depth());
                Optional<Tree.Name> label = Optional.ofNullable(argument.LABEL())
                        .map(node -> new Tree.Name(node.getText(), tokens.span(node.getSymbol())));
                Span place = label.map(Tree.Name::span).orElse(part.span()).to(part.span());
                arguments.add(new Tree.Argument(label, part.tree(), place));
            }
            List<Tree.Name> from = groups.isEmpty() ? List.of() : names(groups.get(0));
            List<Tree.Name> to = groups.size() < 2 ? List.of() : names(groups.get(1));
            return new Part(new Tree.Call(value, from, to, List.copyOf(arguments), span), span, depth + 1);
        }
        if (context.AT() != null) {
            Part layer = primary(context.primary());
            return new Part(new Tree.Earlier(value, layer.tree(), span), span, Math.max(depth, layer.depth()) + 1);
        }
        if (context.DOT() != null) {
            return new Part(new Tree.Member(value, name(context.name()), span), span, depth + 1);
        }
        List<Tree.Expression> at = new ArrayList<>();
        for (IndexContext index : context.index()) {
            if (index.DOTS() != null) {
                at.add(new Tree.Reference("..", span(index)));
            } else {
                Part part = part(index.expr());
                depth = Math.max(depth, part.depth());
                at.add(part.tree());
            }
        }
        return new Part(new Tree.Read(value, List.copyOf(at), span), span, depth + 1);
    }

    private Part primary(PrimaryContext context) {
        Span span = span(context);
        if (context.expr() != null) {
            Part inner = part(context.expr());
            return new Part(inner.tree(), span, inner.depth());
        }
        Token token = context.getStart();
        Tree.Expression tree = switch (token.getType()) {
            case NUMBER -> new Tree.Number(Double.parseDouble(token.getText()), Lexical.whole(token.getText()), span);
            case TEXT -> new Tree.Text(text(context.TEXT()), span);
            case TRUE -> new Tree.Truth(true, span);
            case FALSE -> new Tree.Truth(false, span);
            case NONE -> new Tree.None(span);
            default -> new Tree.Reference(token.getText(), span);
        };
        return new Part(tree, span, 1);
    }
}
