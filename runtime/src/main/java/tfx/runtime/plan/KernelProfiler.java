package tfx.runtime.plan;

import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.instrumentation.EventContext;
import com.oracle.truffle.api.instrumentation.ExecutionEventNode;
import com.oracle.truffle.api.instrumentation.SourceSectionFilter;
import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The instrument {@code tfx-profile}: adds up the time of every kernel that the contexts of an engine run, from when it is
 * looked up: {@code engine.getInstruments().get("tfx-profile").lookup(KernelProfiler.class)}.
 */
public final class KernelProfiler extends TruffleInstrument {
    public static final String ID = "tfx-profile";

    private final Map<Engine, Profile> profiles = new ConcurrentHashMap<>();

    @Override
    protected void onCreate(Env env) {
        env.registerService(this);
        env.getInstrumenter()
                .attachExecutionEventFactory(
                        SourceSectionFilter.newBuilder().tagIs(KernelTag.class).build(), this::timer);
    }

    /** What the kernels took so far, the one that took longest first. */
    public List<Profile.Row> rows() {
        return Profile.rows(profiles.values());
    }

    private ExecutionEventNode timer(EventContext context) {
        KernelNode kernel = (KernelNode) context.getInstrumentedNode();
        return new Timer(kernel, profiles.computeIfAbsent(kernel.engine(), Profile::new));
    }

    private static final class Timer extends ExecutionEventNode {
        private final KernelNode kernel;
        private final Profile profile;
        private long begun;

        Timer(KernelNode kernel, Profile profile) {
            this.kernel = kernel;
            this.profile = profile;
        }

        @Override
        protected void onEnter(VirtualFrame frame) {
            begin();
        }

        @Override
        protected void onReturnValue(VirtualFrame frame, Object result) {
            end(((KernelOutput) result).step());
        }

        @TruffleBoundary
        private void begin() {
            begun = System.nanoTime();
        }

        @TruffleBoundary
        private void end(tfx.compiler.schedule.Step step) {
            profile.ran(kernel.kernel(), step, System.nanoTime() - begun);
        }
    }

    /** Registers the instrument; found through {@code META-INF/services}. */
    @Registration(id = ID, name = "Time of kernels", version = "0.1.0")
    public static final class Provider extends TruffleInstrumentProvider {
        @Override
        protected String getInstrumentClassName() {
            return KernelProfiler.class.getName();
        }

        @Override
        protected Object create() {
            return new KernelProfiler();
        }

        @Override
        protected Collection<String> getServicesClassNames() {
            return List.of(KernelProfiler.class.getName());
        }
    }
}
