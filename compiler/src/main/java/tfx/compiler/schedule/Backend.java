package tfx.compiler.schedule;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns scheduled kernels into runnable ones. A backend knows nothing of models. Implementations are thread-safe. */
public interface Backend extends AutoCloseable {
    String name();

    /**
     * Compiles a kernel for operands of the given types and strides. Kernels that differ only in names share one compiled
     * form.
     *
     * @param layouts one per operand
     * @param output the output's element type
     */
    CompiledKernel compile(Kernel kernel, List<Layout> layouts, ElementType output, String length);

    /**
     * What {@link #compile} is asked for.
     *
     * @param kept whether others than the kernels compiled with this one, in the step that computes it, read the output: the
     *     caller, or later steps
     */
    record Request(Kernel kernel, List<Layout> layouts, ElementType output, String length, boolean kept) {
        public Request(Kernel kernel, List<Layout> layouts, ElementType output, String length) {
            this(kernel, layouts, output, length, true);
        }
    }

    /** Compiles the kernels of a program, in order; a backend with costly start-up does so in one go. */
    default List<CompiledKernel> compileAll(List<Request> requests) {
        return requests.stream()
                .map(r -> compile(r.kernel(), r.layouts(), r.output(), r.length()))
                .toList();
    }

    /** How many positions of a sequence run at once: enough to reuse each weight well, few enough to bound memory. */
    default int positions() {
        return 256;
    }

    /** Where operands and outputs must lie; that of this process unless the backend has its own. */
    default DeviceMemory memory() {
        return DeviceMemory.HOST;
    }

    /**
     * Makes sure that every run started by this thread is done. A backend may collect runs and start them here, all at once.
     *
     * @return what runs the same one step further, null where nothing does
     */
    default @Nullable Replay finish() {
        return null;
    }

    /** Gives back what the backend holds of a device. */
    @Override
    default void close() {}

    /**
     * What is known of an operand before a run.
     *
     * @param strides per dimension in elements; -1 where it is known only at run time
     */
    record Layout(ElementType type, long[] strides) {}

    /** What ran up to a {@link #finish}, to run again without every kernel being called. */
    interface Replay {
        /**
         * Runs the same kernels for as many positions, those that follow the last. For callers that would call each with what
         * they did before: tensors in the same place with the same strides, whose origin moved only where it was the step's
         * start, as it did with the step before.
         *
         * @return false where nothing ran: the kernels are to be called
         */
        boolean next();
    }

    /** A kernel ready to run, any number of times, with tensors that agree with the layouts it was compiled for. */
    interface CompiledKernel {
        /** Runs, or asks for a run that is over after {@link Backend#finish}; runs of one thread happen in their order. */
        void run(Tensor[] operands, Tensor output, Step step, Workers workers);

        /** The generated source, for {@code explain --kernels}. */
        String source();
    }
}
