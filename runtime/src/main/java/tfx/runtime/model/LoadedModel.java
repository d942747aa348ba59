package tfx.runtime.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tfx.backend.cpu.CpuBackend;
import tfx.backend.cpu.PoolWorkers;
import tfx.backend.tornado.TornadoBackend;
import tfx.compiler.elaborate.Binding;
import tfx.compiler.elaborate.ConfigClause;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.elaborate.Elaborator;
import tfx.compiler.elaborate.Inference;
import tfx.compiler.elaborate.ValueNames;
import tfx.compiler.elaborate.WeightClause;
import tfx.compiler.names.ModelRef;
import tfx.compiler.passes.Known;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Observations;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Engines;
import tfx.runtime.plan.KernelSources;
import tfx.runtime.reference.ReferenceBackend;
import tfx.runtime.text.HuggingFaceTokenizer;
import tfx.runtime.text.Tokenizer;
import tfx.runtime.weights.Checkpoint;
import tfx.runtime.weights.ModelConfig;
import tfx.runtime.weights.StoredTensor;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** A model with its parameters' sizes known and its weights, where there are any, mapped and bound. */
public final class LoadedModel implements AutoCloseable {
    static final String LAYOUT = "huggingface";

    private final Located located;
    private final Elaborated elaborated;
    private final @Nullable Checkpoint weights;
    private final Map<String, Binding> bindings;
    private final Map<String, Tensor> given;
    private final Consumer<Diagnostic> notes;
    private final InitialValues initial;

    private LoadedModel(
            Located located,
            Elaborated elaborated,
            @Nullable Checkpoint weights,
            Map<String, Binding> bindings,
            Map<String, Tensor> given,
            Consumer<Diagnostic> notes,
            long seed) {
        this.located = located;
        this.elaborated = elaborated;
        this.weights = weights;
        this.bindings = bindings;
        this.given = given;
        this.notes = notes;
        this.initial = new InitialValues(seed);
    }

    /**
     * Finds, elaborates and binds a model.
     *
     * @param notes receives what the user should know
     * @throws TfxException TFX00xx to TFX03xx and TFX0610, TFX0611: what is wrong with source, configuration or weights
     */
    public static LoadedModel load(ModelRequest request, Consumer<Diagnostic> notes) {
        Map<String, Object> set = new LinkedHashMap<>();
        request.set().forEach((name, text) -> set.put(name, Scalars.parse(text)));
        return load(Located.of(request), set, 0, notes);
    }

    /**
     * As {@link #load(ModelRequest, Consumer)}, for a declaration that is known.
     *
     * @param weights a file or folder of weights; configuration and tokenizer are looked for beside them
     * @param formals values of formals that win over the configuration, as JSON has them
     */
    public static LoadedModel load(ModelRef model, Path weights, Map<String, ?> formals, Consumer<Diagnostic> notes) {
        return load(Located.of(model, weights), formals, 0, notes);
    }

    /**
     * A model with its weights in memory, without configuration and tokenizer.
     *
     * @param formals values of formals, as JSON has them
     * @param parameters by path, each of its parameter's shape
     * @throws TfxException TFX01xx to TFX02xx; TFX0523 for parameters that are missing, unknown or of another shape
     */
    public static LoadedModel of(
            ModelRef model, Map<String, ?> formals, Map<String, Tensor> parameters, Consumer<Diagnostic> notes) {
        Elaborator.Arguments arguments =
                ConfigClause.arguments(model, Optional.empty(), key -> Optional.empty(), formals);
        Elaborated elaborated =
                Elaborator.elaborate(model, Inference.infer(model, arguments, LAYOUT, new LinkedHashMap<>()));
        GivenParameters.check(elaborated, parameters);
        Located located = new Located(model, ModelConfig.empty(), null, null);
        return new LoadedModel(located, elaborated, null, Map.of(), Map.copyOf(parameters), notes, 0);
    }

    /**
     * As {@link #load(ModelRequest, Consumer)}.
     *
     * @param set the formals that are given
     * @param seed of what the model's transforms draw
     */
    static LoadedModel load(Located located, Map<String, ?> set, long seed, Consumer<Diagnostic> notes) {
        @Nullable Checkpoint weights = located.weights() == null ? null : Checkpoint.open(located.weights());
        try {
            Map<String, long[]> official = new LinkedHashMap<>();
            if (weights != null) {
                weights.notes().forEach(notes);
                for (String name : weights.names()) {
                    official.put(name, weights.find(name).orElseThrow().shape());
                }
            }
            ModelConfig config = located.config();
            Elaborator.Arguments arguments =
                    ConfigClause.arguments(located.model(), config.modelType(), config::value, set);
            Elaborated elaborated = Elaborator.elaborate(
                    located.model(), Inference.infer(located.model(), arguments, LAYOUT, official));
            Map<String, Binding> bindings = weights == null ? Map.of() : bind(elaborated, weights, official);
            return new LoadedModel(located, elaborated, weights, bindings, Map.of(), notes, seed);
        } catch (RuntimeException fault) {
            if (weights != null) {
                weights.close();
            }
            throw fault;
        }
    }

    /** A dump holds more than weights: what is no weight in it is left aside, not an error. */
    private static Map<String, Binding> bind(Elaborated elaborated, Checkpoint weights, Map<String, long[]> official) {
        Map<String, long[]> candidates = new LinkedHashMap<>(official);
        if (weights.metadata().containsKey("config")) {
            ValueNames names = new ValueNames(elaborated);
            candidates.keySet().removeIf(name -> !names.values(name).isEmpty());
            while (true) {
                try {
                    return WeightClause.bind(elaborated, LAYOUT, candidates);
                } catch (TfxException fault) {
                    if (!fault.diagnostics().stream().allMatch(d -> d.code().equals("TFX0213"))) {
                        throw fault;
                    }
                    // A fault lists some of them only.
                    fault.diagnostics().forEach(extra -> candidates.remove(extra.where()));
                }
            }
        }
        return WeightClause.bind(elaborated, LAYOUT, candidates);
    }

    public Elaborated elaborated() {
        return elaborated;
    }

    public Program program() {
        return elaborated.program();
    }

    /** Whether the weights are that file. */
    boolean readsFrom(Path file) {
        try {
            return weights != null && Files.isSameFile(Path.of(weights.name()), file);
        } catch (IOException gone) {
            return false;
        }
    }

    /** What compiling may take for known: the small ones among the weights, where there are any. */
    public Known known() {
        return weights == null ? Known.NOTHING : Engines.known(this::parameter);
    }

    /** Where each parameter lies. */
    Map<String, Binding> bindings() {
        return bindings;
    }

    /** TFX0616 where there are none. */
    Checkpoint weights() {
        if (weights == null) {
            requireWeights();
            throw new IllegalStateException("a model without parameters has no weights");
        }
        return weights;
    }

    /** Whether a parameter lies in that official tensor, or the weights clause knows it as redundant. */
    public boolean accountsFor(String official) {
        return bindings.values().stream().anyMatch(binding -> binding.official().equals(official))
                || WeightClause.redundant(elaborated, LAYOUT, official);
    }

    /** TFX0616 where the model has parameters and no weights were found. */
    public void requireWeights() {
        if (weights == null && given.size() < elaborated.parameters().size()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0616",
                    elaborated.model().name(),
                    "there are no weights beside the model",
                    "give --weights FILE|DIR"));
        }
    }

    /** TFX0619 where the model does not take token ids and nothing else. */
    public void requireTokens() {
        List<Value.Input> inputs = program().inputs();
        if (inputs.size() != 1 || inputs.getFirst().kind() != Value.Kind.INTEGER) {
            throw new TfxException(Diagnostic.error(
                    "TFX0619",
                    elaborated.model().name(),
                    "the model takes " + inputs + ", not one sequence of token ids",
                    "compare gives a model inputs of any kind"));
        }
    }

    public boolean hasWeights() {
        return weights != null;
    }

    /** How a parameter's numbers are stored; empty where there are no weights. */
    public Optional<ElementType> storedType(String parameter) {
        Binding binding = bindings.get(parameter);
        return binding == null || weights == null
                ? Optional.empty()
                : weights.find(binding.official())
                        .filter(stored -> stored.dtype().isFloat())
                        .map(stored -> ElementType.valueOf(stored.dtype().name()));
    }

    /** Parameters that are another one under a second path, by their own: {@link WeightClause#tied}. */
    public Map<String, String> tied() {
        return WeightClause.tied(elaborated, LAYOUT);
    }

    /** The most positions a sequence may have. */
    public long context() {
        return elaborated.limits().getOrDefault(String.valueOf(program().length()), (long) Integer.MAX_VALUE);
    }

    /** Ids of the first input lie below this. */
    public long vocabulary() {
        return elaborated.idBounds().values().stream().findFirst().orElse((long) Integer.MAX_VALUE);
    }

    /** The ids that end a text, as the configuration says: {@code eos_token_id}, one or a list. */
    public Set<Integer> ends() {
        Set<Integer> ends = new HashSet<>();
        Optional<Object> ids = located.config().get("eos_token_id");
        ids.ifPresent(value -> (value instanceof List<?> list ? list : List.of(value)).forEach(id -> {
            if (id instanceof Number number) {
                ends.add(number.intValue());
            }
        }));
        return ends;
    }

    /** TFX04xx where there is none or it is broken. */
    public Tokenizer tokenizer() {
        Path at = located.tokenizer();
        return HuggingFaceTokenizer.load(at == null ? Path.of("") : at);
    }

    /** An engine and its threads. */
    public record Running(Engine engine, PoolWorkers workers, Backend backend) implements AutoCloseable {
        @Override
        public void close() {
            backend.close();
            workers.close();
        }
    }

    /**
     * Puts the model on a device.
     *
     * @param device {@code cpu}, {@code reference} or {@code gpu}, which may name one of its kinds after a colon
     * @param observed paths of named values to give among the outputs
     */
    public Running start(String device, int threads, List<String> observed) {
        return start(device, threads, observed, this::parameter);
    }

    /** The same with other weights than the model's own. */
    public Running start(String device, int threads, List<String> observed, Function<String, Tensor> parameters) {
        Backend backend = backend(device);
        PoolWorkers workers = new PoolWorkers(threads);
        try {
            return new Running(engine(backend, workers, observed, parameters), workers, backend);
        } catch (RuntimeException fault) {
            workers.close();
            backend.close();
            throw fault;
        }
    }

    /** An engine on a backend and threads of the caller's. */
    Engine engine(Backend backend, Workers workers, List<String> observed, Function<String, Tensor> parameters) {
        Program asked = Observations.observe(program(), observed);
        return backend instanceof ReferenceBackend
                ? Engines.reference(asked, parameters, workers, notes)
                : Engines.compiled(asked, backend, parameters, workers, notes);
    }

    /**
     * The code that the compiled engine of a device makes of this model.
     *
     * @param stored how weights are stored where there are none
     */
    public List<KernelSources.Source> sources(String device, ElementType stored) {
        try (Backend backend = backend(device)) {
            return KernelSources.of(
                    Scheduler.schedule(Passes.run(program(), known())),
                    backend,
                    parameter -> storedType(parameter.name()).orElse(stored),
                    ElementType.F32,
                    ElementType.I32);
        }
    }

    Backend backend(String device) {
        return device.equals("reference")
                ? new ReferenceBackend()
                : device.startsWith("gpu") ? TornadoBackend.open(device, notes) : new CpuBackend();
    }

    /** A parameter where it lies in the mapped file or the given memory. */
    Tensor parameter(String name) {
        Tensor tensor = given.get(name);
        if (tensor != null) {
            return tensor;
        }
        Binding binding = bindings.get(name);
        if (binding == null && elaborated.ofTransforms().contains(name)) {
            return initial.draw(elaborated.parameters().get(name));
        }
        if (binding == null || weights == null) {
            throw new IllegalStateException("parameter " + name + " has no weights");
        }
        StoredTensor stored = weights.find(binding.official()).orElseThrow();
        if (!stored.dtype().isFloat()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0617",
                    binding.official(),
                    "the weights of " + name + " are " + stored.dtype() + ", not floating-point numbers",
                    "give weights in F32, F16, BF16 or F64"));
        }
        long[] shape = elaborated.parameters().get(name).value().shape().stream()
                .mapToLong(Size::constant)
                .toArray();
        return new Tensor(
                stored.data(),
                ElementType.valueOf(stored.dtype().name()),
                shape,
                binding.strides(),
                binding.offset(),
                0,
                0,
                -1);
    }

    @Override
    public void close() {
        initial.close();
        if (weights != null) {
            weights.close();
        }
    }
}
