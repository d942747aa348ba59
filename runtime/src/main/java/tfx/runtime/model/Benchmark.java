package tfx.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.Costs.Cost;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Session;

/**
 * How fast engines run: a prompt whole, then one token after another. One run of each goes first, which warms the code up and
 * counts the work of what runs. Then the engines take turns, so that what else the machine does hits all alike.
 */
public final class Benchmark {
    /**
     * Times of one kind of step over all runs.
     *
     * @param tokens in a run
     * @param cost what a run takes at least: every operand of every kernel read once a step
     * @param seconds of each run, in the order of the runs
     */
    public record Phase(String name, int tokens, Cost cost, double[] seconds) {
        public double median() {
            double[] sorted = seconds.clone();
            Arrays.sort(sorted);
            int half = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
        }

        public double least() {
            return Arrays.stream(seconds).min().orElseThrow();
        }

        public double most() {
            return Arrays.stream(seconds).max().orElseThrow();
        }

        /** The time that a machine of these rates would take at best: whichever of the two is scarcer. */
        public double bound(double flopsPerSecond, double bytesPerSecond) {
            return Math.max(cost.flops() / flopsPerSecond, cost.bytes() / bytesPerSecond);
        }
    }

    /** Told of how far a measurement is. */
    public interface Listener {
        void at(long done, long total);
    }

    /**
     * An engine to measure.
     *
     * @param vocabulary ids are below this
     */
    public record Subject(Engine engine, int vocabulary) {}

    private final Engine engine;
    private final int vocabulary;
    private final int[] prompt;
    private final int decode;
    private final Runnable tick;
    private final double[][] seconds;
    private Cost[] costs = {};

    private Benchmark(Subject subject, int prompt, int decode, int runs, Runnable tick) {
        this.engine = subject.engine();
        this.vocabulary = subject.vocabulary();
        this.prompt = new SplittableRandom(0).ints(prompt, 0, vocabulary).toArray();
        this.decode = decode;
        this.tick = tick;
        this.seconds = new double[2][runs];
    }

    /**
     * Measures prefill, then decoding.
     *
     * @param prompt tokens of the prompt, at least 1
     * @param decode tokens after it, at least 1
     * @param runs of each engine, at least 1
     * @return the phases of each engine
     */
    public static List<List<Phase>> run(List<Subject> subjects, int prompt, int decode, int runs, Listener listener) {
        long total = subjects.size() * (runs + 1L) * (decode + 1L);
        long[] done = {0};
        List<Benchmark> all = subjects.stream()
                .map(subject -> new Benchmark(subject, prompt, decode, runs, () -> listener.at(++done[0], total)))
                .toList();
        List<Session> sessions = new ArrayList<>();
        try {
            for (Benchmark one : all) {
                sessions.add(one.engine.open(1));
                one.warm(sessions.getLast());
            }
            for (int run = 0; run < runs; run++) {
                for (int i = 0; i < all.size(); i++) {
                    all.get(i).measure(sessions.get(i), run);
                }
            }
        } finally {
            sessions.forEach(Session::close);
        }
        return all.stream().map(Benchmark::phases).toList();
    }

    /** One run more, after those measured, for those who listen to the engine. */
    public static void once(Subject subject, int prompt, int decode) {
        try (Session session = subject.engine().open(1)) {
            new Benchmark(subject, prompt, decode, 1, () -> {}).once(session);
        }
    }

    private void warm(Session session) {
        Map<Step, List<Kernel>> ran = new LinkedHashMap<>();
        engine.listen((kernel, step, nanos) ->
                ran.computeIfAbsent(step, s -> new ArrayList<>()).add(kernel));
        once(session);
        engine.listen(null);
        costs = costs(ran);
    }

    private void measure(Session session, int run) {
        session.reset();
        double[] taken = once(session);
        seconds[0][run] = taken[0];
        seconds[1][run] = taken[1];
    }

    private List<Phase> phases() {
        return List.of(
                new Phase("prefill", prompt.length, costs[0], seconds[0]),
                new Phase("decode", decode, costs[1], seconds[1]));
    }

    private double[] once(Session session) {
        long start = System.nanoTime();
        float[] logits = session.step(new int[][] {prompt})[0];
        long first = System.nanoTime();
        tick.run();
        for (int i = 0; i < decode; i++) {
            // The next id comes from the logits, as in use, so that no step can begin before the last has ended.
            int id = Math.floorMod(Float.floatToIntBits(logits[i % logits.length]), vocabulary);
            logits = session.step(new int[][] {{id}})[0];
            tick.run();
        }
        return new double[] {(first - start) / 1e9, (System.nanoTime() - first) / 1e9};
    }

    private Cost[] costs(Map<Step, List<Kernel>> ran) {
        Cost[] sums = {new Cost("prefill", 0, 0, 0, 0), new Cost("decode", 0, 0, 0, 0)};
        ran.forEach((step, kernels) -> {
            int phase = step.end() <= prompt.length ? 0 : 1;
            for (Kernel kernel : kernels) {
                Cost cost = Costs.of(engine.schedule(), kernel, step, engine::type);
                sums[phase] = sums[phase].plus(cost, sums[phase].kernel());
            }
        });
        return sums;
    }
}
