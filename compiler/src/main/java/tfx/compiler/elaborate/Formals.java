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
    private final Map<String, Scope.Slot> slots = new LinkedHashMap<>();
    private final Map<String, Scope.Slot> known = new LinkedHashMap<>();
    private Map<String, Tree.Setting> entries = Map.of();
    private Map<String, Module> modules = Map.of();
    private Datum config = Nothing.ABSENT;
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
        formals.keySet().forEach(name -> slots.put(name, Scope.Slot.later(() -> force(name, evaluator))));
        scope = scope("");
        return env(model.chain().getLast().module());
    }

    /** Lets entries of a config clause stand before the defaults. */
    void clause(Map<String, Tree.Setting> settings, Map<String, Module> files, Datum configuration) {
        entries = settings;
        modules = files;
        config = configuration;
    }

    /** What an entry of the clause says, perhaps absent. */
    Datum entry(String name, Evaluator evaluator) {
        Env env = env(modules.get(name)).with("config", Scope.Slot.of(config));
        return guarded(name, entries.get(name).value(), env, evaluator);
    }

    /** Binds a formal from here on. */
    void give(String name, Datum value) {
        given.put(name, value);
        known.remove(name);
    }

    /** Evaluates every formal that does not speak of a layer. */
    void forceAll(Evaluator evaluator) {
        for (String name : formals.keySet()) {
            try {
                force(name, evaluator);
            } catch (TfxException fault) {
                if (formals.get(name).tree().initial().isPresent() || overrides.containsKey(name)) {
                    // Left to the elaboration, which knows the sizes and the layer.
                    continue;
                }
                throw fault;
            }
        }
    }

    /** The formals, and behind them the declarations of a file. */
    Env seenFrom(Module module) {
        return env(module);
    }

    private Env env(Module module) {
        return Env.in(scope, Env.Frame.top(module, true));
    }

    /** All formals but one. */
    private Scope scope(String hidden) {
        Scope all = null;
        for (Map.Entry<String, Scope.Slot> slot : slots.entrySet()) {
            all = slot.getKey().equals(hidden) ? all : Scope.with(all, slot.getKey(), slot.getValue());
        }
        return all;
    }

    /** In the value of a formal its own name is the file's declaration, where there is one: {@code linear = linear}. */
    private Env outside(String name, Module module) {
        return module.find(name).isEmpty() ? env(module) : Env.in(scope(name), Env.Frame.top(module, true));
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
        if (entries.containsKey(name)) {
            Datum value = entry(name, evaluator);
            if (value != Nothing.ABSENT) {
                return value;
            }
        }
        ModelRef.Override override = overrides.get(name);
        if (override == null && formal.tree().initial().isEmpty()) {
            return new Datum.Int(Size.symbol(name));
        }
        Tree.Expression expression = override != null
                ? override.setting().value()
                : formal.tree().initial().get();
        Module module = override != null ? override.module() : formal.module();
        return guarded(name, expression, outside(name, module), evaluator);
    }

    private Datum guarded(String name, Tree.Expression expression, Env env, Evaluator evaluator) {
        if (!forcing.add(name)) {
            throw Fault.of(
                    "TFX0108",
                    expression.span(),
                    "the value of `" + name + "` leads back to itself: " + String.join(" -> ", forcing) + " -> " + name,
                    "give one of them a value of its own");
        }
        try {
            return evaluator.eval(expression, env);
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
