package tfx.grammar;

import static tfx.grammar.TfxParser.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;
import tfx.source.Diagnostic;
import tfx.source.Span;

/** From ANTLR's tree of a faultless text to ours. */
final class TreeBuilder {
    private final Tokens tokens;
    private final List<Diagnostic> faults = new ArrayList<>();
    private final ExpressionBuilder expressions;

    TreeBuilder(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionBuilder(tokens, faults);
    }

    /** What only the order of the operators shows. */
    List<Diagnostic> faults() {
        return faults;
    }

    Tree.File file(FileContext context) {
        Span whole = new Span(tokens.source, 0, tokens.source.text().length());
        try {
            List<Tree.Import> imports = context.importLine().stream()
                    .map(line -> new Tree.Import(ExpressionBuilder.text(line.TEXT()), span(line)))
                    .toList();
            return new Tree.File(
                    imports,
                    context.declaration().stream().map(this::declaration).toList(),
                    whole);
        } catch (ExpressionBuilder.TooDeep deep) {
            faults.add(Recovery.tooLong(new Span(tokens.source, deep.span.start(), deep.span.start() + 1)));
            return new Tree.File(List.of(), List.of(), whole);
        }
    }

    private Span span(ParserRuleContext context) {
        return expressions.span(context);
    }

    private Tree.Name name(NameContext context) {
        return expressions.name(context);
    }

    private Optional<Tree.Expression> expression(ExprContext context) {
        return Optional.ofNullable(context).map(expressions::expression);
    }

    private Tree.Declaration declaration(DeclarationContext context) {
        String doc = doc(context.getStart());
        if (context.block() != null) {
            BlockContext block = context.block();
            List<DimsContext> groups =
                    block.blockDims() == null ? List.of() : block.blockDims().dims();
            return new Tree.Block(
                    name(block.name()),
                    groups.isEmpty() ? List.of() : expressions.names(groups.get(0)),
                    groups.size() < 2 ? List.of() : expressions.names(groups.get(1)),
                    formals(block.formals()),
                    statements(block.body().statement()),
                    doc,
                    span(block));
        }
        if (context.model() != null) {
            ModelContext model = context.model();
            return new Tree.Model(
                    name(model.name()),
                    formals(model.formals()),
                    statements(model.modelBody().statement()),
                    clauses(model.modelBody().clause()),
                    doc,
                    span(model));
        }
        VariantContext variant = context.variant();
        return new Tree.Variant(
                name(variant.name(0)),
                variant.formals() == null ? List.of() : formals(variant.formals()),
                name(variant.name(1)),
                settings(variant.variantBody().setting()),
                clauses(variant.variantBody().clause()),
                doc,
                span(variant));
    }

    /** The documentation comment right above: its lines follow each other and the declaration without a blank line. */
    private String doc(Token start) {
        List<Token> hidden = tokens.stream.getHiddenTokensToLeft(start.getTokenIndex());
        if (hidden == null) {
            return "";
        }
        List<String> lines = new ArrayList<>();
        int line = start.getLine();
        for (Token token : hidden.reversed()) {
            boolean trailing = token.getTokenIndex() > 0
                    && tokens.stream.get(token.getTokenIndex() - 1).getLine() == token.getLine();
            if (trailing || token.getLine() != line - 1) {
                break;
            }
            line--;
            if (token.getType() == DOC) {
                lines.addFirst(token.getText().substring(3).strip());
            }
        }
        return String.join("\n", lines);
    }

    private List<Tree.Formal> formals(FormalsContext context) {
        return context.formal().stream()
                .map(formal -> new Tree.Formal(
                        name(formal.name()),
                        Optional.ofNullable(formal.shape()).map(this::shape),
                        expression(formal.expr()),
                        span(formal)))
                .toList();
    }

    private Tree.Shape shape(ShapeContext context) {
        return new Tree.Shape(
                context.dim().stream()
                        .map(dim -> new Tree.Name(dim.getText(), span(dim)))
                        .toList(),
                span(context));
    }

    private List<Tree.Statement> statements(List<StatementContext> contexts) {
        return contexts.stream().map(this::statement).toList();
    }

    private Tree.Statement statement(StatementContext context) {
        Span span = span(context);
        return switch (context.getChild(0)) {
            case ParameterContext it ->
                new Tree.Parameter(name(it.name()), shape(it.shape()), expression(it.expr()), span);
            case ReturnedContext it -> new Tree.Return(expressions.expression(it.expr()), span);
            case InputContext it ->
                new Tree.Input(
                        name(it.name()),
                        it.inputDim().stream()
                                .map(dim -> new Tree.InputDim(name(dim.name()), expression(dim.expr()), span(dim)))
                                .toList(),
                        expression(it.expr()),
                        span);
            case OutputContext it ->
                new Tree.Output(
                        name(it.name()),
                        Optional.ofNullable(it.shape()).map(this::shape),
                        expressions.expression(it.expr()),
                        span);
            case LayersContext it ->
                new Tree.Layers(
                        name(it.name(0)),
                        expressions.expression(it.expr(0)),
                        expressions.expression(it.expr(1)),
                        Optional.ofNullable(it.name(1)).map(this::name),
                        statements(it.body().statement()),
                        span);
            case DefinitionContext it ->
                new Tree.Definition(
                        name(it.name()),
                        Optional.ofNullable(it.shape()).map(this::shape),
                        expressions.expression(it.expr()),
                        span);
            default -> throw new IllegalStateException("no such statement in the grammar: " + context.getText());
        };
    }

    private List<Tree.Setting> settings(List<SettingContext> contexts) {
        return contexts.stream()
                .map(it -> new Tree.Setting(name(it.name()), expressions.expression(it.expr()), span(it)))
                .toList();
    }

    private List<Tree.Clause> clauses(List<ClauseContext> contexts) {
        return contexts.stream().map(this::clause).toList();
    }

    private Tree.Clause clause(ClauseContext context) {
        return switch (context.getChild(0)) {
            case ConfigContext it ->
                new Tree.Config(
                        ExpressionBuilder.text(it.TEXT()),
                        settings(it.configBody().setting()),
                        span(it));
            case WeightsContext it ->
                new Tree.Weights(
                        ExpressionBuilder.text(it.TEXT()),
                        it.weightsBody().weightLine().stream()
                                .map(this::weightLine)
                                .toList(),
                        span(it));
            case NamesContext it ->
                new Tree.Names(
                        it.namesBody().nameLine().stream().map(this::nameLine).toList(), span(it));
            case TransformContext it ->
                new Tree.Transform(
                        expressions.expression(it.expr()),
                        path(it.path()),
                        Optional.ofNullable(it.shape()).map(this::shape),
                        span(it));
            default -> throw new IllegalStateException("no such clause in the grammar: " + context.getText());
        };
    }

    private Tree.WeightLine weightLine(WeightLineContext context) {
        Span span = span(context);
        return switch (context.getChild(0)) {
            case PrefixLineContext it -> new Tree.Prefix(texts(it.TEXT()), span);
            case IgnoreLineContext it -> ignore(it);
            case WeightContext it ->
                new Tree.Weight(
                        path(it.path()),
                        indices(it.dims()),
                        it.official().stream().map(this::official).toList(),
                        expression(it.expr()),
                        span);
            default -> throw new IllegalStateException("no such line in the grammar: " + context.getText());
        };
    }

    private Tree.NamesLine nameLine(NameLineContext context) {
        return switch (context.getChild(0)) {
            case IgnoreLineContext it -> ignore(it);
            case ValueLineContext it ->
                new Tree.NameLine(
                        path(it.path()), indices(it.dims()), official(it.official()), expression(it.expr()), span(it));
            default -> throw new IllegalStateException("no such line in the grammar: " + context.getText());
        };
    }

    private Tree.Ignore ignore(IgnoreLineContext context) {
        return new Tree.Ignore(ExpressionBuilder.text(context.TEXT()), expression(context.expr()), span(context));
    }

    private List<Tree.Name> indices(@Nullable DimsContext context) {
        return context == null ? List.of() : expressions.names(context);
    }

    private Tree.Official official(OfficialContext context) {
        return new Tree.Official(
                ExpressionBuilder.text(context.TEXT()),
                context.expr().stream().map(expressions::expression).toList(),
                span(context));
    }

    private static List<String> texts(List<TerminalNode> nodes) {
        return nodes.stream().map(ExpressionBuilder::text).toList();
    }

    private Tree.Path path(PathContext context) {
        List<Tree.Segment> segments = context.segment().stream()
                .map(it -> new Tree.Segment(it.name().getText(), it.LEFT_BRACE() != null, it.DOTS() != null, span(it)))
                .toList();
        return new Tree.Path(segments, span(context));
    }
}
