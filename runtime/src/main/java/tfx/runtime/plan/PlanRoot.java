package tfx.runtime.plan;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.instrumentation.InstrumentableNode.WrapperNode;
import com.oracle.truffle.api.nodes.ExplodeLoop;
import com.oracle.truffle.api.nodes.RootNode;
import org.jspecify.annotations.Nullable;

/** The kernels of a step, in order; called with the {@link Run}. */
final class PlanRoot extends RootNode {
    private final @Nullable TruffleLanguage<?> language;
    private final String name;

    @Children
    private final KernelNode[] kernels;

    /** @param language null outside a context of the language: instruments do not see the kernels then */
    PlanRoot(@Nullable TruffleLanguage<?> language, String name, KernelNode[] kernels) {
        super(language);
        this.language = language;
        this.name = name;
        this.kernels = kernels;
    }

    @Nullable
    TruffleLanguage<?> language() {
        return language;
    }

    /** Whether instruments see a kernel. */
    boolean observed() {
        for (KernelNode kernel : kernels) {
            if (kernel instanceof WrapperNode) {
                return true;
            }
        }
        return false;
    }

    @Override
    @ExplodeLoop
    public Object execute(VirtualFrame frame) {
        Run run = (Run) frame.getArguments()[0];
        for (int k = 0; k < kernels.length; k++) {
            if (run.starts()[k] < run.end()) {
                kernels[k].execute(frame, run, run.starts()[k]);
            }
        }
        return run;
    }

    @Override
    public String getName() {
        return name;
    }
}
