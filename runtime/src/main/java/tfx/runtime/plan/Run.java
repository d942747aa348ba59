package tfx.runtime.plan;

import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;

/**
 * What one execution of a plan works on.
 *
 * @param tensors by the values' numbers
 * @param starts the first row of each kernel; {@code end} for one that is left out
 * @param listener told of every kernel, or null
 */
record Run(
        Tensor[] tensors,
        int batch,
        long[] starts,
        long end,
        Workers workers,
        @Nullable KernelListener listener) {}
