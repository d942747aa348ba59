package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;

/**
 * Device memory between the pieces of a kernel: factors of rows by type, and the sums of each product; the stretches of a split
 * fold, and the factors of a packed one.
 */
final class Scratch {
    private final Slabs slabs;
    private final Map<ElementType, Held> rows = new EnumMap<>(ElementType.class);
    private final List<Held> sums = new ArrayList<>();
    private @Nullable Held stretches;
    private @Nullable Held factors;
    /** By type and room. */
    private final Map<ElementType, List<@Nullable Held>> handed = new EnumMap<>(ElementType.class);
    /** By room. */
    private final List<@Nullable Held> joins = new ArrayList<>();

    /** By kernel: outputs that nothing but later kernels of the same launches reads. */
    private final List<@Nullable Held> inner = new ArrayList<>();

    private record Held(DeviceMemory.Room room, ElementType type, long elements) {}

    /** Rows of numbers in memory that may hold others beside them. */
    private record Spot(Held held, long first, long pitch) {}

    Scratch(Slabs slabs) {
        this.slabs = slabs;
    }

    /** Makes room for the pieces of a kernel in steps of so many rows. */
    void reserve(Cut cut, long count) {
        for (int n = 0; n < cut.factors().size(); n++) {
            Cut.Factor factor = cut.factors().get(n);
            rows.put(factor.type(), grown(rows.get(factor.type()), factor.type(), count * factor.depth()));
            if (n == sums.size()) {
                sums.add(null);
            }
            sums.set(n, grown(sums.get(n), ElementType.F32, count * cut.columns()));
        }
    }

    /** Makes room for the stretches of a kernel with so many rows. */
    void reserve(Split split, long count) {
        stretches = grown(stretches, ElementType.F32, Math.multiplyExact(count, split.rowNumbers()));
    }

    /** Makes room for a value that is handed over in steps of so many rows. */
    void reserve(Handover handover, long count) {
        List<Held> rooms = handed.computeIfAbsent(handover.type(), type -> new ArrayList<>());
        while (rooms.size() <= handover.room()) {
            rooms.add(null);
        }
        rooms.set(
                handover.room(),
                grown(rooms.get(handover.room()), handover.type(), Math.multiplyExact(count, handover.columns())));
    }

    /** Makes room for sums that are computed together. */
    void reserve(Joined joined, long count) {
        while (joins.size() <= joined.room()) {
            joins.add(null);
        }
        joins.set(
                joined.room(),
                grown(joins.get(joined.room()), ElementType.F32, Math.multiplyExact(count, joined.columns())));
    }

    private Held held(Handover handover) {
        return handed.get(handover.type()).get(handover.room());
    }

    /** Where the sums of a factor lie. */
    private Spot sums(Numbered kernel, Joined.Factor factor, Passing passing) {
        Joined joined = passing.joined().get(factor);
        if (joined != null) {
            return new Spot(joins.get(joined.room()), joined.part(factor).column(), joined.columns());
        }
        Handover handover = passing.handovers().get(kernel.output());
        boolean own = handover == null || !handover.product();
        return new Spot(
                own ? sums.get(factor.number()) : held(handover),
                0,
                kernel.cut().columns());
    }

    /** A call with what is handed over where that lies. */
    Call handed(List<Numbered> kernels, Passing passing, Call call) {
        CallRecord.Call given = call.arguments();
        Tensor[] tensors = given.tensors().clone();
        long[] bases = given.bases().clone();
        Numbered kernel = kernels.get(call.number());
        List<Value> operands = kernel.whole().request().kernel().operands();
        for (int k = 0; k < tensors.length; k++) {
            Value value = k < operands.size() ? operands.get(k) : kernel.output();
            Handover handover = passing.handovers().get(value);
            if (handover != null) {
                int producer = handover.producer();
                Spot spot = handover.product()
                        ? sums(kernels.get(producer), new Joined.Factor(producer, 0), passing)
                        : new Spot(held(handover), 0, handover.columns());
                tensors[k] = tensor(spot, shape(given.step(), value), given.step());
                bases[k] = slabs.base(tensors[k]);
            }
        }
        return new Call(call.number(), new CallRecord.Call(tensors, bases, given.step(), given.lengths()));
    }

    /** Makes room for so many rows of what only later kernels of a step read. */
    void reserve(int kernel, Request request, long count) {
        while (inner.size() <= kernel) {
            inner.add(null);
        }
        inner.set(
                kernel, grown(inner.get(kernel), request.output(), Math.multiplyExact(count, Fusion.numbers(request))));
    }

    /** Makes room for the factors of a packed fold; for twice what is needed where there is too little, as sequences grow. */
    void reserve(Packed packed, Call call) {
        if (!holds(packed, call)) {
            factors = grown(factors, ElementType.I32, Math.multiplyExact(2, ints(packed, call)));
        }
    }

    /** Whether there is room for the factors of a call. */
    boolean holds(Packed packed, Call call) {
        return factors != null && factors.elements >= ints(packed, call);
    }

    private static long ints(Packed packed, Call call) {
        return packed.layout().ints(call.arguments().step(), call.arguments().lengths());
    }

    private Held grown(Held held, ElementType type, long elements) {
        if (held != null && held.elements >= elements) {
            return held;
        }
        if (held != null) {
            held.room.close();
        }
        return new Held(slabs.work(type, elements), type, elements);
    }

    /** The slabs that it lies in. */
    List<Slab> slabs() {
        List<Held> all = new ArrayList<>(rows.values());
        all.addAll(sums);
        handed.values().forEach(all::addAll);
        all.addAll(joins);
        all.addAll(inner);
        if (stretches != null) {
            all.add(stretches);
        }
        if (factors != null) {
            all.add(factors);
        }
        return all.stream()
                .filter(Objects::nonNull)
                .map(held -> slabs.of(held.room.data().address()))
                .distinct()
                .toList();
    }

    private static Tensor tensor(Spot spot, long[] shape, Step step) {
        long[] strides = Tensor.strides(shape);
        strides[0] = spot.pitch;
        return new Tensor(
                spot.held.room.data(),
                spot.held.type,
                shape,
                strides,
                spot.first,
                shape[0] * spot.pitch,
                step.start(),
                0);
    }

    private static long[] shape(Step step, Value value) {
        long[] shape = new long[value.shape().size()];
        shape[0] = step.end() - step.start();
        for (int d = 1; d < shape.length; d++) {
            shape[d] = value.shape().get(d).constant();
        }
        return shape;
    }

    /** What a launch of several kernels is called with. */
    CallRecord.Call arguments(Fusion.Unit unit, List<@Nullable Call> calls) {
        int count = unit.sources().size();
        Tensor[] tensors = new Tensor[count];
        long[] bases = new long[count];
        for (int k = 0; k < count; k++) {
            Fusion.Source source = unit.sources().get(k);
            CallRecord.Call call = calls.get(source.kernel()).arguments();
            boolean output = source.operand() == Fusion.Source.OUTPUT;
            int at = output ? call.tensors().length - 1 : source.operand();
            tensors[k] = call.tensors()[at];
            bases[k] = call.bases()[at];
            Held own = output && source.kernel() < inner.size() ? inner.get(source.kernel()) : null;
            if (own != null) {
                Tensor t = tensors[k];
                tensors[k] = new Tensor(
                        own.room.data(),
                        own.type,
                        t.shape(),
                        t.strides(),
                        0,
                        t.batchStride(),
                        t.origin(),
                        t.originAxis());
                bases[k] = slabs.base(tensors[k]);
            }
        }
        CallRecord.Call first = calls.get(unit.kernels().getFirst()).arguments();
        return new CallRecord.Call(tensors, bases, first.step(), first.lengths());
    }

    /** What the kernels of a split fold are called with: the stretches are the last operand. */
    CallRecord.Call splitArguments(CallRecord.Call whole) {
        return with(whole, stretches);
    }

    /** What the kernels of a packed fold are called with: the factors are the last operand. */
    CallRecord.Call packedArguments(CallRecord.Call whole) {
        return with(whole, factors);
    }

    private CallRecord.Call with(CallRecord.Call whole, Held more) {
        int last = whole.tensors().length - 1;
        Tensor[] tensors = Arrays.copyOf(whole.tensors(), last + 2);
        long[] bases = Arrays.copyOf(whole.bases(), last + 2);
        tensors[last + 1] = tensors[last];
        bases[last + 1] = bases[last];
        tensors[last] = new Tensor(more.room.data(), more.type, new long[] {more.elements}, new long[] {1}, 0, 0, 0, 0);
        bases[last] = slabs.base(tensors[last]);
        return new CallRecord.Call(tensors, bases, whole.step(), whole.lengths());
    }

    /** What piece {@code n} of a kernel is called with: the rows of factor n, or behind the last factor the rest. */
    CallRecord.Call arguments(Numbered kernel, Passing passing, Call call, int n) {
        Cut cut = kernel.cut();
        CallRecord.Call whole = call.arguments();
        boolean rest = n == cut.factors().size();
        Cut.Piece piece = rest ? cut.rest() : cut.factors().get(n).rows();
        int given = piece.operands().length;
        int more = rest ? cut.factors().size() : 0;
        Tensor[] tensors = new Tensor[given + more + 1];
        long[] bases = new long[tensors.length];
        for (int k = 0; k < given; k++) {
            tensors[k] = whole.tensors()[piece.operands()[k]];
            bases[k] = whole.bases()[piece.operands()[k]];
        }
        long[] shape = shape(whole.step(), piece.template().request().kernel().output());
        for (int k = 0; k < more; k++) {
            Spot spot = sums(kernel, new Joined.Factor(call.number(), k), passing);
            tensors[given + k] = tensor(spot, shape, whole.step());
            bases[given + k] = slabs.base(tensors[given + k]);
        }
        if (rest) {
            tensors[given + more] = whole.tensors()[whole.tensors().length - 1];
            bases[given + more] = whole.bases()[whole.bases().length - 1];
        } else {
            Cut.Factor factor = cut.factors().get(n);
            tensors[given] = tensor(new Spot(rows.get(factor.type()), 0, factor.depth()), shape, whole.step());
            bases[given] = slabs.base(tensors[given]);
        }
        return new CallRecord.Call(tensors, bases, whole.step(), whole.lengths());
    }

    /** The product of a factor for so many rows, with all that it is joined with. */
    Driver.Multiply product(
            List<Numbered> kernels, List<@Nullable Call> samples, Joined.Factor which, Passing passing, int count) {
        Joined joined = passing.joined().get(which);
        Joined.Factor first = joined == null ? which : joined.parts().getFirst().factor();
        Numbered kernel = kernels.get(first.kernel());
        Cut.Factor factor = kernel.cut().factors().get(first.number());
        CallRecord.Call call = samples.get(first.kernel()).arguments();
        long columns = joined == null ? kernel.cut().columns() : joined.columns();
        Matrix matrix = factor.matrix();
        boolean turned = matrix.depthStride() != 1;
        Handover given = passing.rows(factor);
        Spot left = new Spot(given == null ? rows.get(factor.type()) : held(given), 0, factor.depth());
        Slab weights = slabs.of(call.tensors()[matrix.operand()]);
        return new Driver.Multiply(
                "product" + which.number(),
                factor.type(),
                block(left),
                new Driver.Block(
                        weights.array,
                        call.bases()[matrix.operand()] + matrix.offset(),
                        turned ? matrix.depthStride() : matrix.columnStride()),
                turned,
                block(sums(kernel, first, passing)),
                count,
                Math.toIntExact(columns),
                Math.toIntExact(factor.depth()));
    }

    private Driver.Block block(Spot spot) {
        long address = spot.held.room.data().address();
        Slab slab = slabs.of(address);
        return new Driver.Block(slab.array, slab.element(address) + spot.first, spot.pitch);
    }
}
