package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import tfx.compiler.elaborate.Datum.Int;
import tfx.compiler.elaborate.Datum.Nothing;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** How an official configuration fills a model's formals. */
public final class ConfigClause {
    private static final long MOST = Integer.MAX_VALUE;

    private final ModelRef model;
    private final Map<String, Tree.Setting> entries = new LinkedHashMap<>();
    private final Map<String, Module> modules = new HashMap<>();

    private ConfigClause(ModelRef model, Optional<String> type) {
        this.model = model;
        for (Module.Declared declared : model.chain().reversed()) {
            if (declared.tree() instanceof Tree.Variant variant) {
                // What a variant puts in the place of a formal stands against the clauses of what it is a variant of.
                variant.overrides()
                        .forEach(setting -> entries.remove(setting.name().text()));
            }
            clause(declared, type)
                    .ifPresent(clause -> clause.entries().forEach(entry -> {
                        entries.put(entry.name().text(), entry);
                        modules.put(entry.name().text(), declared.module());
                    }));
        }
        Elaborator.known(model, entries.keySet(), "config ");
    }

    /** A declaration's clause for that type; where it has none for it, its first. */
    private static Optional<Tree.Config> clause(Module.Declared declared, Optional<String> type) {
        List<Tree.Config> all = new ArrayList<>();
        for (Tree.Clause clause : ModelRef.clauses(declared)) {
            if (clause instanceof Tree.Config config) {
                if (type.isPresent() && config.modelType().equals(type.get())) {
                    return Optional.of(config);
                }
                all.add(config);
            }
        }
        return all.stream().findFirst();
    }

    /**
     * The arguments that {@code --set} and a configuration give; what neither gives is left to defaults and inference.
     *
     * @param type the configuration's {@code model_type}
     * @param config its values by key: Long, Double, String, Boolean, List or Map; a null or missing one is absent
     * @param set values of formals that win over the configuration
     * @throws TfxException TFX0202 a value of the wrong type, TFX0203 one that cannot be, TFX0204 no such formal
     */
    public static Elaborator.Arguments arguments(
            ModelRef model, Optional<String> type, Function<String, Optional<Object>> config, Map<String, ?> set) {
        return new ConfigClause(model, type).evaluate(config, set);
    }

    /**
     * The keys that lead to the value that a configuration gives a formal as it stands ({@code config.a.b}, perhaps with a
     * {@code ??} behind it); empty where no clause does.
     */
    public static List<String> key(ModelRef model, Optional<String> type, String formal) {
        Tree.Setting entry = new ConfigClause(model, type).entries.get(formal);
        Tree.Expression value = entry == null ? null : entry.value();
        while (value instanceof Tree.Binary fallback && fallback.operator().equals("??")) {
            value = fallback.left();
        }
        List<String> keys = new ArrayList<>();
        while (value instanceof Tree.Member member) {
            keys.addFirst(member.name().text());
            value = member.value();
        }
        return value instanceof Tree.Reference root && root.name().equals("config") ? keys : List.of();
    }

    private Elaborator.Arguments evaluate(Function<String, Optional<Object>> config, Map<String, ?> set) {
        Elaborator.known(model, set.keySet(), "--set ");
        Map<String, Datum> values = new LinkedHashMap<>();
        Map<String, String> origins = new LinkedHashMap<>();
        Kinds kinds = new Kinds(model);
        set.forEach((name, value) -> {
            values.put(name, kinds.checked(name, Datum.of(value), "--set " + name));
            origins.put(name, "--set " + name);
        });
        Function<String, Object> root = key -> config.apply(key).orElse(null);
        Formals formals = Formals.of(model, values, Map.of());
        formals.clause(entries, modules, new Datum.Configuration(root));
        Evaluator evaluator = new Evaluator(new Run(true));
        Env env = formals.bind(evaluator);
        for (Map.Entry<String, Tree.Setting> entry : entries.entrySet()) {
            String name = entry.getKey();
            if (values.containsKey(name)) {
                continue;
            }
            Set<String> keys = new LinkedHashSet<>();
            keys(entry.getValue().value(), keys);
            String origin = "config " + String.join(", ", keys);
            Datum value;
            try {
                value = formals.entry(name, evaluator);
            } catch (TfxException fault) {
                throw renamed(fault, name, keys, origins, config);
            }
            if (value == Nothing.ABSENT
                    || (value instanceof Int number && !number.size().isConstant())) {
                continue;
            }
            formals.give(name, kinds.checked(name, value, origin));
            values.put(name, value);
            origins.put(name, origin);
        }
        return new Elaborator.Arguments(values, origins);
    }

    /** A fault inside an entry as one of the configuration: which keys, which values. */
    private static TfxException renamed(
            TfxException fault,
            String name,
            Set<String> keys,
            Map<String, String> origins,
            Function<String, Optional<Object>> config) {
        Diagnostic first = fault.diagnostics().getFirst();
        StringBuilder where = new StringBuilder();
        keys.forEach(key -> config.apply(key)
                .ifPresent(value -> where.append(where.isEmpty() ? "" : ", ")
                        .append(key)
                        .append(" = ")
                        .append(value)));
        StringBuilder from = new StringBuilder();
        origins.forEach((formal, origin) -> {
            if (first.message().matches("(?s).*\\b" + formal + "\\b.*")) {
                from.append(from.isEmpty() ? "; " : ", ")
                        .append(formal)
                        .append(" is ")
                        .append(origin);
            }
        });
        return new TfxException(Diagnostic.error(
                "TFX0203",
                "config" + (where.isEmpty() ? "" : " " + where),
                "`" + name + "`: " + first.message() + from,
                first.mend().isEmpty() ? "correct the configuration, or give --set " + name + "=..." : first.mend()));
    }

    /** The keys of the configuration that an expression reads. */
    private static void keys(Tree.Expression expression, Set<String> into) {
        switch (expression) {
            case Tree.Member member -> {
                if (member.value() instanceof Tree.Reference root && root.name().equals("config")) {
                    into.add(member.name().text());
                } else {
                    keys(member.value(), into);
                }
            }
            case Tree.Binary binary -> {
                keys(binary.left(), into);
                keys(binary.right(), into);
            }
            case Tree.Unary unary -> keys(unary.operand(), into);
            case Tree.If choice -> {
                keys(choice.condition(), into);
                keys(choice.then(), into);
                keys(choice.otherwise(), into);
            }
            case Tree.Call call -> call.arguments().forEach(argument -> keys(argument.value(), into));
            default -> {}
        }
    }

    /** What each formal takes, told by its default: an integer where it has none. */
    private static final class Kinds {
        private final Map<String, Datum> defaults;

        Kinds(ModelRef model) {
            Evaluator evaluator = new Evaluator(new Run(true));
            Formals formals = Formals.of(model, Map.of(), Map.of());
            Env env = formals.bind(evaluator);
            formals.forceAll(evaluator);
            this.defaults = formals.values(evaluator, env);
        }

        Datum checked(String name, Datum value, String origin) {
            Datum usual = defaults.get(name);
            boolean fits = switch (usual) {
                case null -> true;
                case Int number -> value instanceof Int;
                case Datum.Real number -> value instanceof Int || value instanceof Datum.Real;
                case Datum.Truth truth -> value instanceof Datum.Truth;
                case Datum.Text text -> value instanceof Datum.Text;
                case Datum.Block block -> value instanceof Datum.Block;
                default -> true;
            };
            if (!fits) {
                throw new TfxException(Diagnostic.error(
                        "TFX0202",
                        origin,
                        "`" + name + "` takes " + usual.kind() + " and is given " + value.kind() + ", " + value,
                        "give " + usual.kind()));
            }
            if (usual instanceof Int
                    && value instanceof Int number
                    && number.size().isConstant()) {
                long size = number.size().constant();
                if (size < 1 || size > MOST) {
                    throw new TfxException(Diagnostic.error(
                            "TFX0203",
                            origin,
                            "`" + name + "` = " + size + " is " + (size < 1 ? "less than 1" : "more than " + MOST),
                            "give a length from 1 to " + MOST));
                }
            }
            if (value instanceof Datum.Real real && !Double.isFinite(real.value())) {
                throw new TfxException(Diagnostic.error(
                        "TFX0203",
                        origin,
                        "`" + name + "` = " + real + " is no finite number",
                        "give a finite number"));
            }
            return value;
        }
    }
}
