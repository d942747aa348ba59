package tfx.grammar;

import java.util.List;
import java.util.Optional;
import tfx.source.Span;

/** The syntax tree of {@code spec/language.md}, section 2. Every node knows its place in the source. */
public sealed interface Tree {
    Span span();

    record File(List<Import> imports, List<Declaration> declarations, Span span) implements Tree {}

    record Import(String path, Span span) implements Tree {}

    record Name(String text, Span span) implements Tree {
        @Override
        public String toString() {
            return text;
        }
    }

    sealed interface Declaration extends Tree {
        Name name();

        /** The documentation comment's text without its slashes, or empty. */
        String doc();
    }

    /** {@code from} and {@code to} are the dimension groups before and after the arrow; both may be empty. */
    record Block(
            Name name,
            List<Name> from,
            List<Name> to,
            List<Formal> formals,
            List<Statement> body,
            String doc,
            Span span)
            implements Declaration {}

    record Model(Name name, List<Formal> formals, List<Statement> body, List<Clause> clauses, String doc, Span span)
            implements Declaration {}

    record Variant(
            Name name,
            List<Formal> formals,
            Name base,
            List<Setting> overrides,
            List<Clause> clauses,
            String doc,
            Span span)
            implements Declaration {}

    record Setting(Name name, Expression value, Span span) implements Tree {}

    record Formal(Name name, Optional<Shape> shape, Optional<Expression> initial, Span span) implements Tree {}

    /** Dimension names in order; a name {@code ".."} stands for the rest. */
    record Shape(List<Name> dims, Span span) implements Tree {}

    sealed interface Statement extends Tree {}

    record Parameter(Name name, Shape shape, Optional<Expression> initial, Span span) implements Statement {}

    record Return(Expression value, Span span) implements Statement {}

    /** {@code limit} is the most that dimension may have, by name of the dimension. {@code ids} empty: a real input. */
    record Input(Name name, List<InputDim> dims, Optional<Expression> ids, Span span) implements Statement {}

    record InputDim(Name name, Optional<Expression> limit, Span span) implements Tree {}

    record Output(Name name, Optional<Shape> shape, Expression value, Span span) implements Statement {}

    record Definition(Name name, Optional<Shape> shape, Expression value, Span span) implements Statement {}

    record Layers(Name index, Expression from, Expression to, Optional<Name> named, List<Statement> body, Span span)
            implements Statement {}

    sealed interface Clause extends Tree {}

    record Config(String modelType, List<Setting> entries, Span span) implements Clause {}

    record Weights(String layout, List<WeightLine> lines, Span span) implements Clause {}

    record Names(List<NamesLine> lines, Span span) implements Clause {}

    /** {@code value} is applied to the parameters that fit {@code path}; {@code stored}: their shape before. */
    record Transform(Expression value, Path path, Optional<Shape> stored, Span span) implements Clause {}

    sealed interface WeightLine extends Tree {}

    record Prefix(List<String> alternatives, Span span) implements WeightLine {}

    /** A line of both clauses: tensors that hold no weight, or no value, of the model. */
    record Ignore(String pattern, Optional<Expression> when, Span span) implements WeightLine, NamesLine {}

    record Weight(Path path, List<Name> indices, List<Official> alternatives, Optional<Expression> when, Span span)
            implements WeightLine {}

    /** The name pattern of a tensor in a file, and the indices it is read at; empty: row-major. */
    record Official(String pattern, List<Expression> at, Span span) implements Tree {}

    sealed interface NamesLine extends Tree {}

    record NameLine(Path path, List<Name> indices, Official official, Optional<Expression> when, Span span)
            implements NamesLine {}

    record Path(List<Segment> segments, Span span) implements Tree {}

    /** {@code wildcard}: {@code {name}}; {@code many}: {@code {name..}}. */
    record Segment(String text, boolean wildcard, boolean many, Span span) implements Tree {}

    sealed interface Expression extends Tree {}

    /** {@code integral} where the source had neither point nor exponent. */
    record Number(double value, boolean integral, Span span) implements Expression {}

    record Text(String value, Span span) implements Expression {}

    record Truth(boolean value, Span span) implements Expression {}

    record None(Span span) implements Expression {}

    /** A name, or {@code ".."} standing as an index. */
    record Reference(String name, Span span) implements Expression {}

    record Unary(String operator, Expression operand, Span span) implements Expression {}

    /** Operators as written: {@code + - * / div mod ^ < <= > >= == != and or ??}. */
    record Binary(String operator, Expression left, Expression right, Span operatorSpan, Span span)
            implements Expression {}

    record Where(Expression value, Expression predicate, Span span) implements Expression {}

    record If(Expression condition, Expression then, Expression otherwise, Span span) implements Expression {}

    record Lambda(List<Name> formals, Expression body, Span span) implements Expression {}

    /** {@code callee[from -> to](arguments)}; both groups may be empty. */
    record Call(Expression callee, List<Name> from, List<Name> to, List<Argument> arguments, Span span)
            implements Expression {}

    record Argument(Optional<Name> name, Expression value, Span span) implements Tree {}

    record Read(Expression value, List<Expression> at, Span span) implements Expression {}

    record Earlier(Expression value, Expression layer, Span span) implements Expression {}

    record Member(Expression value, Name name, Span span) implements Expression {}
}
