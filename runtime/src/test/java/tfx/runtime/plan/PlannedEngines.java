package tfx.runtime.plan;

import java.util.function.Function;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.runtime.reference.ReferenceBackend;

/** Plans in float64, for tests in other packages. */
public final class PlannedEngines {
    private PlannedEngines() {}

    /** @param chunk how many positions at most run at once */
    public static Engine plan(
            Schedule schedule,
            ReferenceBackend backend,
            Function<String, Tensor> parameters,
            Workers workers,
            int chunk) {
        return Engines.plan(
                schedule, backend, parameters, ElementType.F64, ElementType.F64, workers, chunk, note -> {});
    }
}
