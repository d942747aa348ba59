package tfx.runtime.plan;

import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.RootNode;

/** The kernels of a step, in order; called with the {@link Run}. */
final class PlanRoot extends RootNode {
    private final String name;

    @Children
    private final KernelNode[] kernels;

    PlanRoot(String name, KernelNode[] kernels) {
        super(null);
        this.name = name;
        this.kernels = kernels;
    }

    @Override
    public Object execute(VirtualFrame frame) {
        Run run = (Run) frame.getArguments()[0];
        for (int k = 0; k < kernels.length; k++) {
            if (run.starts()[k] < run.end()) {
                kernels[k].execute(run, run.starts()[k]);
            }
        }
        return run;
    }

    @Override
    public String getName() {
        return name;
    }
}
