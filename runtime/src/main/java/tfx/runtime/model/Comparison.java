package tfx.runtime.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.ValueNames;
import tfx.compiler.elaborate.ValueNames.Named;
import tfx.ir.Value;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;
import tfx.runtime.weights.Checkpoint;
import tfx.runtime.weights.StoredTensor;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * A model's values against those in a dump.
 *
 * @param rows one per tensor of the dump that the model has a value for, in the dump's order
 * @param others tensors of the dump that are neither weights nor inputs nor values of the model
 */
public record Comparison(List<Row> rows, List<String> others) {
    /**
     * One tensor.
     *
     * @param model the declaration whose value it is
     * @param path the model's value
     * @param difference null where the shapes disagree
     * @param fault what keeps the two from being compared, or null
     */
    public record Row(
            String tensor,
            String model,
            String path,
            @Nullable Difference difference,
            @Nullable String fault) {
        public boolean within(double tolerance) {
            return difference != null && difference.within(tolerance);
        }
    }

    public boolean within(double tolerance) {
        return rows.stream().allMatch(row -> row.within(tolerance));
    }

    /**
     * Runs the model on the dump's inputs, whole, and compares every value that both have. Only these are computed. What the
     * dump holds beside them may be of another situation (weights grown, a part replaced): where the weights are the dump's own
     * and the request names no model, further models of the file whose {@code names} clause speaks of such tensors are compared
     * on those.
     *
     * @param notes receives what the user should know
     * @throws TfxException TFX0613 where the dump lacks an input, TFX0614 where it has nothing to compare
     */
    public static Comparison of(
            ModelRequest request, Checkpoint dump, String device, int threads, Consumer<Diagnostic> notes) {
        Comparison first;
        List<String> further = new ArrayList<>();
        try (LoadedModel model = LoadedModel.load(request, notes)) {
            model.requireWeights();
            first = of(model, dump, dump.names(), device, threads);
            if (first.rows().isEmpty()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0614",
                        dump.name(),
                        "the dump holds no value of this model",
                        "say in the model's `names` clause what the dump calls its values"));
            }
            if (request.name() == null && model.readsFrom(Path.of(dump.name()))) {
                further.addAll(ValueNames.naming(model.elaborated().model().module(), first.others()));
                further.remove(model.elaborated().model().name());
            }
        }
        List<Row> rows = new ArrayList<>(first.rows());
        Set<String> others = new LinkedHashSet<>(first.others());
        for (String name : further) {
            try (LoadedModel model = LoadedModel.load(request.named(name), notes)) {
                Set<String> wanted = new LinkedHashSet<>(others);
                ValueNames names = new ValueNames(model.elaborated());
                dump.names().stream()
                        .filter(tensor -> input(model, names.values(tensor)).isPresent())
                        .forEach(wanted::add);
                Comparison next = of(model, dump, wanted, device, threads);
                rows.addAll(next.rows());
                next.rows().forEach(row -> others.remove(row.tensor()));
                others.removeIf(model::accountsFor);
            }
        }
        return new Comparison(List.copyOf(rows), List.copyOf(others));
    }

    /** One model on some tensors of the dump; no rows where it has a value for none. */
    private static Comparison of(
            LoadedModel model, Checkpoint dump, Collection<String> tensors, String device, int threads) {
        ValueNames names = new ValueNames(model.elaborated());
        Map<String, List<Named>> compared = new LinkedHashMap<>();
        Map<String, StoredTensor> inputs = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        for (String name : tensors) {
            List<Named> values = names.values(name);
            Optional<Value.Input> input = input(model, values);
            if (input.isPresent()) {
                inputs.put(input.get().name(), dump.find(name).orElseThrow());
            } else if (!values.isEmpty()) {
                compared.put(name, values);
            } else if (!model.accountsFor(name)) {
                others.add(name);
            }
        }
        for (Value.Input input : model.program().inputs()) {
            if (!inputs.containsKey(input.name())) {
                throw new TfxException(Diagnostic.error(
                        "TFX0613",
                        dump.name(),
                        "the dump holds no tensor for the model's input " + input.name(),
                        "say in the model's `names` clause what the dump calls it"));
            }
        }
        if (compared.isEmpty()) {
            return new Comparison(List.of(), others);
        }
        Map<String, Reference.Array> given = new LinkedHashMap<>();
        inputs.forEach((name, tensor) -> given.put(name, new Reference.Array(tensor.toDoubles(), tensor.shape())));
        List<String> observed = compared.values().stream()
                .flatMap(values -> values.stream().map(Named::path))
                .filter(path -> !model.program().outputs().containsKey(path))
                .toList();
        int batch = given.isEmpty()
                ? 1
                : Math.toIntExact(given.values().iterator().next().shape()[0]);
        List<Row> rows = new ArrayList<>();
        try (LoadedModel.Running running = model.start(device, threads, observed)) {
            Engine engine = running.engine();
            try (Session session = engine.open(batch)) {
                Map<String, Reference.Result> results = session.advance(given, Session.Rows.ALL);
                compared.forEach((name, values) -> rows.addAll(new ComparedTensor(
                                model.elaborated(), name, dump.find(name).orElseThrow())
                        .rows(values, results)));
            }
        }
        return new Comparison(List.copyOf(rows), List.copyOf(others));
    }

    /** The input of the model that a tensor of a dump is. */
    private static Optional<Value.Input> input(LoadedModel model, List<Named> values) {
        return model.program().inputs().stream()
                .filter(input -> values.stream().anyMatch(value -> value.path().equals(input.name())))
                .findFirst();
    }
}
