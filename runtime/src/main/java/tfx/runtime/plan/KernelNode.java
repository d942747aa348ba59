package tfx.runtime.plan;

import com.oracle.truffle.api.nodes.Node;
import tfx.compiler.schedule.Backend.CompiledKernel;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

/** Runs one compiled kernel on the tensors of a run. */
final class KernelNode extends Node {
    private final Kernel kernel;
    private final CompiledKernel compiled;
    private final int[] operands;
    private final int output;
    private final boolean batched;

    /** @param operands numbers of the operands among the run's tensors */
    KernelNode(Kernel kernel, CompiledKernel compiled, int[] operands, int output, boolean batched) {
        this.kernel = kernel;
        this.compiled = compiled;
        this.operands = operands;
        this.output = output;
        this.batched = batched;
    }

    String source() {
        return compiled.source();
    }

    void execute(Run run, long start) {
        Tensor[] given = new Tensor[operands.length];
        for (int k = 0; k < given.length; k++) {
            given[k] = run.tensors()[operands[k]];
        }
        // A value that no input reaches is the same for every sequence, and computed once.
        Step step = new Step(batched ? run.batch() : 1, start, run.end());
        long begun = run.listener() == null ? 0 : System.nanoTime();
        compiled.run(given, run.tensors()[output], step, run.workers());
        if (run.listener() != null) {
            run.listener().ran(kernel, step, System.nanoTime() - begun);
        }
    }

    @Override
    public String toString() {
        return kernel.name();
    }
}
