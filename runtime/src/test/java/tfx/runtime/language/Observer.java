package tfx.runtime.language;

import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.instrumentation.EventContext;
import com.oracle.truffle.api.instrumentation.ExecutionEventListener;
import com.oracle.truffle.api.instrumentation.SourceSectionFilter;
import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import com.oracle.truffle.api.interop.InteropException;
import com.oracle.truffle.api.interop.InteropLibrary;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tfx.runtime.plan.KernelTag;

/** An instrument as a user would write it: the last output of every kernel, by the value's name, through interop alone. */
public final class Observer extends TruffleInstrument {
    static final String ID = "tfx-test-observer";
    private static final InteropLibrary INTEROP = InteropLibrary.getUncached();

    private final Map<String, String> seen = new HashMap<>();

    Map<String, String> seen() {
        return seen;
    }

    @Override
    protected void onCreate(Env env) {
        env.registerService(this);
        env.getInstrumenter()
                .attachExecutionEventListener(
                        SourceSectionFilter.newBuilder().tagIs(KernelTag.class).build(), new ExecutionEventListener() {
                            @Override
                            public void onEnter(EventContext context, VirtualFrame frame) {}

                            @Override
                            public void onReturnValue(EventContext context, VirtualFrame frame, Object result) {
                                record(context, result);
                            }

                            @Override
                            public void onReturnExceptional(EventContext context, VirtualFrame frame, Throwable e) {}
                        });
    }

    private void record(EventContext context, Object result) {
        try {
            Object kernel = context.getNodeObject();
            String name = INTEROP.asString(INTEROP.readMember(kernel, "value"));
            seen.put(name, elements(result).toString());
        } catch (InteropException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object elements(Object value) throws InteropException {
        if (!INTEROP.hasArrayElements(value)) {
            return INTEROP.asDouble(value);
        }
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < INTEROP.getArraySize(value); i++) {
            all.add(elements(INTEROP.readArrayElement(value, i)));
        }
        return all;
    }

    /** Found through {@code META-INF/services}. */
    @Registration(id = ID, name = "Observer")
    public static final class Provider extends TruffleInstrumentProvider {
        @Override
        protected String getInstrumentClassName() {
            return Observer.class.getName();
        }

        @Override
        protected Object create() {
            return new Observer();
        }

        @Override
        protected Collection<String> getServicesClassNames() {
            return List.of(Observer.class.getName());
        }
    }
}
