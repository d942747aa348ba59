package tfx.runtime.reference;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * The reference's nodes behind the interface of a backend: kernels run in float64, step by step, on tensors of F64 elements
 * in Java arrays. Other element types (weights as they lie in a file) are converted once and kept.
 */
public final class ReferenceBackend implements Backend {
    /** By the value of a kernel's operand: only parameters are kept, and a parameter's tensor never changes. */
    private final Map<Value, Stored> converted = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public CompiledKernel compile(Kernel kernel, List<Layout> layouts, ElementType output, String length) {
        return new Interpreted(kernel, length);
    }

    private final class Interpreted implements CompiledKernel {
        private final Kernel kernel;
        private final String length;

        Interpreted(Kernel kernel, String length) {
            this.kernel = kernel;
            this.length = length;
        }

        @Override
        public void run(Tensor[] operands, Tensor output, Step step, Workers workers) {
            Map<String, Long> lengths = length == null ? Map.of() : Map.of(length, step.end());
            Value.Comprehension value = kernel.output();
            int axis = Scheduler.sequenceAxis(value, length);
            for (int b = 0; b < step.batch(); b++) {
                Map<Value, Stored> storage = new IdentityHashMap<>();
                for (int k = 0; k < operands.length; k++) {
                    storage.put(
                            kernel.operands().get(k), stored(kernel.operands().get(k), operands[k], b));
                }
                Stored whole = stored(value, output, b);
                int[] extents = new int[whole.extents().length];
                int[] strides = whole.strides();
                int offset = whole.offset();
                for (int k = 0; k < extents.length; k++) {
                    Index index = value.indices().get(k);
                    extents[k] = Math.toIntExact(
                            k == axis ? step.end() - step.start() : index.size().evaluate(lengths));
                }
                if (axis >= 0) {
                    offset += Math.toIntExact(step.start() - whole.originOf(axis)) * strides[axis];
                }
                Stored rows = new Stored(
                        whole.data(), offset, extents, strides, axis, axis < 0 ? 0 : Math.toIntExact(step.start()));
                Function<Value, Stored> lookup = storage::get;
                new Lowering(lengths, lookup).comprehension(value, rows).fill(rows.size(), workers);
            }
        }

        @Override
        public String source() {
            return kernel.output().indices() + " -> " + kernel.output().body();
        }
    }

    private Stored stored(Value value, Tensor tensor, int sequence) {
        int rank = tensor.shape().length;
        if (value instanceof Value.Parameter parameter) {
            return converted.computeIfAbsent(parameter, p -> {
                int[] extents = new int[rank];
                for (int k = 0; k < rank; k++) {
                    extents[k] = Math.toIntExact(tensor.shape()[k]);
                }
                return Stored.dense(Elements.dense(tensor), extents);
            });
        }
        if (!(tensor.data().heapBase().orElse(null) instanceof double[] data)) {
            throw new IllegalArgumentException(
                    "the reference computes on F64 elements in Java arrays: " + value.name());
        }
        int[] extents = new int[rank];
        int[] strides = new int[rank];
        for (int k = 0; k < rank; k++) {
            extents[k] = Math.toIntExact(tensor.shape()[k]);
            strides[k] = Math.toIntExact(tensor.strides()[k]);
        }
        int offset = Math.toIntExact(tensor.offset() + sequence * tensor.batchStride());
        return new Stored(data, offset, extents, strides, tensor.originAxis(), Math.toIntExact(tensor.origin()));
    }
}
