package tfx.runtime.plan;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Kernel;
import tfx.runtime.interop.GuestObject;
import tfx.runtime.interop.Values;

/** A kernel as instruments see it: its name, the value it computes, and the values that were fused into it, by path. */
final class KernelObject extends GuestObject {
    private static final String NAME = "name";
    private static final String VALUE = "value";
    private static final String FUSED = "fused";

    private final Kernel kernel;

    KernelObject(@Nullable TruffleLanguage<?> language, Kernel kernel) {
        super(language);
        this.kernel = kernel;
    }

    @Override
    protected String display() {
        return "kernel " + kernel.name();
    }

    @Override
    protected List<String> members() {
        return List.of(NAME, VALUE, FUSED);
    }

    @Override
    protected @Nullable Object member(String name) {
        return switch (name) {
            case NAME -> kernel.name();
            case VALUE -> kernel.output().name();
            case FUSED -> Values.list(language(), kernel.fused());
            default -> null;
        };
    }
}
