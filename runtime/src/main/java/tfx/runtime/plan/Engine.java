package tfx.runtime.plan;

import java.util.List;
import tfx.compiler.schedule.Schedule;

/** A model with its weights on one backend. Thread-safe; each session belongs to one thread at a time. */
public interface Engine {
    /** The backend's name: {@code reference}, {@code cpu}. */
    String name();

    /** What runs, kernel by kernel. */
    Schedule schedule();

    /** The generated source of every kernel, in the schedule's order: those at load time, then those of a step. */
    List<String> sources();

    /** A new sequence for each of {@code batch}, all empty. */
    Session open(int batch);
}
