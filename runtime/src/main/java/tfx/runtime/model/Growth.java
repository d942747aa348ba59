package tfx.runtime.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tfx.compiler.elaborate.Binding;
import tfx.compiler.elaborate.ConfigClause;
import tfx.compiler.elaborate.Datum;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.elaborate.Elaborator;
import tfx.compiler.elaborate.Inference;
import tfx.compiler.elaborate.WeightClause;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.ir.Size;
import tfx.runtime.weights.Checkpoint;
import tfx.runtime.weights.ModelConfig;
import tfx.runtime.weights.SafetensorsWriter;
import tfx.runtime.weights.StoredTensor;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * Writes the checkpoint of a model as a variant of it changes its parameters: the parameters that the variant's transforms give,
 * in the model's own official layout, with the configuration that then gives its sizes.
 */
public final class Growth {
    /** A parameter that changed: its shape as it was and as it is. */
    public record Change(String path, long[] before, long[] after) {}

    /**
     * What was written.
     *
     * @param variant the declaration whose transforms ran
     * @param configuration the keys that changed, dotted, with their values
     * @param before numbers in all parameters; {@code after} likewise
     */
    public record Report(
            String variant, List<Change> changes, Map<String, Object> configuration, long before, long after) {}

    private final LoadedModel source;
    private final LoadedModel grown;
    private final Map<String, Object> configuration = new LinkedHashMap<>();
    private ModelConfig config;
    private Elaborated target;

    private Growth(LoadedModel source, LoadedModel grown, ModelConfig config) {
        this.source = source;
        this.grown = grown;
        this.config = config;
    }

    /**
     * Writes the grown checkpoint, whole or not at all.
     *
     * @param request the model
     * @param formals what the variant's formals are set to; the first names the formal that a variant must have
     * @param seed of what the transforms draw
     * @throws TfxException TFX0640 where no variant has such a formal and transforms, TFX0641 where the configuration cannot say
     *     what changed, TFX0642 where nothing changes; what is wrong with model, weights or the values given
     */
    public static Report write(
            ModelRequest request, Map<String, ?> formals, long seed, Path out, Consumer<Diagnostic> notes) {
        Located located = Located.of(request);
        Map<String, Object> set = new LinkedHashMap<>();
        request.set().forEach((name, text) -> set.put(name, Scalars.parse(text)));
        try (LoadedModel source = LoadedModel.load(located, set, seed, notes)) {
            ModelRef variant =
                    variant(located.model(), formals.keySet().iterator().next());
            Map<String, Object> all = new LinkedHashMap<>(set);
            all.putAll(formals);
            Checkpoint weights = source.weights();
            try (LoadedModel grown = LoadedModel.load(located.with(variant), all, seed, note -> {})) {
                Growth growth = new Growth(source, grown, located.config());
                growth.settle(located.model(), set);
                List<Change> changes = growth.changes();
                growth.save(weights, out);
                return new Report(
                        variant.name(),
                        changes,
                        growth.configuration,
                        count(source.elaborated()),
                        count(growth.target));
            }
        }
    }

    /** The variant that grows a model: one with transforms and such a formal, of the model or of what it is a variant of. */
    private static ModelRef variant(ModelRef model, String formal) {
        for (Module.Declared base : model.chain()) {
            for (Module.Declared declared : base.module().visible().values()) {
                if (declared.tree() instanceof Tree.Variant variant
                        && variant.base().text().equals(base.tree().name().text())
                        && variant.formals().stream()
                                .anyMatch(it -> it.name().text().equals(formal))
                        && variant.clauses().stream().anyMatch(Tree.Transform.class::isInstance)) {
                    List<Module.Declared> chain = new ArrayList<>(model.chain());
                    chain.addFirst(declared);
                    return new ModelRef(variant.name().text(), List.copyOf(chain));
                }
            }
        }
        throw new TfxException(Diagnostic.error(
                "TFX0640",
                model.name(),
                "nothing says how this model grows: no variant of it has a formal `" + formal + "` and transforms",
                "declare one beside it: `variant Grown(" + formal + ") of " + model + " { transform ... on ... }`"));
    }

    /** Finds the configuration with which the model has the sizes of the grown one. */
    private void settle(ModelRef model, Map<String, Object> set) {
        for (int round = 0; ; round++) {
            Elaborator.Arguments arguments = ConfigClause.arguments(model, config.modelType(), config::value, set);
            for (String name : model.formals().keySet()) {
                // What the shapes of the weights tell.
                if (arguments.value(name).isEmpty()
                        && source.elaborated().arguments().get(name) instanceof Datum.Int) {
                    if (Inference.open(model, arguments).contains(name)) {
                        arguments
                                .values()
                                .put(name, grown.elaborated().arguments().get(name));
                    }
                }
            }
            target = Elaborator.elaborate(model, arguments);
            List<String> differing = new ArrayList<>();
            for (String name : model.formals().keySet()) {
                Datum now = grown.elaborated().arguments().get(name);
                Datum then = target.arguments().get(name);
                boolean scalar = now instanceof Datum.Int
                        || now instanceof Datum.Real
                        || now instanceof Datum.Text
                        || now instanceof Datum.Truth;
                if (scalar && then != null && !now.equals(then)) {
                    differing.add(name);
                }
            }
            if (differing.isEmpty()) {
                return;
            }
            boolean said = round < 4;
            for (String name : differing) {
                List<String> key = ConfigClause.key(model, config.modelType(), name);
                if (key.isEmpty() || set.containsKey(name) || !said) {
                    throw new TfxException(Diagnostic.error(
                            "TFX0641",
                            grown.elaborated().model().name(),
                            "`" + name + "` becomes "
                                    + grown.elaborated().arguments().get(name)
                                    + ", and no key of the configuration gives it as it stands",
                            "add `" + name + " = config.key` to the model's `config` clause"));
                }
                Object value = plain(grown.elaborated().arguments().get(name));
                configuration.put(String.join(".", key), value);
                config = config.with(key, value);
            }
        }
    }

    private static Object plain(Datum value) {
        return switch (value) {
            case Datum.Int number -> number.size().constant();
            case Datum.Real number -> number.value();
            case Datum.Truth truth -> truth.value();
            default -> ((Datum.Text) value).value();
        };
    }

    private static long count(Elaborated model) {
        return model.parameters().values().stream()
                .mapToLong(parameter -> Arrays.stream(shape(parameter)).reduce(1, Math::multiplyExact))
                .sum();
    }

    private static long[] shape(Elaborated.ParameterInfo parameter) {
        return parameter.value().shape().stream().mapToLong(Size::constant).toArray();
    }

    private List<Change> changes() {
        List<Change> changes = new ArrayList<>();
        for (String path : target.parameters().keySet()) {
            long[] before = Optional.ofNullable(source.elaborated().parameters().get(path))
                    .map(Growth::shape)
                    .orElseThrow(() -> unlike(path));
            long[] after = shape(target.parameters().get(path));
            List<Size> given = grown.elaborated().transformed().containsKey(path)
                    ? grown.elaborated().transformed().get(path).shape()
                    : grown.elaborated().parameters().get(path).value().shape();
            if (!Arrays.equals(after, given.stream().mapToLong(Size::constant).toArray())) {
                throw unlike(path);
            }
            if (!Arrays.equals(before, after)) {
                changes.add(new Change(path, before, after));
            }
        }
        if (changes.isEmpty()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0642",
                    grown.elaborated().model().name(),
                    "no parameter grows: they are as large already",
                    "ask for more"));
        }
        return changes;
    }

    private TfxException unlike(String path) {
        return new TfxException(Diagnostic.error(
                "TFX0641",
                grown.elaborated().model().name(),
                "the parameter `" + path + "` is not what `"
                        + source.elaborated().model() + "` has at its new sizes",
                "a variant that grows a model changes sizes and parameters, not its blocks"));
    }

    private void save(Checkpoint weights, Path out) {
        Map<String, long[]> official = new LinkedHashMap<>();
        for (String name : weights.names()) {
            official.put(name, weights.find(name).orElseThrow().shape());
        }
        Map<String, long[]> shapes =
                WeightClause.reshaped(source.elaborated(), target, LoadedModel.LAYOUT, source.bindings(), official);
        Map<String, Binding> bindings = WeightClause.bind(target, LoadedModel.LAYOUT, shapes);
        Map<String, List<String>> holds = new LinkedHashMap<>();
        bindings.forEach((path, binding) -> holds.computeIfAbsent(binding.official(), name -> new ArrayList<>())
                .add(path));
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        for (String name : weights.names()) {
            List<String> paths = holds.get(name);
            if (paths == null) {
                continue;
            }
            StoredTensor stored = weights.find(name).orElseThrow();
            boolean same = paths.stream().noneMatch(grown.elaborated().transformed()::containsKey);
            entries.add(
                    same
                            ? SafetensorsWriter.Entry.of(stored)
                            : new Transformed(grown, stored.dtype(), shapes.get(name)).entry(name, paths, bindings));
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put("config", config.json());
        SafetensorsWriter.write(out, metadata, entries);
    }
}
