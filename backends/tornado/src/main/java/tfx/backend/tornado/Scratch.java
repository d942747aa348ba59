package tfx.backend.tornado;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.Rooms.Held;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;

/**
 * Device memory between the tasks of a kernel: factors of rows, and the sums of each product; the stretches of a split
 * fold, and the factors of a packed one. And between kernels: what only later ones of a step read.
 */
final class Scratch {
    private final Slabs slabs;
    private final Rooms rows;
    /** By factor. */
    private final Rooms sums;

    private final Rooms joins;
    private final Rooms stretches;
    private final Rooms factors;
    /** By kernel: outputs that nothing but later kernels of the same launches reads. */
    private final Rooms inner;

    private final Rooms handed;

    Scratch(Slabs slabs) {
        this.slabs = slabs;
        this.rows = new Rooms(slabs);
        this.sums = new Rooms(slabs);
        this.joins = new Rooms(slabs);
        this.stretches = new Rooms(slabs);
        this.factors = new Rooms(slabs);
        this.inner = new Rooms(slabs);
        this.handed = new Rooms(slabs);
    }

    /** Makes room for the tasks of a kernel in steps of so many rows, its sums in the given type. */
    void reserve(Cut cut, ElementType type, long count) {
        for (int n = 0; n < cut.factors().size(); n++) {
            Cut.Factor factor = cut.factors().get(n);
            rows.reserve(0, factor.type(), count * factor.depth());
            sums.reserve(n, type, count * cut.columns());
        }
    }

    /** Makes room for the stretches of a kernel with so many rows. */
    void reserve(Split split, long count) {
        stretches.reserve(0, ElementType.F32, Math.multiplyExact(count, split.rowNumbers()));
    }

    /** Makes room for a value that is handed over in steps of so many rows. */
    void reserve(Handover handover, long count) {
        handed.reserve(handover.room(), handover.type(), Math.multiplyExact(count, handover.columns()));
    }

    /** Makes room for sums that are computed together. */
    void reserve(Joined joined, long count) {
        joins.reserve(joined.room(), joined.type(), Math.multiplyExact(count, joined.columns()));
    }

    /** Makes room for so many rows of what only later kernels of a step read. */
    void reserve(int kernel, Request request, long count) {
        inner.reserve(kernel, request.output(), Math.multiplyExact(count, Fusion.numbers(request)));
    }

    /** Makes room for the factors of a packed fold; for twice what is needed where there is too little, as sequences grow. */
    void reserve(Packed packed, Call call) {
        if (!holds(packed, call)) {
            factors.reserve(0, ElementType.I32, Math.multiplyExact(2, ints(packed, call)));
        }
    }

    /** Whether there is room for the factors of a call. */
    boolean holds(Packed packed, Call call) {
        Held held = factors();
        return held != null && held.elements() >= ints(packed, call);
    }

    private static long ints(Packed packed, Call call) {
        return packed.layout().ints(call.arguments().step(), call.arguments().lengths());
    }

    /** The slabs that it lies in. */
    List<Slab> slabs() {
        return Stream.of(rows, sums, joins, stretches, factors, inner, handed)
                .flatMap(Rooms::all)
                .map(held -> slabs.of(held.room().data().address()))
                .distinct()
                .toList();
    }

    Held rows(ElementType type) {
        return rows.get(type, 0);
    }

    Held sums(ElementType type, int factor) {
        return sums.get(type, factor);
    }

    Held joined(Joined joined) {
        return joins.get(joined.type(), joined.room());
    }

    Held handed(Handover handover) {
        return handed.get(handover.type(), handover.room());
    }

    Held stretches() {
        return stretches.get(ElementType.F32, 0);
    }

    Held factors() {
        return factors.get(ElementType.I32, 0);
    }

    /** Where a kernel's output lies; null where it lies where the step has it. */
    @Nullable
    Held inner(int kernel, ElementType type) {
        return inner.get(type, kernel);
    }
}
