package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

/**
 * What the next step's tasks are called with, computed while the device runs this one. Nothing says what comes next; but where a
 * sequence is continued it is the same calls, as many positions further on. If it is not, or what it needs is not ready, what was
 * computed is dropped.
 */
final class Ahead {
    private final Executor others;
    private @Nullable Begun begun;

    private record Begun(List<Call> calls, CompletableFuture<int[]> records) {}

    /** @param others threads that may compute */
    Ahead(Executor others) {
        this.others = others;
    }

    /**
     * Begins with the step that follows these calls.
     *
     * @param records asked by another thread, at any time until {@link #take}; later, what it gives or throws goes nowhere
     */
    void begin(List<Call> calls, Function<List<Call>, int[]> records) {
        begun = new Begun(
                calls,
                CompletableFuture.supplyAsync(
                        () -> records.apply(calls.stream().map(Ahead::next).toList()), others));
    }

    /** The records of these calls where they follow those before and are ready, else null. */
    int @Nullable [] take(List<Call> calls) {
        Begun before = begun;
        if (before == null) {
            return null;
        }
        forget();
        // A fault is met again by who computes them then.
        boolean ready = before.records.state() == Future.State.SUCCESS;
        return ready && follow(before.calls, calls) ? before.records.resultNow() : null;
    }

    /** Drops what was begun. */
    void forget() {
        if (begun != null) {
            begun.records.cancel(false);
            begun = null;
        }
    }

    private static Call next(Call call) {
        CallRecord.Call given = call.arguments();
        Tensor[] tensors = given.tensors().clone();
        long[] bases = given.bases().clone();
        for (int k = 0; k < tensors.length; k++) {
            Tensor t = tensors[k];
            long origin = origin(t, given.step());
            if (origin != t.origin()) {
                tensors[k] = new Tensor(
                        t.data(),
                        t.type(),
                        t.shape(),
                        t.strides(),
                        t.offset(),
                        t.batchStride(),
                        origin,
                        t.originAxis());
                bases[k] += tensors[k].base() - t.base();
            }
        }
        Step step = next(given.step());
        Map<String, Long> lengths =
                given.lengths().keySet().stream().collect(Collectors.toMap(name -> name, name -> step.end()));
        return new Call(call.number(), new CallRecord.Call(tensors, bases, step, lengths));
    }

    private static Step next(Step step) {
        return new Step(step.batch(), step.end(), 2 * step.end() - step.start());
    }

    /** The next step's origin: what holds a step's rows alone holds the next one's in their place, caches stay as they are. */
    private static long origin(Tensor tensor, Step step) {
        return tensor.originAxis() >= 0 && tensor.origin() == step.start() ? step.end() : tensor.origin();
    }

    private static boolean follow(List<Call> before, List<Call> calls) {
        if (before.size() != calls.size()) {
            return false;
        }
        for (int k = 0; k < calls.size(); k++) {
            Call last = before.get(k);
            Call call = calls.get(k);
            if (last.number() != call.number() || !follows(last.arguments(), call.arguments())) {
                return false;
            }
        }
        return true;
    }

    /** Whether all that records are computed from is as expected: bases and lengths follow from the rest. */
    private static boolean follows(CallRecord.Call before, CallRecord.Call call) {
        if (!call.step().equals(next(before.step())) || call.tensors().length != before.tensors().length) {
            return false;
        }
        for (int k = 0; k < call.tensors().length; k++) {
            Tensor last = before.tensors()[k];
            Tensor now = call.tensors()[k];
            if (now.data().address() != last.data().address()
                    || now.offset() != last.offset()
                    || now.batchStride() != last.batchStride()
                    || now.originAxis() != last.originAxis()
                    || now.origin() != origin(last, before.step())
                    || !Arrays.equals(now.strides(), last.strides())) {
                return false;
            }
        }
        return true;
    }
}
