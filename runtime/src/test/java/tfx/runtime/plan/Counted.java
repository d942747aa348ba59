package tfx.runtime.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;

/** Another backend, that counts what it is called for, and always has something to run again: what the other has, or nothing. */
final class Counted implements Backend {
    private final Backend inner;
    private int calls;
    private int replays;
    private @Nullable RuntimeException fault;

    Counted(Backend inner) {
        this.inner = inner;
    }

    /** How many kernels were called since the last time. */
    int calls() {
        int before = calls;
        calls = 0;
        return before;
    }

    /** How often something was to run again since the last time. */
    int replays() {
        int before = replays;
        replays = 0;
        return before;
    }

    /** What the next replay fails with. */
    void fail(RuntimeException with) {
        fault = with;
    }

    @Override
    public @Nullable Replay finish() {
        Replay given = inner.finish();
        return () -> {
            replays++;
            RuntimeException thrown = fault;
            fault = null;
            if (thrown != null) {
                throw thrown;
            }
            return given != null && given.next();
        };
    }

    @Override
    public List<CompiledKernel> compileAll(List<Request> requests) {
        return inner.compileAll(requests).stream().map(this::counted).toList();
    }

    @Override
    public CompiledKernel compile(Kernel kernel, List<Layout> layouts, ElementType output, String length) {
        return counted(inner.compile(kernel, layouts, output, length));
    }

    private CompiledKernel counted(CompiledKernel kernel) {
        return new CompiledKernel() {
            @Override
            public void run(Tensor[] operands, Tensor output, Step step, Workers workers) {
                calls++;
                kernel.run(operands, output, step, workers);
            }

            @Override
            public String source() {
                return kernel.source();
            }
        };
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public int positions() {
        return inner.positions();
    }

    @Override
    public DeviceMemory memory() {
        return inner.memory();
    }

    @Override
    public void close() {
        inner.close();
    }
}
