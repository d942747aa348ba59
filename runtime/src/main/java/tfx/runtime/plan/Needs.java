package tfx.runtime.plan;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Storage;
import tfx.ir.Value;

/**
 * From which row on each kernel of a step must run. Backwards from the outputs: a value that is read only at its reader's
 * own row is needed only where the reader runs; one that later steps read is needed in every row.
 */
final class Needs {
    private final Schedule schedule;
    /** The last answer, counted from the step's first row: steps of one size ask the same. */
    private long[] last = {};

    private long lastRows = -1;
    private long lastOutputs;

    Needs(Schedule schedule) {
        this.schedule = schedule;
    }

    /**
     * Per kernel its first row, {@code end} for one that need not run.
     *
     * @param outputs the first row wanted of the outputs
     */
    long[] starts(long start, long end, long outputs) {
        if (end - start != lastRows || outputs - start != lastOutputs) {
            lastRows = end - start;
            lastOutputs = outputs - start;
            last = find(0, lastRows, lastOutputs);
        }
        long[] starts = new long[last.length];
        for (int k = 0; k < starts.length; k++) {
            starts[k] = last[k] + start;
        }
        return starts;
    }

    private long[] find(long start, long end, long outputs) {
        boolean incremental = schedule.causality().incremental();
        List<Kernel> kernels = schedule.kernels();
        Map<Value, Long> needed = new IdentityHashMap<>();
        schedule.placements().forEach((value, placement) -> {
            if (placement.output()) {
                needed.put(value, placement.sequenceAxis() < 0 && outputs < end ? start : outputs);
            }
            if (placement.storage() == Storage.CACHE) {
                needed.put(value, start);
            }
        });
        long[] starts = new long[kernels.size()];
        for (int k = starts.length - 1; k >= 0; k--) {
            starts[k] = needed.getOrDefault(kernels.get(k).output(), end);
            if (starts[k] >= end) {
                continue;
            }
            for (Value operand : kernels.get(k).operands()) {
                Placement placement = schedule.placements().get(operand);
                if (placement != null) {
                    boolean ownRow = incremental && placement.sequenceAxis() >= 0;
                    needed.merge(operand, ownRow ? starts[k] : start, Math::min);
                }
            }
        }
        return starts;
    }
}
