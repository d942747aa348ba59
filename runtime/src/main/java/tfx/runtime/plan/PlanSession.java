package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Storage;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;
import tfx.runtime.reference.Reference;

/**
 * A session of a {@link Plan}. A causal program runs the new positions only, in chunks; any other keeps its inputs and runs
 * the whole sequence again at every step.
 */
final class PlanSession implements Session {
    private final Plan plan;
    private final Schedule schedule;
    private final int batch;
    private final Needs needs;
    private final Map<Value, Cache> caches = new IdentityHashMap<>();
    private final Memory[] slots;
    /** By kernel, of what it computes: looked up once, for every step asks for all of them. */
    private final Home[] homes;

    private long position;
    private boolean closed;

    /**
     * Where a value lies.
     *
     * @param number the value's among the tensors
     * @param axis its dimension of sequence length, or -1
     * @param slot of memory shared with others; -1 where there is a cache
     */
    private record Home(
            Value value,
            int number,
            int axis,
            ElementType type,
            int copies,
            int slot,
            @Nullable Cache cache) {}

    PlanSession(Plan plan, int batch) {
        this.plan = plan;
        this.schedule = plan.schedule();
        this.batch = batch;
        this.needs = new Needs(schedule);
        this.slots = new Memory[plan.slots().count()];
        boolean incremental = schedule.causality().incremental();
        schedule.placements().forEach((value, placement) -> {
            boolean kept = placement.storage() == Storage.CACHE || (!incremental && value instanceof Value.Input);
            if (kept && placement.sequenceAxis() >= 0) {
                Placement all = incremental
                        ? placement
                        : new Placement(Storage.CACHE, false, placement.sequenceAxis(), Placement.ALL, -1, -1);
                caches.put(
                        value,
                        new Cache(plan.memory(), value, all, schedule.length(), plan.type(value), copies(value)));
            }
        });
        this.homes =
                schedule.kernels().stream().map(kernel -> home(kernel.output())).toArray(Home[]::new);
    }

    private Home home(Value value) {
        Cache cache = caches.get(value);
        return new Home(
                value,
                plan.numberOf(value),
                schedule.placements().get(value).sequenceAxis(),
                plan.type(value),
                copies(value),
                cache == null ? plan.slots().of(value) : -1,
                cache);
    }

    @Override
    public Engine engine() {
        return plan;
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public Map<String, Reference.Result> advance(Map<String, Reference.Array> inputs, Rows rows) {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        Feed feed = Feed.of(schedule, inputs, batch, position);
        long end = position + feed.positions();
        plan.bounds().check(end);
        for (Value.Input input : feed.given()) {
            plan.bounds().check(input, feed.array(input).data());
        }
        Map<String, Output> outputs = outputs(rows, end);
        if (!schedule.causality().incremental()) {
            Tensor[] tensors = plan.tensors();
            bindInputs(tensors, feed, position, end);
            run(tensors, 0, end, rows == Rows.ALL ? position : Math.max(0, end - 1));
            outputs.values().forEach(output -> output.take(plan.memory(), tensors, 0, end));
        } else {
            long from = position;
            do {
                long to = Math.min(end, from + plan.chunk());
                long wanted = rows == Rows.ALL ? from : to == end ? Math.max(from, end - 1) : to;
                Tensor[] tensors = plan.tensors();
                bindInputs(tensors, feed, from, to);
                run(tensors, from, to, wanted);
                if (wanted < to) {
                    outputs.values().forEach(output -> output.take(plan.memory(), tensors, wanted, to));
                }
                from = to;
            } while (from < end);
        }
        position = end;
        Map<String, Reference.Result> results = new LinkedHashMap<>();
        outputs.forEach((name, output) -> results.put(name, output.result()));
        return results;
    }

    private Map<String, Output> outputs(Rows rows, long end) {
        long first = rows == Rows.ALL ? position : Math.max(position, end - 1);
        Map<String, Output> outputs = new LinkedHashMap<>();
        schedule.outputs().forEach((name, value) -> {
            Placement placement = schedule.placements().get(value);
            int axis = placement == null ? -1 : placement.sequenceAxis();
            outputs.put(
                    name,
                    new Output(
                            plan.numberOf(value),
                            axis,
                            first,
                            end,
                            Strides.extents(value, axis, end - first, schedule.length(), end),
                            plan.batched(value) ? batch : 0));
        });
        return outputs;
    }

    private void bindInputs(Tensor[] tensors, Feed feed, long from, long to) {
        for (Value.Input input : feed.given()) {
            Home home = home(input);
            Tensor tensor =
                    home.cache == null ? place(home, extents(home, to - from, to), from) : home.cache.room(from, to);
            feed.write(input, home.axis, tensor, from, to);
            plan.memory().written(tensor);
            tensors[home.number] = tensor;
        }
    }

    private void run(Tensor[] tensors, long start, long end, long wanted) {
        long[] starts = needs.starts(start, end, wanted);
        // Values share slots, and a slot that grows moves: all must have their size before the first address is taken.
        long[][] extents = new long[starts.length][];
        for (int k = 0; k < starts.length; k++) {
            if (starts[k] < end && homes[k].cache == null) {
                extents[k] = extents(homes[k], end - starts[k], end);
                slot(homes[k], extents[k]);
            }
        }
        for (int k = 0; k < starts.length; k++) {
            if (starts[k] < end) {
                Home home = homes[k];
                tensors[home.number] =
                        home.cache == null ? place(home, extents[k], starts[k]) : home.cache.room(start, end);
            }
        }
        plan.run(tensors, batch, starts, end);
    }

    /** Memory for the rows from {@code first} on of a value. */
    private Tensor place(Home home, long[] extents, long first) {
        return new Tensor(
                slot(home, extents),
                home.type,
                extents,
                Strides.of(extents, home.axis),
                0,
                home.copies == 1 ? 0 : Strides.count(extents),
                home.axis < 0 ? 0 : first,
                home.axis);
    }

    private long[] extents(Home home, long rows, long end) {
        return Strides.extents(home.value, home.axis, rows, schedule.length(), end);
    }

    /** Room for a value of these extents in the slot it shares with others. */
    private MemorySegment slot(Home home, long[] extents) {
        if (slots[home.slot] == null) {
            slots[home.slot] = new Memory(plan.memory(), home.type);
        }
        return slots[home.slot].room(Strides.count(extents) * home.copies);
    }

    private int copies(Value value) {
        return plan.batched(value) ? batch : 1;
    }

    /** The memory of all values of the session: what is kept from step to step, and what a step needs. */
    long bytes() {
        long bytes = caches.values().stream().mapToLong(Cache::bytes).sum();
        for (Memory slot : slots) {
            bytes += slot == null ? 0 : slot.bytes();
        }
        return bytes;
    }

    @Override
    public void reset() {
        position = 0;
        caches.values().forEach(Cache::reset);
    }

    @Override
    public void close() {
        closed = true;
        caches.values().forEach(Cache::close);
        for (Memory slot : slots) {
            if (slot != null) {
                slot.close();
            }
        }
    }
}
