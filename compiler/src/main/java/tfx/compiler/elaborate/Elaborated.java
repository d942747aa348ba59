package tfx.compiler.elaborate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.compiler.names.ModelRef;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Span;

/** A model with its arguments as a program, and what engines, weights and reports need to know beside it. */
public final class Elaborated {
    /**
     * A parameter of the program.
     *
     * @param dimensions the names of its dimensions, for display
     * @param span where it is declared
     */
    public record ParameterInfo(Value.Parameter value, List<String> dimensions, Initial initial, Span span) {}

    private final ModelRef model;
    private final Program program;
    private final Map<String, ParameterInfo> parameters;
    private final Map<String, List<String>> dimensions;
    private final Map<String, Datum> arguments;
    private final Evaluator evaluator;
    private final Env formals;

    Elaborated(ModelRef model, Program program, Map<String, Datum> arguments, Evaluator evaluator, Env formals) {
        this.model = model;
        this.program = program;
        this.parameters = evaluator.run.parameters;
        this.dimensions = evaluator.run.dimensions;
        this.arguments = arguments;
        this.evaluator = evaluator;
        this.formals = formals;
    }

    public ModelRef model() {
        return model;
    }

    public Program program() {
        return program;
    }

    /** Every parameter by its path, in order of elaboration. */
    public Map<String, ParameterInfo> parameters() {
        return parameters;
    }

    /** What parameters are where a {@code transform} applies, by path: values that depend on stored parameters only. */
    public Map<String, Value> transformed() {
        return evaluator.run.transforms.results();
    }

    /** The paths of parameters that transforms declare: the weights need not hold them, they begin as declared. */
    public Set<String> ofTransforms() {
        return evaluator.run.transforms.own();
    }

    /** The names of the dimensions of named values, inputs and parameters, by path. */
    public Map<String, List<String>> dimensions() {
        return dimensions;
    }

    /** The value every formal took, in order. */
    public Map<String, Datum> arguments() {
        return arguments;
    }

    /** The most a length may be ({@code input tokens[t <= context]}: t to the context), by symbol. */
    public Map<String, Long> limits() {
        Map<String, Long> all = new LinkedHashMap<>();
        evaluator.run.sizes.limits().forEach((symbol, size) -> {
            if (size.isConstant()) {
                all.put(symbol, size.constant());
            }
        });
        return all;
    }

    /** By input: ids are at least 0 and below this. */
    public Map<String, Long> idBounds() {
        Map<String, Long> all = new LinkedHashMap<>();
        evaluator.run.ids.forEach((input, size) -> {
            if (size.isConstant()) {
                all.put(input.name(), size.constant());
            }
        });
        return all;
    }

    /** For messages: {@code [97, 64]} as {@code [vocab = 97, d = 64]}. */
    static String shown(ParameterInfo info) {
        StringBuilder out = new StringBuilder("[");
        for (int i = 0; i < info.dimensions().size(); i++) {
            Size size = info.value().shape().get(i);
            out.append(i == 0 ? "" : ", ")
                    .append(info.dimensions().get(i))
                    .append(" = ")
                    .append(size);
        }
        return out.append(']').toString();
    }

    Evaluator evaluator() {
        return evaluator;
    }

    /** The environment that sees the model's formals and nothing else. */
    Env formals() {
        return formals;
    }
}
