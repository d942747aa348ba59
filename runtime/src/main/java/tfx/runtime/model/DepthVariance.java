package tfx.runtime.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * How the variance of what a model carries from layer to layer grows with depth (Sun et al. 2025, figure 1, of the residual
 * stream), on random token ids. Weights are the model's own, or drawn as it declares them.
 *
 * @param model the declaration
 * @param value the path of what is carried, its layer left open: {@code layers.*.x}
 * @param byLayer the variance over sequences, positions and channels after each layer
 */
public record DepthVariance(String model, String value, List<Double> byLayer) {
    /** A definition directly in a layer: what it stands in, the layers' name, the number, the name. */
    private static final Pattern IN_LAYER = Pattern.compile("((?:.+\\.)?)([^.]+)\\.([0-9]+)\\.([^.]+)");

    /**
     * What the model runs on.
     *
     * @param sequences how many at once
     * @param positions in each
     * @param seed of weights and ids
     */
    public record Trial(int sequences, int positions, long seed, String device, int threads) {}

    /**
     * The variances of every value that is carried from layer to layer, in order.
     *
     * @throws TfxException TFX0622 where there is none, TFX0608 where the positions are more than the context, besides those of
     *     {@link LoadedModel#load} and {@link LoadedModel#requireTokens}
     */
    public static List<DepthVariance> of(ModelRequest request, Trial trial, Consumer<Diagnostic> notes) {
        try (LoadedModel model = LoadedModel.load(request, notes)) {
            model.requireTokens();
            if (trial.positions() > model.context()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0608",
                        model.elaborated().model().name(),
                        trial.positions() + " positions are more than the model's context of " + model.context(),
                        "ask for fewer"));
            }
            Map<String, Map<Long, String>> carried = carried(model);
            if (carried.isEmpty()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0622",
                        model.elaborated().model().name(),
                        "the model carries no value from layer to layer",
                        "give a model with a `layers` statement that redefines a name"));
            }
            if (model.hasWeights()) {
                return run(model, trial, carried, model::parameter);
            }
            try (RandomWeights drawn = RandomWeights.declared(model, ElementType.F32, trial.seed())) {
                return run(model, trial, carried, drawn::tensor);
            }
        }
    }

    /** Names that are defined before layers and within, with their path in each layer. */
    private static Map<String, Map<Long, String>> carried(LoadedModel model) {
        Map<String, Map<Long, String>> all = new LinkedHashMap<>();
        for (String path : model.program().named().keySet()) {
            Matcher parts = IN_LAYER.matcher(path);
            if (parts.matches() && model.program().named().containsKey(parts.group(1) + parts.group(4))) {
                all.computeIfAbsent(parts.group(1) + parts.group(2) + ".*." + parts.group(4), name -> new TreeMap<>())
                        .put(Long.parseLong(parts.group(3)), path);
            }
        }
        return all;
    }

    private static List<DepthVariance> run(
            LoadedModel model,
            Trial trial,
            Map<String, Map<Long, String>> carried,
            java.util.function.Function<String, tfx.compiler.schedule.Tensor> weights) {
        List<String> observed = carried.values().stream()
                .flatMap(paths -> paths.values().stream())
                .toList();
        int ids = (int) Math.min(model.vocabulary(), Integer.MAX_VALUE);
        double[] tokens = new SplittableRandom(trial.seed())
                .ints((long) trial.sequences() * trial.positions(), 0, ids)
                .asDoubleStream()
                .toArray();
        Map<String, Reference.Array> given = Map.of(
                model.program().inputs().getFirst().name(),
                new Reference.Array(tokens, new long[] {trial.sequences(), trial.positions()}));
        String name = model.elaborated().model().name();
        try (LoadedModel.Running running = model.start(trial.device(), trial.threads(), observed, weights);
                Session session = running.engine().open(trial.sequences())) {
            Map<String, Reference.Result> results = session.advance(given, Session.Rows.ALL);
            List<DepthVariance> all = new ArrayList<>();
            carried.forEach((value, paths) -> all.add(new DepthVariance(
                    name,
                    value,
                    paths.values().stream()
                            .map(path -> variance(results.get(path).data()))
                            .toList())));
            return all;
        }
    }

    private static double variance(double[] data) {
        double mean = 0;
        for (double value : data) {
            mean += value / data.length;
        }
        double sum = 0;
        for (double value : data) {
            sum += (value - mean) * (value - mean);
        }
        return sum / data.length;
    }
}
