package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.compiler.elaborate.Datum.Nothing;
import tfx.compiler.names.Fault;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.ir.Size;
import tfx.source.Diagnostic;
import tfx.source.Span;
import tfx.source.TfxException;

/** The formals of a model with the values given for them, bound lazily: a default may speak of any other formal. */
final class Formals {
    private final ModelRef model;
    private final Map<String, ModelRef.Formal> formals;
    private final Map<String, ModelRef.Override> overrides;
    private final Map<String, Datum> given;
    private final Map<String, String> origins;
    private final Set<String> forcing = new LinkedHashSet<>();
    private final Map<String, Scope.Slot> known = new LinkedHashMap<>();
    private Scope scope;

    private Formals(ModelRef model, Map<String, Datum> given, Map<String, String> origins) {
        this.model = model;
        this.formals = model.formals();
        this.overrides = model.overrides();
        this.given = given;
        this.origins = origins;
    }

    static Formals of(ModelRef model, Map<String, ?> arguments, Map<String, String> origins) {
        Elaborator.known(model, arguments.keySet(), "");
        Map<String, Datum> given = new LinkedHashMap<>();
        arguments.forEach((name, value) -> {
            Datum datum = Datum.of(value);
            if (datum != Nothing.ABSENT) {
                given.put(name, datum);
            }
        });
        return new Formals(model, given, origins);
    }

    /** The names without value or default. */
    static List<String> missing(ModelRef model, Set<String> given) {
        Map<String, ModelRef.Override> overrides = model.overrides();
        List<String> missing = new ArrayList<>();
        model.formals().forEach((name, formal) -> {
            if (formal.tree().initial().isEmpty() && !given.contains(name) && !overrides.containsKey(name)) {
                missing.add(name);
            }
        });
        return missing;
    }

    /** The environment that sees them. */
    Env bind(Evaluator evaluator) {
        List<String> missing = missing(model, given.keySet());
        if (!missing.isEmpty() && !evaluator.run.check) {
            throw new TfxException(Diagnostic.error(
                    "TFX0201",
                    model.name(),
                    "these have neither a value nor a default: " + String.join(", ", missing),
                    "give them with --set " + missing.getFirst()
                            + "=..., a configuration, or weights to infer them from"));
        }
        Scope all = null;
        for (String name : formals.keySet()) {
            all = Scope.with(all, name, Scope.Slot.later(() -> force(name, evaluator)));
        }
        scope = all;
        return env(model.chain().getLast().module());
    }

    private Env env(Module module) {
        return Env.in(scope, Env.Frame.top(module, true));
    }

    private Scope.Slot force(String name, Evaluator evaluator) {
        Scope.Slot slot = known.get(name);
        if (slot != null) {
            return slot;
        }
        ModelRef.Formal formal = formals.get(name);
        Span span = formal.tree().name().span();
        Datum value = given.get(name);
        int uses = evaluator.run.layerUses;
        if (value == null) {
            value = evaluated(name, formal, evaluator);
        }
        slot = evaluator.bind(name, value, span);
        if (slot.dims() != null && origins.containsKey(name)) {
            evaluator.run.origins.put(slot.dims().getFirst(), origins.get(name));
        }
        if (uses == evaluator.run.layerUses) {
            // Else it speaks of the layer it is used in, and differs from one to the next.
            known.put(name, slot);
        }
        return slot;
    }

    private Datum evaluated(String name, ModelRef.Formal formal, Evaluator evaluator) {
        ModelRef.Override override = overrides.get(name);
        if (override == null && formal.tree().initial().isEmpty()) {
            return new Datum.Int(Size.symbol(name));
        }
        Tree.Expression expression = override != null
                ? override.setting().value()
                : formal.tree().initial().get();
        if (!forcing.add(name)) {
            throw Fault.of(
                    "TFX0108",
                    expression.span(),
                    "the value of `" + name + "` leads back to itself: " + String.join(" -> ", forcing) + " -> " + name,
                    "give one of them a value of its own");
        }
        try {
            return evaluator.eval(expression, env(override != null ? override.module() : formal.module()));
        } finally {
            forcing.remove(name);
        }
    }

    /** What each formal is, for those that do not speak of a layer. */
    Map<String, Datum> values(Evaluator evaluator, Env env) {
        Map<String, Datum> all = new LinkedHashMap<>();
        for (String name : formals.keySet()) {
            Scope.Slot slot = known.get(name);
            if (slot == null && !given.containsKey(name)) {
                continue;
            }
            all.put(name, slot != null ? slot.value() : given.get(name));
        }
        return all;
    }
}
