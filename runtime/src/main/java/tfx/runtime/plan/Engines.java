package tfx.runtime.plan;

import java.util.function.Consumer;
import java.util.function.Function;
import tfx.compiler.passes.Known;
import tfx.compiler.passes.Pass;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Program;
import tfx.runtime.reference.Elements;
import tfx.runtime.reference.ReferenceBackend;
import tfx.source.Diagnostic;

/** Makes engines of programs. */
public final class Engines {
    private Engines() {}

    /**
     * The program after all passes, on a backend that computes in float32.
     *
     * @param program with everything to observe among its outputs
     * @param parameters by name; a tensor of the parameter's shape, with any strides and types
     * @param notes receives what the user should know, such as that nothing can be kept from step to step
     */
    public static Engine compiled(
            Program program,
            Backend backend,
            Function<String, Tensor> parameters,
            Workers workers,
            Consumer<Diagnostic> notes) {
        Schedule schedule = Scheduler.schedule(Passes.run(program, known(parameters)));
        return plan(
                schedule, backend, parameters, ElementType.F32, ElementType.I32, workers, backend.positions(), notes);
    }

    /** What the small ones among parameters hold. */
    public static Known known(Function<String, Tensor> parameters) {
        return parameter -> Elements.dense(parameters.apply(parameter.name()));
    }

    /** The unfused program in float64. Only reads of earlier layers are resolved first, so that layers can be kept apart. */
    public static Engine reference(
            Program program, Function<String, Tensor> parameters, Workers workers, Consumer<Diagnostic> notes) {
        Pass stacks = Passes.all().getFirst();
        Schedule schedule = Scheduler.schedule(stacks.rewrite().apply(program));
        Backend backend = new ReferenceBackend();
        return plan(
                schedule, backend, parameters, ElementType.F64, ElementType.F64, workers, backend.positions(), notes);
    }

    static Engine plan(
            Schedule schedule,
            Backend backend,
            Function<String, Tensor> parameters,
            ElementType real,
            ElementType integer,
            Workers workers,
            int chunk,
            Consumer<Diagnostic> notes) {
        if (!schedule.causality().incremental() && schedule.length() != null) {
            notes.accept(new Diagnostic(
                    "TFX0510",
                    Diagnostic.Severity.NOTE,
                    null,
                    "engine",
                    "every step computes the whole sequence again: "
                            + schedule.causality().reason(),
                    ""));
        }
        return new Plan(schedule, backend, parameters, real, integer, workers, chunk);
    }
}
