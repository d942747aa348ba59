package tfx.runtime.plan;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend;
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

    private final Map<Value.Input, Home> inputs = new IdentityHashMap<>();
    /** Whether steps of as many rows have values of the same extents. */
    private final boolean steady;

    private long position;
    private @Nullable Ran last;
    /** What the last {@link #step} gave. */
    private float[][] row = {};

    private boolean closed;

    /**
     * What ran last.
     *
     * @param moves of caches before it
     */
    private record Ran(long start, long end, long wanted, long moves, Backend.Replay replay) {
        /** Whether a run is the same as many positions further on, with all in its place. */
        boolean precedes(long from, long to, long outputs, long moved) {
            return from == end && to - from == end - start && outputs - from == wanted - start && moved == moves;
        }
    }

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
        schedule.program().inputs().forEach(input -> inputs.put(input, home(input)));
        this.steady = Arrays.stream(homes).allMatch(Home::fixed)
                && inputs.values().stream().allMatch(Home::fixed);
    }

    private Home home(Value value) {
        Cache cache = caches.get(value);
        return new Home(
                value,
                plan.numberOf(value),
                schedule.placements().get(value).sequenceAxis(),
                schedule.length(),
                plan.type(value),
                copies(value),
                schedule.placements().get(value).output(),
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
        Map<String, Reference.Result> results = new LinkedHashMap<>();
        advance(inputs, rows, schedule.outputs(), ElementType.F64)
                .forEach((name, output) -> results.put(name, output.result()));
        return results;
    }

    @Override
    public float[][] step(int[][] tokens) {
        var first = schedule.outputs().entrySet().iterator().next();
        Map<String, Value> wanted = Map.of(first.getKey(), first.getValue());
        row = advance(Feed.tokens(schedule, tokens), Rows.LAST, wanted, ElementType.F32)
                .get(first.getKey())
                .floats();
        return row;
    }

    /** Gives the outputs wanted, in a type. */
    private Map<String, Output> advance(
            Map<String, Reference.Array> inputs, Rows rows, Map<String, ? extends Value> wanted, ElementType type) {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        Feed feed = Feed.of(schedule, inputs, batch, position);
        long end = position + feed.positions();
        plan.bounds().check(end);
        for (Value.Input input : feed.given()) {
            plan.bounds().check(input, feed.array(input).data());
        }
        long first = rows == Rows.ALL ? position : Math.max(position, end - 1);
        Map<String, Output> outputs = new LinkedHashMap<>();
        wanted.forEach((name, value) -> outputs.put(name, output(value, first, end, type)));
        if (!schedule.causality().incremental()) {
            Tensor[] tensors = plan.tensors();
            bindInputs(tensors, feed, position, end);
            run(tensors, 0, end, rows == Rows.ALL ? position : Math.max(0, end - 1));
            outputs.values().forEach(output -> output.take(plan.memory(), tensors, 0, end));
        } else {
            long from = position;
            do {
                long to = Math.min(end, from + plan.chunk());
                long needed = rows == Rows.ALL ? from : to == end ? Math.max(from, end - 1) : to;
                Tensor[] tensors = plan.tensors();
                bindInputs(tensors, feed, from, to);
                run(tensors, from, to, needed);
                if (needed < to) {
                    outputs.values().forEach(output -> output.take(plan.memory(), tensors, needed, to));
                }
                from = to;
            } while (from < end);
        }
        position = end;
        return outputs;
    }

    private Output output(Value value, long first, long end, ElementType type) {
        Placement placement = schedule.placements().get(value);
        int axis = placement == null ? -1 : placement.sequenceAxis();
        long[] extents = Strides.extents(value, axis, end - first, schedule.length(), end);
        return new Output(plan.numberOf(value), axis, first, extents, plan.batched(value) ? batch : 0, type, row);
    }

    private void bindInputs(Tensor[] tensors, Feed feed, long from, long to) {
        for (Value.Input input : feed.given()) {
            Home home = inputs.get(input);
            if (home.cache() != null) {
                home.cache().reserve(from, to);
            }
            Tensor tensor = place(home, from, to);
            feed.write(input, home.axis(), tensor, from, to);
            plan.memory().written(tensor);
            tensors[home.number()] = tensor;
        }
    }

    private void run(Tensor[] tensors, long start, long end, long wanted) {
        long[] starts = needs.starts(start, end, wanted);
        long moves = 0;
        for (Cache cache : caches.values()) {
            cache.reserve(start, end);
            moves += cache.moves();
        }
        Ran before = last;
        // Where this one fails it is not known what ran.
        last = null;
        boolean again = before != null && before.precedes(start, end, wanted, moves) && plan.again(before.replay());
        if (!again) {
            // Values share slots, and a slot that grows moves: all must have their size before the first address is
            // taken.
            for (int k = 0; k < starts.length; k++) {
                if (starts[k] < end && homes[k].cache() == null) {
                    slot(homes[k], homes[k].layout(end - starts[k], end));
                }
            }
        }
        for (int k = 0; k < starts.length; k++) {
            if (starts[k] < end && (!again || homes[k].output())) {
                tensors[homes[k].number()] = place(homes[k], starts[k], end);
            }
        }
        Backend.Replay replay = again ? before.replay() : plan.run(tensors, batch, starts, end);
        last = replay == null || !steady ? null : new Ran(start, end, wanted, moves, replay);
    }

    /** The rows {@code first .. end} of a value where they lie, or all that are kept. */
    private Tensor place(Home home, long first, long end) {
        if (home.cache() != null) {
            return home.cache().tensor();
        }
        Layout layout = home.layout(end - first, end);
        return home.tensor(slot(home, layout), layout, first);
    }

    /** Room for a value in the slot it shares with others. */
    private MemorySegment slot(Home home, Layout layout) {
        if (slots[home.slot()] == null) {
            slots[home.slot()] = new Memory(plan.memory(), home.type());
        }
        return slots[home.slot()].room(home.elements(layout));
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
        last = null;
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
