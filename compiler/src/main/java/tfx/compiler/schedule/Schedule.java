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

    public String length() {
        return program.length();
    }
}
