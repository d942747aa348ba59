package tfx.compiler.schedule;

import java.util.List;
import java.util.Map;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * A program ready for a backend.
 *
 * @param program after all passes
 * @param loadTime kernels over parameters only, in order; run once per set of weights
 * @param kernels the kernels of a step, in order
 * @param placements of every input and every computed value
 * @param outputs the value behind each output name
 * @param causality where not incremental, every run is a step from 0
 */
public record Schedule(
        Program program,
        List<Kernel> loadTime,
        List<Kernel> kernels,
        Map<Value, Placement> placements,
        Map<String, Value> outputs,
        Causality causality) {

    /** Whether others than the kernels of the step that computes it read a value. */
    public boolean kept(Value value) {
        Placement placement = placements.get(value);
        return placement == null || placement.output() || placement.storage() != Storage.ROWS;
    }

    public String length() {
        return program.length();
    }
}
