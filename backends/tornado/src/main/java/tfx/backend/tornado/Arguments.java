package tfx.backend.tornado;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.backend.tornado.Rooms.Held;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Value;

/** What the tasks are called with that a kernel is taken apart into, or that several are brought together in. */
final class Arguments {
    private final Slabs slabs;
    private final Scratch scratch;

    /** Rows of numbers in memory that may hold others beside them. */
    private record Spot(Held held, long first, long pitch) {}

    Arguments(Slabs slabs, Scratch scratch) {
        this.slabs = slabs;
        this.scratch = scratch;
    }

    /** Where the sums of a factor lie. */
    private Spot sums(Numbered kernel, Joined.Factor factor, Passing passing) {
        Joined joined = passing.joined().get(factor);
        if (joined != null) {
            return new Spot(scratch.joined(joined), joined.part(factor).column(), joined.columns());
        }
        Handover handover = passing.handovers().get(kernel.output());
        boolean handed = handover != null && (handover.kind() == Handover.Kind.PRODUCT || passing.adds(kernel));
        return new Spot(
                handed ? scratch.handed(handover) : scratch.sums(passing.sums(kernel), factor.number()),
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
                Spot spot = handover.kind() == Handover.Kind.PRODUCT
                        ? sums(kernels.get(producer), new Joined.Factor(producer, 0), passing)
                        : new Spot(scratch.handed(handover), 0, handover.columns());
                tensors[k] = tensor(spot, shape(given.step(), value), given.step());
                bases[k] = slabs.base(tensors[k]);
            }
        }
        return new Call(call.number(), new CallRecord.Call(tensors, bases, given.step(), given.lengths()));
    }

    /**
     * What a launch of several kernels is called with.
     *
     * @param earlier no call writes a position before this one
     */
    CallRecord.Call of(Fusion.Unit unit, List<@Nullable Call> calls, long earlier) {
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
            Held own = output ? scratch.inner(source.kernel(), call.tensors()[at].type()) : null;
            if (own != null) {
                Tensor t = tensors[k];
                tensors[k] = new Tensor(
                        own.room().data(),
                        own.type(),
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
        return new CallRecord.Call(tensors, bases, first.step(), first.lengths(), earlier);
    }

    /** What the kernels of a split fold are called with: the stretches are the last operand. */
    CallRecord.Call split(CallRecord.Call whole) {
        return with(whole, scratch.stretches());
    }

    /** What the kernels of a packed fold are called with: the factors are the last operand. */
    CallRecord.Call packed(CallRecord.Call whole) {
        return with(whole, scratch.factors());
    }

    private CallRecord.Call with(CallRecord.Call whole, Held more) {
        int last = whole.tensors().length - 1;
        Tensor[] tensors = Arrays.copyOf(whole.tensors(), last + 2);
        long[] bases = Arrays.copyOf(whole.bases(), last + 2);
        tensors[last + 1] = tensors[last];
        bases[last + 1] = bases[last];
        tensors[last] =
                new Tensor(more.room().data(), more.type(), new long[] {more.elements()}, new long[] {1}, 0, 0, 0, 0);
        bases[last] = slabs.base(tensors[last]);
        return new CallRecord.Call(tensors, bases, whole.step(), whole.lengths(), whole.earlier());
    }

    /** What a task of a cut kernel is called with: the rows of a factor, or the rest. */
    CallRecord.Call cut(Numbered kernel, Passing passing, Call call, Role role) {
        Cut cut = kernel.cut();
        CallRecord.Call whole = call.arguments();
        boolean rest = role.equals(Role.REST);
        Cut.Piece piece = rest ? cut.rest() : cut.factors().get(role.factor()).rows();
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
            Cut.Factor factor = cut.factors().get(role.factor());
            tensors[given] = tensor(new Spot(scratch.rows(factor.type()), 0, factor.depth()), shape, whole.step());
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
        Spot left = new Spot(given == null ? scratch.rows(factor.type()) : scratch.handed(given), 0, factor.depth());
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
                passing.sums(kernel),
                passing.adds(kernel),
                count,
                Math.toIntExact(columns),
                Math.toIntExact(factor.depth()));
    }

    private Driver.Block block(Spot spot) {
        long address = spot.held.room().data().address();
        Slab slab = slabs.of(address);
        return new Driver.Block(slab.array, slab.element(address) + spot.first, spot.pitch);
    }

    private static Tensor tensor(Spot spot, long[] shape, Step step) {
        long[] strides = Tensor.strides(shape);
        strides[0] = spot.pitch;
        return new Tensor(
                spot.held.room().data(),
                spot.held.type(),
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
}
