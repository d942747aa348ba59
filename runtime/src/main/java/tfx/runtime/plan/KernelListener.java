package tfx.runtime.plan;

import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;

/** Told of every kernel that an engine runs, by the thread that runs it. */
@FunctionalInterface
public interface KernelListener {
    void ran(Kernel kernel, Step step, long nanos);
}
