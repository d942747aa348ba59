package tfx.runtime.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tfx.compiler.elaborate.Datum;
import tfx.compiler.names.ModelRef;
import tfx.source.TfxException;

/** Draws cases for a model, and smaller ones from a case. */
final class Trials {
    private static final int[] SIZES = {1, 1, 2, 2, 3, 4, 4, 5, 6, 8, 12, 16};
    private static final int[] LENGTHS = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33};
    private static final int MOST_TRIES = 400;

    /** Positions that run at once, one less and some more: what lies on both sides of the border of a step. */
    private static final int[] LONG = {255, 256, 257, 300};

    /** Multiply-adds of parameters that the reference is asked for at most in a case. */
    private static final double MOST_WORK = 3e7;

    private final ModelRequest request;
    private final ModelRef model;
    private final boolean own;

    /** @param own whether the model comes with weights, whose sizes are then the only ones */
    Trials(ModelRequest request, boolean own) {
        this.request = request;
        this.model = Located.of(request).model();
        this.own = own;
    }

    /** The request with what was drawn. */
    ModelRequest request(Map<String, String> set) {
        Map<String, String> all = new LinkedHashMap<>(request.set());
        all.putAll(set);
        return new ModelRequest(request.model(), request.name(), all, request.config(), request.weights());
    }

    /** The case of a seed. */
    Trial draw(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, String> set = own ? Map.of() : sizes(random);
        try (LoadedModel loaded = LoadedModel.load(request(set), note -> {})) {
            int batch = 1 + random.nextInt(3);
            long parameters = loaded.elaborated().parameters().values().stream()
                    .mapToLong(info -> tfx.compiler.schedule.Costs.count(info.value()))
                    .sum();
            int most = (int) Math.min(loaded.context(), Math.max(2, MOST_WORK / Math.max(1, parameters) / batch));
            int[] lengths = random.nextInt(8) == 0 ? LONG : LENGTHS;
            int length = Math.min(most, lengths[random.nextInt(lengths.length)]);
            return new Trial(set, batch, chunks(length, random), seed);
        }
    }

    private static List<Integer> chunks(int length, SplittableRandom random) {
        List<Integer> chunks = new ArrayList<>();
        for (int rest = length; rest > 0; rest -= chunks.getLast()) {
            chunks.add(1 + random.nextInt(rest));
        }
        return chunks;
    }

    /** Small values for the formals that must have one, then for others that are numbers or truths, as far as the model takes them. */
    private Map<String, String> sizes(SplittableRandom random) {
        Map<String, String> set = base(random);
        Optional<Map<String, Datum>> arguments = arguments(set);
        if (arguments.isEmpty()) {
            // What is wrong with the model as it is given is for the user to see.
            LoadedModel.load(request(Map.of()), note -> {}).close();
            return Map.of();
        }
        for (Map.Entry<String, Datum> argument : arguments.get().entrySet()) {
            String name = argument.getKey();
            if (set.containsKey(name) || request.set().containsKey(name) || random.nextBoolean()) {
                continue;
            }
            Map<String, String> more = new TreeMap<>(set);
            switch (argument.getValue()) {
                case Datum.Int size -> more.put(name, size(random));
                case Datum.Truth truth -> more.put(name, String.valueOf(!truth.value()));
                default -> {}
            }
            if (more.size() > set.size() && arguments(more).isPresent()) {
                set = more;
            }
        }
        return set;
    }

    private Map<String, String> base(SplittableRandom random) {
        Map<String, ModelRef.Override> overrides = model.overrides();
        List<String> needed = model.formals().entrySet().stream()
                .filter(formal -> formal.getValue().tree().initial().isEmpty())
                .map(Map.Entry::getKey)
                .filter(name -> !overrides.containsKey(name) && !request.set().containsKey(name))
                .toList();
        Map<String, String> set = new TreeMap<>();
        for (int i = 0; i < MOST_TRIES; i++) {
            set.clear();
            needed.forEach(name -> set.put(name, size(random)));
            if (arguments(set).isPresent()) {
                return set;
            }
        }
        return Map.of();
    }

    private static String size(SplittableRandom random) {
        return String.valueOf(SIZES[random.nextInt(SIZES.length)]);
    }

    /** The values of all formals; empty where the model does not take these. */
    private Optional<Map<String, Datum>> arguments(Map<String, String> set) {
        try (LoadedModel loaded = LoadedModel.load(request(set), note -> {})) {
            return Optional.of(loaded.elaborated().arguments());
        } catch (TfxException refused) {
            return Optional.empty();
        }
    }

    /** Cases that are smaller by one thing, the boldest first. */
    List<Trial> smaller(Trial trial) {
        List<Trial> all = new ArrayList<>();
        if (trial.batch() > 1) {
            all.add(new Trial(trial.set(), 1, trial.chunks(), trial.seed()));
        }
        List<Integer> chunks = trial.chunks();
        for (int i = 0; chunks.size() > 1 && i < chunks.size(); i++) {
            List<Integer> fewer = new ArrayList<>(chunks);
            fewer.remove(i);
            all.add(new Trial(trial.set(), trial.batch(), fewer, trial.seed()));
        }
        for (int i = 0; i < chunks.size(); i++) {
            int size = chunks.get(i);
            for (int less : new int[] {1, size / 2, size - 1}) {
                if (less >= 1 && less < size) {
                    List<Integer> shorter = new ArrayList<>(chunks);
                    shorter.set(i, less);
                    all.add(new Trial(trial.set(), trial.batch(), shorter, trial.seed()));
                }
            }
        }
        trial.set().forEach((name, value) -> {
            for (String less : less(value)) {
                Map<String, String> set = new TreeMap<>(trial.set());
                set.put(name, less);
                if (arguments(set).isPresent()) {
                    all.add(new Trial(set, trial.batch(), trial.chunks(), trial.seed()));
                }
            }
        });
        return all;
    }

    private static List<String> less(String value) {
        if (value.equals("true")) {
            return List.of("false");
        }
        if (value.equals("false")) {
            return List.of();
        }
        int number = Integer.parseInt(value);
        return java.util.stream.IntStream.of(1, number / 2, number - 1)
                .filter(less -> less >= 1 && less < number)
                .distinct()
                .mapToObj(String::valueOf)
                .toList();
    }
}
