package tfx.runtime.plan;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.ir.Value;

/** A model with its weights on one backend. Thread-safe; each session belongs to one thread at a time. */
public interface Engine {
    /** The backend's name: {@code reference}, {@code cpu}. */
    String name();

    /** What runs, kernel by kernel. */
    Schedule schedule();

    /** The generated source of every kernel, in the schedule's order: those at load time, then those of a step. */
    List<String> sources();

    /** What a value's elements are stored as: a parameter's as its weights lie, a computed one's as the engine computes. */
    ElementType type(Value value);

    /** Tells a listener of every kernel of a step from now on; null for none. Kernels at load time have run already. */
    void listen(@Nullable KernelListener listener);

    /** Makes the plan's nodes ones of a language, so that instruments of its contexts see them. Before any session is open. */
    void bind(TruffleLanguage<?> language);

    /** The language of {@link #bind}, or null. */
    @Nullable
    TruffleLanguage<?> language();

    /** A new sequence for each of {@code batch}, all empty. */
    Session open(int batch);
}
