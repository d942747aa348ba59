package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tfx.compiler.names.Fault;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Nearest;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** From a model and the values of its formals to a program. */
public final class Elaborator {
    private Elaborator() {}

    /**
     * Elaborates with every size known, layers unrolled.
     *
     * @param arguments values of formals, of any JSON kind or {@link Datum}; a formal without one takes its default
     * @throws TfxException TFX01xx faults of the program, TFX0201 formals that have neither value nor default
     */
    public static Elaborated elaborate(ModelRef model, Map<String, ?> arguments) {
        return run(model, Formals.of(model, arguments, Map.of()), false);
    }

    /** As {@link #elaborate(ModelRef, Map)}, with what gave each argument, for messages. */
    public static Elaborated elaborate(ModelRef model, Arguments arguments) {
        return run(model, Formals.of(model, arguments.values(), arguments.origins()), false);
    }

    /**
     * Checks a model with the sizes that have no value left symbolic: its body is elaborated once, with symbols in the
     * shapes. What it gives serves to show shapes and to infer sizes; it does not run.
     */
    public static Elaborated check(ModelRef model, Map<String, ?> arguments) {
        return run(model, Formals.of(model, arguments, Map.of()), true);
    }

    private static Elaborated run(ModelRef model, Formals formals, boolean check) {
        Evaluator evaluator = new Evaluator(new Run(check));
        Env env = formals.bind(evaluator);
        evaluator.run.transforms.declare(model, formals::seenFrom);
        try {
            evaluator.statements.model(model.model().body(), env);
        } catch (ArithmeticException overflow) {
            throw Fault.of(
                    "TFX0114", model.model().span(), "a size of this model is too large", "lengths are at most 2^40");
        }
        if (evaluator.run.outputs.isEmpty()) {
            throw Fault.of(
                    "TFX0124",
                    model.model().name().span(),
                    "the model `" + model + "` has no output",
                    "write `output name = ...`");
        }
        return new Elaborated(model, evaluator.run.program(), formals.values(evaluator, env), evaluator, env);
    }

    /** Refuses names that are no formals: TFX0204. */
    static void known(ModelRef model, Iterable<String> names, String flag) {
        Map<String, ModelRef.Formal> formals = model.formals();
        List<Diagnostic> faults = new ArrayList<>();
        for (String name : names) {
            if (!formals.containsKey(name)) {
                faults.add(Diagnostic.error(
                        "TFX0204",
                        flag + name,
                        "the model `" + model + "` has no formal `" + name + "`",
                        Nearest.mend(name, formals.keySet(), "it has " + String.join(", ", formals.keySet()))));
            }
        }
        if (!faults.isEmpty()) {
            throw new TfxException(faults);
        }
    }

    /** Values of formals, and for each the flag or configuration key that gave it. */
    public record Arguments(Map<String, Datum> values, Map<String, String> origins) {
        public Arguments {
            values = new LinkedHashMap<>(values);
            origins = new LinkedHashMap<>(origins);
        }

        public Optional<Datum> value(String formal) {
            return Optional.ofNullable(values.get(formal));
        }
    }
}
