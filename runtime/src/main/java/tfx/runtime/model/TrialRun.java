package tfx.runtime.model;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.model.Equivalence.Failure;
import tfx.runtime.model.Equivalence.Law;

/**
 * A property-based test of an engine on one model: drawn sizes (where the model has no weights), weights, lengths, batches and
 * chunks, each driven in every way and held against the float64 reference.
 *
 * @param cases how many were run
 * @param errors by law: the largest error, relative to the reference's largest magnitude; laws that never applied are left out
 * @param failed the first failure, shrunk; null where all held
 */
public record TrialRun(
        int cases, Map<String, Double> errors, @Nullable Failed failed) {
    /** How many smaller cases are tried at most. */
    private static final int MOST_SHRINKS = 150;

    /**
     * A case that fails.
     *
     * @param seed draws the case it was found as
     * @param trial the smallest found that fails by the same law
     * @param output empty where the engine failed instead of giving a result
     * @param fault what the engine failed with, or null
     */
    public record Failed(
            long seed,
            String law,
            Trial trial,
            String output,
            @Nullable Difference difference,
            @Nullable Throwable fault) {}

    /** Told of how far a test is; {@code total} grows where a failing case is made smaller. */
    public interface Listener {
        void at(long done, long total);
    }

    /**
     * Runs cases until one fails. Case i is that of {@code seed + i}.
     *
     * @param tolerance largest error allowed, relative to the reference's largest magnitude
     * @throws tfx.source.TfxException what is wrong with the model as it is given
     */
    public static TrialRun of(
            ModelRequest request, String device, int cases, long seed, double tolerance, Listener listener) {
        boolean own = hasWeights(request);
        Trials trials = new Trials(request, own);
        Map<Law, Double> errors = new EnumMap<>(Law.class);
        for (int i = 0; i < cases; i++) {
            Trial trial = trials.draw(seed + i);
            Optional<Failure> failure = check(trials, own, device, trial, tolerance, errors);
            if (failure.isPresent()) {
                Failed smallest = shrink(trials, own, device, trial, failure.get(), tolerance, listener);
                return new TrialRun(i + 1, shown(errors), smallest);
            }
            listener.at(i + 1, cases);
        }
        return new TrialRun(cases, shown(errors), null);
    }

    private static boolean hasWeights(ModelRequest request) {
        return Located.of(request).weights() != null;
    }

    private static Map<String, Double> shown(Map<Law, Double> errors) {
        Map<String, Double> shown = new LinkedHashMap<>();
        errors.forEach((law, error) -> shown.put(law.toString(), error));
        return shown;
    }

    private static Optional<Failure> check(
            Trials trials, boolean own, String device, Trial trial, double tolerance, Map<Law, Double> errors) {
        try (LoadedModel model = LoadedModel.load(trials.request(trial.set()), note -> {})) {
            if (own) {
                return Equivalence.check(model, model::parameter, device, trial, tolerance, errors);
            }
            try (RandomWeights weights = RandomWeights.lively(model, ElementType.F32, trial.seed())) {
                return Equivalence.check(model, weights::tensor, device, trial, tolerance, errors);
            }
        }
    }

    private static Failed shrink(
            Trials trials,
            boolean own,
            String device,
            Trial found,
            Failure first,
            double tolerance,
            Listener listener) {
        Trial smallest = found;
        Failure failure = first;
        int tried = 0;
        boolean smaller = true;
        while (smaller && tried < MOST_SHRINKS) {
            smaller = false;
            for (Trial trial : trials.smaller(smallest)) {
                if (++tried > MOST_SHRINKS) {
                    break;
                }
                listener.at(tried, MOST_SHRINKS);
                Optional<Failure> again = check(trials, own, device, trial, tolerance, new EnumMap<>(Law.class));
                if (again.isPresent() && again.get().law() == failure.law()) {
                    smallest = trial;
                    failure = again.get();
                    smaller = true;
                    break;
                }
            }
        }
        return new Failed(
                found.seed(),
                failure.law().toString(),
                smallest,
                failure.output(),
                failure.difference(),
                failure.fault());
    }
}
