package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

/**
 * What the tasks of the next steps are called with, computed while the device runs this one. Nothing says what comes next; but
 * where a sequence is continued it is the same calls, as many positions further on. If it is not, or what it needs is not ready,
 * what was computed is dropped.
 */
final class Ahead {
    /** Steps computed in one go, at most: to wake a thread takes the caller as long as all else that it does for a step. */
    private static final int MOST = 16;

    private final Executor others;
    private @Nullable Series series;

    /** A step that may come. The shapes of its tensors are those of the step before, which records are not computed from. */
    record Foreseen(List<Call> calls, int[] records) {}

    /** @param others threads that may compute */
    Ahead(Executor others) {
        this.others = others;
    }

    /**
     * Sees to it that there are steps behind these calls: as many more than before as have come true, so that little is in vain
     * where sequences take turns.
     *
     * @param calls those of the step that {@link #take} or {@link #next} gave just before, or others where they gave none
     * @param records asked by another thread, at any time until the steps are dropped; later, what it gives or throws goes nowhere
     */
    void begin(List<Call> calls, Function<List<Call>, int[]> records) {
        int length = 1;
        if (series != null) {
            if (series.left > 0) {
                return;
            }
            length = Math.min(2 * series.length, MOST);
        }
        series = new Series(calls, length, records);
        others.execute(series);
    }

    /** The next step where it is foreseen, ready, and what these calls ask for; else null. */
    @Nullable
    Foreseen take(List<Call> calls) {
        Foreseen next = next();
        if (next != null && same(next.calls(), calls)) {
            return next;
        }
        forget();
        return null;
    }

    /** The next step where it is foreseen and ready, for those who know that it is what will be asked for; else null. */
    @Nullable
    Foreseen next() {
        return series == null ? null : series.poll();
    }

    /** Drops what was begun. */
    void forget() {
        if (series != null) {
            series.dropped = true;
            series = null;
        }
    }

    /** Steps that follow one another. */
    private static final class Series implements Runnable {
        private final List<Call> first;
        private final int length;
        private final Function<List<Call>, int[]> records;
        private final Queue<Foreseen> ready = new ConcurrentLinkedQueue<>();
        private volatile boolean dropped;
        /** How many were not asked for yet. */
        private int left;

        Series(List<Call> calls, int length, Function<List<Call>, int[]> records) {
            this.first = calls;
            this.length = length;
            this.left = length;
            this.records = records;
        }

        @Override
        public void run() {
            List<Call> calls = first;
            try {
                for (int k = 0; k < length && !dropped; k++) {
                    calls = calls.stream().map(Ahead::next).toList();
                    ready.add(new Foreseen(calls, records.apply(calls)));
                }
            } catch (RuntimeException e) {
                // A fault is met again by who computes them then.
            }
        }

        @Nullable
        Foreseen poll() {
            Foreseen next = ready.poll();
            if (next != null) {
                left--;
            }
            return next;
        }
    }

    private static Call next(Call call) {
        CallRecord.Call given = call.arguments();
        Tensor[] tensors = given.tensors().clone();
        long[] bases = given.bases().clone();
        for (int k = 0; k < tensors.length; k++) {
            Tensor t = tensors[k];
            // What holds a step's rows alone holds the next one's in their place, caches stay as they are.
            if (t.originAxis() >= 0 && t.origin() == given.step().start()) {
                tensors[k] = new Tensor(
                        t.data(),
                        t.type(),
                        t.shape(),
                        t.strides(),
                        t.offset(),
                        t.batchStride(),
                        given.step().end(),
                        t.originAxis());
                bases[k] += tensors[k].base() - t.base();
            }
        }
        long end = given.step().end();
        Step step = new Step(given.step().batch(), end, 2 * end - given.step().start());
        Map<String, Long> lengths =
                given.lengths().keySet().stream().collect(Collectors.toMap(name -> name, name -> step.end()));
        return new Call(call.number(), new CallRecord.Call(tensors, bases, step, lengths));
    }

    private static boolean same(List<Call> foreseen, List<Call> calls) {
        if (foreseen.size() != calls.size()) {
            return false;
        }
        for (int k = 0; k < calls.size(); k++) {
            Call one = foreseen.get(k);
            Call call = calls.get(k);
            if (one.number() != call.number() || !same(one.arguments(), call.arguments())) {
                return false;
            }
        }
        return true;
    }

    /** Whether all that records are computed from is as expected: bases and lengths follow from the rest. */
    private static boolean same(CallRecord.Call foreseen, CallRecord.Call call) {
        if (!call.step().equals(foreseen.step()) || call.tensors().length != foreseen.tensors().length) {
            return false;
        }
        for (int k = 0; k < call.tensors().length; k++) {
            Tensor one = foreseen.tensors()[k];
            Tensor other = call.tensors()[k];
            if (one.data().address() != other.data().address()
                    || one.offset() != other.offset()
                    || one.batchStride() != other.batchStride()
                    || one.originAxis() != other.originAxis()
                    || one.origin() != other.origin()
                    || !Arrays.equals(one.strides(), other.strides())) {
                return false;
            }
        }
        return true;
    }
}
