package tfx.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tfx.backend.cpu.PoolWorkers;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Value;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;

/** An engine against the float64 reference on one case, in every way of driving it. */
final class Equivalence {
    /** What must hold. */
    enum Law {
        WHOLE("the whole sequence at once = reference"),
        TOKENS("one position after the other = reference"),
        CHUNKS("in chunks = reference"),
        SINGLE("every sequence of the batch alone = reference"),
        THREADS("one thread = two threads, bit for bit");

        private final String shown;

        Law(String shown) {
            this.shown = shown;
        }

        @Override
        public String toString() {
            return shown;
        }
    }

    /**
     * A law that does not hold.
     *
     * @param output the output that differs; empty where the engine failed
     * @param difference null where the engine failed
     * @param fault what it failed with, or null
     */
    record Failure(
            Law law,
            String output,
            @Nullable Difference difference,
            @Nullable Throwable fault) {}

    /** Hands work to one thread or to all. */
    private static final class Switch implements Workers {
        private final PoolWorkers pool;
        private boolean single;

        Switch(PoolWorkers pool) {
            this.pool = pool;
        }

        @Override
        public int count() {
            return single ? 1 : pool.count();
        }

        @Override
        public void forEach(int parts, IntConsumer task) {
            if (single) {
                for (int part = 0; part < parts; part++) {
                    task.accept(part);
                }
            } else {
                pool.forEach(parts, task);
            }
        }
    }

    /** An engine rounds at every operation, where a rounding reference does so at every value. */
    private static final double TIMES_ROUNDING = 8;

    /** One draw of roundings may move an output by a tenth of what another does: the largest of some is steady. */
    private static final int ROUNDINGS = 8;

    private final LoadedModel model;
    private final Function<String, Tensor> parameters;
    private final Trial trial;
    private final double tolerance;
    private final Map<Law, Double> errors;
    private final TrialInputs inputs;

    private Equivalence(
            LoadedModel model,
            Function<String, Tensor> parameters,
            Trial trial,
            double tolerance,
            Map<Law, Double> errors) {
        this.model = model;
        this.parameters = parameters;
        this.trial = trial;
        this.tolerance = tolerance;
        this.errors = errors;
        this.inputs = new TrialInputs(model, trial.batch(), trial.length(), trial.seed());
    }

    /**
     * Checks every law that applies. Where roundings to float32 move an output by more than an eighth of the tolerance, as where a
     * difference of nearly equal numbers is normalised, eight times that is allowed.
     *
     * @param errors receives each law's largest error relative to the reference's largest magnitude
     * @return the first that does not hold
     */
    static Optional<Failure> check(
            LoadedModel model,
            Function<String, Tensor> parameters,
            String device,
            Trial trial,
            double tolerance,
            Map<Law, Double> errors) {
        return new Equivalence(model, parameters, trial, tolerance, errors).check(device);
    }

    private Optional<Failure> check(String device) {
        Law[] law = {Law.WHOLE};
        try (PoolWorkers pool = new PoolWorkers(2);
                Backend backend = model.backend(device)) {
            Map<String, Reference.Result> expected = evaluated(new Reference(model.program(), parameters, pool));
            try {
                Switch workers = new Switch(pool);
                Engine engine = model.engine(backend, workers, List.of(), parameters);
                Map<Law, Run> runs = new EnumMap<>(Law.class);
                runs.put(Law.WHOLE, () -> whole(engine, trial.batch(), inputs.all()));
                if (stepwise(engine)) {
                    runs.put(Law.TOKENS, () -> parts(engine, Collections.nCopies(trial.length(), 1)));
                    runs.put(Law.CHUNKS, () -> parts(engine, trial.chunks()));
                }
                runs.put(Law.SINGLE, () -> alone(engine));
                Map<String, Reference.Result> two = Map.of();
                for (Map.Entry<Law, Run> run : runs.entrySet()) {
                    law[0] = run.getKey();
                    Map<String, Reference.Result> found = run.getValue().outputs();
                    two = law[0] == Law.WHOLE ? found : two;
                    Optional<Failure> failure = differs(law[0], expected, found, tolerance);
                    if (failure.isPresent()) {
                        return failure;
                    }
                }
                law[0] = Law.THREADS;
                workers.single = true;
                return differs(Law.THREADS, two, whole(engine, trial.batch(), inputs.all()), 0);
            } catch (RuntimeException | LinkageError fault) {
                return Optional.of(new Failure(law[0], "", null, fault));
            }
        }
    }

    private Map<String, Reference.Result> evaluated(Reference reference) {
        return reference.evaluate(
                inputs.all(), Map.of(), model.program().outputs().keySet());
    }

    /** Whether roundings of the reference's values explain a difference: some draw moves the output far enough, by a finite number. */
    private boolean magnified(String output, double[] want, Difference difference) {
        try (PoolWorkers pool = new PoolWorkers(2)) {
            Reference rounding = Reference.rounding(model.program(), parameters, pool, trial.seed());
            return IntStream.range(0, ROUNDINGS).anyMatch(draw -> {
                Reference.Result moved = evaluated(rounding).get(output);
                double by = Difference.of(moved.shape(), i -> want[(int) i], i -> moved.data()[(int) i])
                        .maxRel();
                return Double.isFinite(by) && difference.within(TIMES_ROUNDING * by);
            });
        }
    }

    private interface Run {
        Map<String, Reference.Result> outputs();
    }

    private Optional<Failure> differs(
            Law law, Map<String, Reference.Result> expected, Map<String, Reference.Result> found, double allowed) {
        for (Map.Entry<String, Reference.Result> output : expected.entrySet()) {
            double[] want = output.getValue().data();
            Reference.Result got = found.get(output.getKey());
            if (!Arrays.equals(output.getValue().shape(), got.shape())) {
                return Optional.of(new Failure(
                        law,
                        output.getKey(),
                        null,
                        new IllegalStateException("shape " + Arrays.toString(got.shape()) + " where "
                                + Arrays.toString(output.getValue().shape()) + " is right")));
            }
            Difference difference = Difference.of(got.shape(), i -> want[(int) i], i -> got.data()[(int) i]);
            errors.merge(law, difference.maxRel(), Math::max);
            if (!difference.within(allowed) && (allowed == 0 || !magnified(output.getKey(), want, difference))) {
                return Optional.of(new Failure(law, output.getKey(), difference, null));
            }
        }
        return Optional.empty();
    }

    private static Map<String, Reference.Result> whole(Engine engine, int batch, Map<String, Reference.Array> given) {
        try (Session session = engine.open(batch)) {
            return session.advance(given, Session.Rows.ALL);
        }
    }

    /** Whether positions can be given one after the other, and every output put together from its rows. */
    private boolean stepwise(Engine engine) {
        String length = model.program().length();
        return engine.schedule().causality().incremental()
                && model.program().outputs().values().stream().allMatch(value -> rows(value, length))
                && model.program().inputs().stream().allMatch(input -> rows(input, length));
    }

    private static boolean rows(Value value, String length) {
        long along = value.shape().stream().filter(size -> !size.isConstant()).count();
        return along == 1 && Scheduler.sequenceAxis(value, length) >= 0;
    }

    private Map<String, Reference.Result> parts(Engine engine, List<Integer> sizes) {
        Map<String, List<Reference.Result>> parts = new LinkedHashMap<>();
        try (Session session = engine.open(trial.batch())) {
            int from = 0;
            for (int size : sizes) {
                session.advance(inputs.positions(from, from + size), Session.Rows.ALL)
                        .forEach((name, result) -> parts.computeIfAbsent(name, n -> new ArrayList<>())
                                .add(result));
                from += size;
            }
        }
        Map<String, Reference.Result> joined = new LinkedHashMap<>();
        parts.forEach((name, all) -> {
            Value value = model.program().outputs().get(name);
            int axis = Scheduler.sequenceAxis(value, model.program().length());
            joined.put(name, joined(all, all.getFirst().batched() ? axis + 1 : axis));
        });
        return joined;
    }

    private Map<String, Reference.Result> alone(Engine engine) {
        Map<String, List<Reference.Result>> parts = new LinkedHashMap<>();
        for (int b = 0; b < trial.batch(); b++) {
            whole(engine, 1, inputs.sequence(b))
                    .forEach((name, result) ->
                            parts.computeIfAbsent(name, n -> new ArrayList<>()).add(result));
        }
        Map<String, Reference.Result> joined = new LinkedHashMap<>();
        parts.forEach((name, all) -> joined.put(name, all.getFirst().batched() ? joined(all, 0) : all.getFirst()));
        return joined;
    }

    /** Results one behind the other along an axis. */
    private static Reference.Result joined(List<Reference.Result> parts, int axis) {
        long[] shape = parts.getFirst().shape().clone();
        shape[axis] = parts.stream().mapToLong(part -> part.shape()[axis]).sum();
        int outer = 1;
        for (int k = 0; k < axis; k++) {
            outer = Math.toIntExact(outer * shape[k]);
        }
        double[] data =
                new double[parts.stream().mapToInt(part -> part.data().length).sum()];
        int at = 0;
        for (int o = 0; o < outer; o++) {
            for (Reference.Result part : parts) {
                int block = part.data().length / outer;
                System.arraycopy(part.data(), o * block, data, at, block);
                at += block;
            }
        }
        return new Reference.Result(data, shape, parts.getFirst().batched());
    }
}
