package tfx.backend.tornado.emulator;

import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.Driver.Run;

/**
 * A kernel in a graph. One of its groups, drawn at random, begins before any kernel of the graph has run: what it reads before it
 * waits for those must be there already.
 */
final class EmulatedKernel implements Runnable {
    private final Run run;
    private final Consumer<KernelContext> code;
    private final int groups;
    private final Random order = new Random(1);
    private int early = -1;
    private @Nullable WorkGroup ahead;

    /** @param groups at most */
    EmulatedKernel(Run run, Consumer<KernelContext> code, int groups) {
        this.run = run;
        this.code = code;
        this.groups = Math.min(groups, run.groups());
    }

    /** Lets a group run as far as it does without other kernels; those without barriers wait at their begin. */
    void begin() {
        if (run.barriers()) {
            early = order.nextInt(groups);
            WorkGroup group = group();
            group.runAhead(early, groups, code);
            ahead = group;
        }
    }

    private WorkGroup group() {
        return new WorkGroup(run.group(), run.barriers());
    }

    @Override
    public void run() {
        WorkGroup begun = ahead;
        ahead = null;
        try {
            IntStream.range(0, groups)
                    .filter(g -> begun == null || g != early)
                    .parallel()
                    .forEach(g -> group().run(g, groups, code));
            if (begun != null) {
                begun.runOn(early);
            }
        } catch (RuntimeException e) {
            throw new IllegalStateException("kernel " + run.id() + ": " + e.getMessage(), e);
        }
    }
}
