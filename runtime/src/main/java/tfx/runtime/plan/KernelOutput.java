package tfx.runtime.plan;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.runtime.interop.GuestObject;
import tfx.runtime.interop.Values;
import tfx.runtime.reference.Elements;

/**
 * The rows that a kernel has just computed, where they lie: arrays of arrays, the batch first. Instruments read it while they
 * are told of the kernel; later the memory may hold other values.
 */
final class KernelOutput extends GuestObject {
    private static final String SHAPE = "shape";

    private final Tensor tensor;
    private final Step step;
    private final long at;
    private final long[] shape;
    private final long[] strides;

    private KernelOutput(
            @Nullable TruffleLanguage<?> language, Tensor tensor, Step step, long at, long[] shape, long[] strides) {
        super(language);
        this.tensor = tensor;
        this.step = step;
        this.at = at;
        this.shape = shape;
        this.strides = strides;
    }

    static KernelOutput of(Engine engine, Kernel kernel, Tensor tensor, Step step) {
        int axis = Scheduler.sequenceAxis(kernel.output(), engine.schedule().length());
        int rank = tensor.shape().length;
        long[] shape = new long[rank + 1];
        long[] strides = new long[rank + 1];
        shape[0] = step.batch();
        strides[0] = tensor.batchStride();
        long at = tensor.base();
        for (int k = 0; k < rank; k++) {
            shape[k + 1] = k == axis ? step.end() - step.start() : tensor.shape()[k];
            strides[k + 1] = tensor.strides()[k];
            at += k == axis ? step.start() * strides[k + 1] : 0;
        }
        return new KernelOutput(engine.language(), tensor, step, at, shape, strides);
    }

    Step step() {
        return step;
    }

    @Override
    protected String display() {
        return "tensor " + Arrays.toString(shape);
    }

    @Override
    protected List<String> members() {
        return List.of(SHAPE);
    }

    @Override
    protected @Nullable Object member(String name) {
        return name.equals(SHAPE) ? Values.list(language(), shape) : null;
    }

    @Override
    protected long size() {
        return shape[0];
    }

    @Override
    protected Object element(long index) {
        long place = at + index * strides[0];
        if (shape.length == 1) {
            return Elements.get(tensor.data(), tensor.type(), place);
        }
        int rank = shape.length;
        return new KernelOutput(
                language(),
                tensor,
                step,
                place,
                Arrays.copyOfRange(shape, 1, rank),
                Arrays.copyOfRange(strides, 1, rank));
    }
}
