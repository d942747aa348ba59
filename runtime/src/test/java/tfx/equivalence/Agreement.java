package tfx.equivalence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tfx.backend.cpu.CpuBackend;
import tfx.backend.cpu.PoolWorkers;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Workers;
import tfx.equivalence.PlainFloat32.Elements;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Engines;
import tfx.runtime.plan.PlannedEngines;
import tfx.runtime.plan.Session;
import tfx.runtime.plan.Session.Rows;
import tfx.runtime.reference.Reference;
import tfx.runtime.reference.ReferenceBackend;

/**
 * The laws that hold for every program, whatever runs it: a session's rows are those of the whole evaluated as far as the
 * session has come; sequences of a batch do not see each other; the number of threads changes no bit.
 */
final class Agreement {
    /** A plain evaluation's error is one draw of what rounding may do; the expected one is that of independent roundings. */
    private static final double TIMES_PLAIN = 2;

    private static final double TIMES_EXPECTED = 4;

    /** One for all: kernels that two programs share are compiled once. */
    private static final CpuBackend CPU = new CpuBackend();

    private final Case given;
    /** By prefix length, by sequence, by output. */
    private final Map<Integer, List<Map<String, double[]>>> expected = new LinkedHashMap<>();

    private final Reference reference;

    Agreement(Case given) {
        this.given = given;
        this.reference = new Reference(given.program, given.parameters(), ONE);
    }

    private static final Workers ONE = new Workers() {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public void forEach(int parts, java.util.function.IntConsumer task) {
            IntStream.range(0, parts).forEach(task);
        }
    };

    private static final Workers TWO = new Workers() {
        @Override
        public int count() {
            return 2;
        }

        @Override
        public void forEach(int parts, java.util.function.IntConsumer task) {
            IntStream.range(0, parts).parallel().forEach(task);
        }
    };

    private Map<String, double[]> expected(int length, int sequence) {
        return expected.computeIfAbsent(length, n -> {
                    List<Map<String, double[]>> all = new ArrayList<>();
                    for (int b = 0; b < given.batch; b++) {
                        Map<String, double[]> outputs = new LinkedHashMap<>();
                        reference
                                .evaluate(
                                        given.given(b, 1, 0, n),
                                        Map.of(),
                                        given.program.outputs().keySet())
                                .forEach((name, result) -> outputs.put(name, result.data()));
                        all.add(outputs);
                    }
                    return all;
                })
                .get(sequence);
    }

    /** All passes and the plan, on the reference's own arithmetic: no more than the order of sums may differ. */
    void passesAndPlan() {
        drive(plan(TWO), new int[] {given.length}, this::sameInDouble);
        drive(plan(ONE), IntStream.rangeClosed(1, given.length).toArray(), this::sameInDouble);
        drive(plan(ONE), chunks(), this::sameInDouble);
    }

    private Engine plan(Workers workers) {
        return PlannedEngines.plan(
                Scheduler.schedule(Passes.run(given.program)), new ReferenceBackend(), given.parameters(), workers, 4);
    }

    private int[] chunks() {
        return IntStream.concat(
                        IntStream.iterate(1, at -> at < given.length, at -> at + 1 + at % 5),
                        IntStream.of(given.length))
                .toArray();
    }

    /** The compiled engine against the reference, and bit for bit against itself. */
    void compiled() {
        try (PoolWorkers one = new PoolWorkers(1);
                PoolWorkers two = new PoolWorkers(2)) {
            Engine single = Engines.compiled(given.program, CPU, given.parameters(), one, note -> {});
            Engine engine = Engines.compiled(given.program, CPU, given.parameters(), two, note -> {});
            List<double[]> whole = drive(engine, new int[] {given.length}, this::closeInFloat);
            List<double[]> alone = drive(single, new int[] {given.length}, this::closeInFloat);
            for (int i = 0; i < whole.size(); i++) {
                assertArrayEquals(alone.get(i), whole.get(i), 0, "1 and 2 threads");
            }
            drive(engine, IntStream.rangeClosed(1, given.length).toArray(), this::closeInFloat);
            drive(engine, chunks(), this::closeInFloat);
        }
    }

    private interface Check {
        void rows(String what, String output, double[] expected, double[] found, int sequence, int prefix, int[] at);
    }

    /** Advances a batch, and where that is one step each sequence alone, to every cut; gives all rows in order. */
    private List<double[]> drive(Engine engine, int[] cuts, Check check) {
        List<double[]> all = new ArrayList<>();
        String how = "in " + cuts.length + " steps";
        try (Session together = engine.open(given.batch)) {
            all.addAll(advance(together, 0, given.batch, cuts, how + ", batch of " + given.batch, check));
        }
        if (given.batch > 1 && cuts.length == 1) {
            try (Session alone = engine.open(1)) {
                for (int b = 0; b < given.batch; b++) {
                    alone.reset();
                    advance(alone, b, 1, cuts, how + ", sequence " + b + " alone", check);
                }
            }
        }
        return all;
    }

    private List<double[]> advance(Session session, int first, int sequences, int[] cuts, String how, Check check) {
        List<double[]> all = new ArrayList<>();
        // What is causal has the rows that the whole sequence has; anything else those of the sequence so far.
        boolean causal = session.engine().schedule().causality().incremental();
        int from = 0;
        for (int to : cuts) {
            int prefix = causal ? given.length : to;
            Map<String, Reference.Result> results = session.advance(given.given(first, sequences, from, to), Rows.ALL);
            for (String name : given.program.outputs().keySet()) {
                double[] found = results.get(name).data();
                all.add(found);
                int copies = results.get(name).batched() ? sequences : 1;
                int each = found.length / copies;
                for (int b = 0; b < sequences; b++) {
                    double[] whole = expected(prefix, first + b).get(name);
                    int[] at = rows(name, from, to, prefix, whole.length);
                    double[] rows = new double[at.length];
                    for (int i = 0; i < at.length; i++) {
                        rows[i] = whole[at[i]];
                    }
                    int offset = copies == 1 ? 0 : b * each;
                    double[] own = java.util.Arrays.copyOfRange(found, offset, offset + each);
                    check.rows(how + ", positions " + from + " .. " + to, name, rows, own, first + b, prefix, at);
                }
            }
            from = to;
        }
        return all;
    }

    /** Which elements of the whole output are those of the rows {@code from .. to}. */
    private int[] rows(String output, int from, int to, int prefix, int elements) {
        Value value = given.program.outputs().get(output);
        int axis = value.shape().indexOf(Size.symbol("t"));
        if (axis < 0) {
            return IntStream.range(0, elements).toArray();
        }
        int inner = 1;
        for (Size size : value.shape().subList(axis + 1, value.shape().size())) {
            inner *= (int) (size.isConstant() ? size.constant() : prefix);
        }
        int step = inner;
        return IntStream.range(0, elements)
                .filter(i -> i / step % prefix >= from && i / step % prefix < to)
                .toArray();
    }

    private void sameInDouble(
            String what, String output, double[] expected, double[] found, int sequence, int prefix, int[] at) {
        double scale = scale(expected);
        assertTrue(expected.length == found.length, what);
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - found[i]);
            boolean same = Double.isFinite(expected[i]) ? difference <= 1e-9 * scale : same(expected[i], found[i]);
            assertTrue(same, what + ": " + output + "[" + at[i] + "] is " + found[i] + ", not " + expected[i]);
        }
    }

    /** How far plain float32 evaluations are from the reference at worst, and what error is to be expected of each element. */
    private record Plain(double worst, boolean[] finite, double[] errors) {}

    /** By sequence, prefix and output. */
    private final Map<String, Plain> plain = new LinkedHashMap<>();

    private Plain plain(int sequence, int prefix, String output) {
        String key = sequence + " " + prefix + " ";
        if (!plain.containsKey(key + output)) {
            Map<Value, float[]> inputs = given.plain(sequence, prefix);
            Map<String, Elements> forward = PlainFloat32.run(given.program, prefix, inputs, false);
            Map<String, Elements> backward = PlainFloat32.run(given.program, prefix, inputs, true);
            expected(prefix, sequence).forEach((name, whole) -> {
                double worst = 0;
                boolean[] finite = new boolean[whole.length];
                for (int i = 0; i < whole.length; i++) {
                    finite[i] = Double.isFinite(whole[i]);
                    for (Elements elements : List.of(forward.get(name), backward.get(name))) {
                        float found = elements.values()[i];
                        // What overflows in float32 says nothing about the reference's value.
                        if (Double.isFinite(whole[i]) != Float.isFinite(found)) {
                            worst = Double.POSITIVE_INFINITY;
                        } else if (finite[i]) {
                            worst = Math.max(worst, Math.abs(whole[i] - found));
                        }
                    }
                }
                plain.put(key + name, new Plain(worst, finite, forward.get(name).errors()));
            });
        }
        return plain.get(key + output);
    }

    private void closeInFloat(
            String what, String output, double[] expected, double[] found, int sequence, int prefix, int[] at) {
        Plain unfused = plain(sequence, prefix, output);
        double scale = scale(expected(prefix, sequence).get(output));
        if (unfused.worst() > 1e-3 * scale) {
            // No float32 evaluation means anything here.
            return;
        }
        for (int i = 0; i < expected.length; i++) {
            int index = at[i];
            double allowed = TIMES_PLAIN * unfused.worst()
                    + TIMES_EXPECTED * unfused.errors()[index]
                    + Math.ulp((float) expected[i]);
            boolean same =
                    unfused.finite()[index] ? Math.abs(expected[i] - found[i]) <= allowed : same(expected[i], found[i]);
            double wanted = expected[i];
            double got = found[i];
            assertTrue(
                    same,
                    () -> what + ": " + output + "[" + index + "] is " + got + ", not " + wanted + " within "
                            + allowed);
        }
    }

    private static boolean same(double expected, double found) {
        return Double.isNaN(expected) ? Double.isNaN(found) : expected == found;
    }

    private static double scale(double[] values) {
        double scale = 1e-30;
        for (double value : values) {
            scale = Double.isFinite(value) ? Math.max(scale, Math.abs(value)) : scale;
        }
        return scale;
    }
}
