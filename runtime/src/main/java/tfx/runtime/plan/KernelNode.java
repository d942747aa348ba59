package tfx.runtime.plan;

import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.instrumentation.InstrumentableNode;
import com.oracle.truffle.api.instrumentation.ProbeNode;
import com.oracle.truffle.api.instrumentation.Tag;
import com.oracle.truffle.api.nodes.Node;
import tfx.compiler.schedule.Backend.CompiledKernel;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

/** Runs one compiled kernel on the tensors of a run. Instruments see it as a node with the tag {@link KernelTag}. */
class KernelNode extends Node implements InstrumentableNode {
    private final Engine engine;
    private final Kernel kernel;
    private final CompiledKernel compiled;
    private final int[] operands;
    private final int output;
    private final boolean batched;

    /** @param operands numbers of the operands among the run's tensors */
    KernelNode(Engine engine, Kernel kernel, CompiledKernel compiled, int[] operands, int output, boolean batched) {
        this.engine = engine;
        this.kernel = kernel;
        this.compiled = compiled;
        this.operands = operands;
        this.output = output;
        this.batched = batched;
    }

    final String source() {
        return compiled.source();
    }

    final Engine engine() {
        return engine;
    }

    final Kernel kernel() {
        return kernel;
    }

    /** What an execution from row {@code start} covers. A value that no input reaches is the same for every sequence. */
    final Step step(Run run, long start) {
        return new Step(batched ? run.batch() : 1, start, run.end());
    }

    /** The rows computed, for instruments. */
    @TruffleBoundary
    final KernelOutput output(Run run, Step step) {
        return KernelOutput.of(engine, kernel, run.tensors()[output], step);
    }

    void execute(VirtualFrame frame, Run run, long start) {
        run(run, start);
    }

    @TruffleBoundary
    final void run(Run run, long start) {
        Tensor[] given = new Tensor[operands.length];
        for (int k = 0; k < given.length; k++) {
            given[k] = run.tensors()[operands[k]];
        }
        Step step = step(run, start);
        long begun = run.listener() == null ? 0 : System.nanoTime();
        compiled.run(given, run.tensors()[output], step, run.workers());
        if (run.listener() != null) {
            run.listener().ran(kernel, step, System.nanoTime() - begun);
        }
    }

    @Override
    public boolean isInstrumentable() {
        return true;
    }

    @Override
    public boolean hasTag(Class<? extends Tag> tag) {
        return tag == KernelTag.class;
    }

    @Override
    public WrapperNode createWrapper(ProbeNode probe) {
        return new Wrapper(this, probe);
    }

    @Override
    public Object getNodeObject() {
        return new KernelObject(engine.language(), kernel);
    }

    @Override
    public final String toString() {
        return kernel.name();
    }

    /** What Truffle's annotation processor would write: tells instruments before and after the kernel, with its output. */
    private static final class Wrapper extends KernelNode implements WrapperNode {
        @Child
        private KernelNode delegate;

        @Child
        private ProbeNode probe;

        Wrapper(KernelNode delegate, ProbeNode probe) {
            super(
                    delegate.engine,
                    delegate.kernel,
                    delegate.compiled,
                    delegate.operands,
                    delegate.output,
                    delegate.batched);
            this.delegate = delegate;
            this.probe = probe;
        }

        @Override
        void execute(VirtualFrame frame, Run run, long start) {
            try {
                probe.onEnter(frame);
                delegate.execute(frame, run, start);
                probe.onReturnValue(frame, output(run, step(run, start)));
            } catch (Throwable thrown) {
                // A kernel can neither be left early nor be entered again: what an instrument asks for is not done.
                probe.onReturnExceptionalOrUnwind(frame, thrown, false);
                throw thrown;
            }
        }

        @Override
        public Node getDelegateNode() {
            return delegate;
        }

        @Override
        public ProbeNode getProbeNode() {
            return probe;
        }
    }
}
