package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;

/**
 * Device memory between the pieces of a kernel: factors of rows by type, and the sums of each product; the stretches of a split
 * fold.
 */
final class Scratch {
    private final Slabs slabs;
    private final Map<ElementType, Held> rows = new EnumMap<>(ElementType.class);
    private final List<Held> sums = new ArrayList<>();
    private @Nullable Held stretches;
    /** By type and room. */
    private final Map<ElementType, List<@Nullable Held>> handed = new EnumMap<>(ElementType.class);

    private record Held(DeviceMemory.Room room, ElementType type, long elements) {}

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

    private Held held(Handover handover) {
        return handed.get(handover.type()).get(handover.room());
    }

    /** A call with what is handed over where that lies. */
    Call handed(Map<Value, Handover> handovers, Template whole, Call call) {
        CallRecord.Call given = call.arguments();
        Tensor[] tensors = given.tensors().clone();
        long[] bases = given.bases().clone();
        List<Value> operands = whole.request().kernel().operands();
        for (int k = 0; k < tensors.length; k++) {
            Value value = k < operands.size()
                    ? operands.get(k)
                    : whole.request().kernel().output();
            Handover handover = handovers.get(value);
            if (handover != null) {
                long[] shape = shape(given.step(), value);
                tensors[k] = tensor(held(handover), shape, given.step());
                bases[k] = slabs.base(tensors[k]);
            }
        }
        return new Call(call.number(), new CallRecord.Call(tensors, bases, given.step(), given.lengths()));
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
        if (stretches != null) {
            all.add(stretches);
        }
        return all.stream()
                .filter(Objects::nonNull)
                .map(held -> slabs.of(held.room.data().address()))
                .distinct()
                .toList();
    }

    private Tensor tensor(Held held, long[] shape, Step step) {
        long stride = Tensor.elements(shape);
        return new Tensor(held.room.data(), held.type, shape, Tensor.strides(shape), 0, stride, step.start(), 0);
    }

    private static long[] shape(Step step, Value value) {
        long[] shape = new long[value.shape().size()];
        shape[0] = step.end() - step.start();
        for (int d = 1; d < shape.length; d++) {
            shape[d] = value.shape().get(d).constant();
        }
        return shape;
    }

    /** What the kernels of a split fold are called with: the stretches are the last operand. */
    CallRecord.Call arguments(Call call) {
        CallRecord.Call whole = call.arguments();
        int last = whole.tensors().length - 1;
        Tensor[] tensors = Arrays.copyOf(whole.tensors(), last + 2);
        long[] bases = Arrays.copyOf(whole.bases(), last + 2);
        tensors[last + 1] = tensors[last];
        bases[last + 1] = bases[last];
        tensors[last] = new Tensor(
                stretches.room.data(), ElementType.F32, new long[] {stretches.elements}, new long[] {1}, 0, 0, 0, 0);
        bases[last] = slabs.base(tensors[last]);
        return new CallRecord.Call(tensors, bases, whole.step(), whole.lengths());
    }

    /** What piece {@code n} of a kernel is called with: the rows of factor n, or behind the last factor the rest. */
    CallRecord.Call arguments(Cut cut, Call call, int n) {
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
            tensors[given + k] = tensor(sums.get(k), shape, whole.step());
            bases[given + k] = slabs.base(tensors[given + k]);
        }
        if (rest) {
            tensors[given + more] = whole.tensors()[whole.tensors().length - 1];
            bases[given + more] = whole.bases()[whole.bases().length - 1];
        } else {
            tensors[given] = tensor(rows.get(cut.factors().get(n).type()), shape, whole.step());
            bases[given] = slabs.base(tensors[given]);
        }
        return new CallRecord.Call(tensors, bases, whole.step(), whole.lengths());
    }

    /** The product of factor {@code n} for so many rows, with what is handed over where that lies. */
    Driver.Multiply product(Cut cut, Call call, int n, int count, Map<Value, Handover> handovers, Value output) {
        Cut.Factor factor = cut.factors().get(n);
        Matrix matrix = factor.matrix();
        boolean turned = matrix.depthStride() != 1;
        Handover given = factor.value() == null ? null : handovers.get(factor.value());
        Handover taken = handovers.get(output);
        Held left = given == null || given.product() ? rows.get(factor.type()) : held(given);
        Held into = taken == null || !taken.product() ? sums.get(n) : held(taken);
        Slab weights = slabs.of(call.arguments().tensors()[matrix.operand()]);
        return new Driver.Multiply(
                "product" + n,
                factor.type(),
                block(left, factor.depth()),
                new Driver.Block(
                        weights.array,
                        call.arguments().bases()[matrix.operand()] + matrix.offset(),
                        turned ? matrix.depthStride() : matrix.columnStride()),
                turned,
                block(into, cut.columns()),
                count,
                Math.toIntExact(cut.columns()),
                Math.toIntExact(factor.depth()));
    }

    private Driver.Block block(Held held, long pitch) {
        long address = held.room.data().address();
        Slab slab = slabs.of(address);
        return new Driver.Block(slab.array, slab.element(address), pitch);
    }
}
