package tfx.ir;

import java.util.List;
import java.util.Map;

/**
 * A whole model as a graph of values, layers unrolled.
 *
 * @param inputs what the caller gives
 * @param parameters every weight that some value reads
 * @param outputs the model's declared outputs by name, in order
 * @param named every named value by its path ({@code layers.3.self_attn.p}); what probes and comparisons may ask for.
 *     Passes keep a named value only if it is an output; asking for one makes it an output.
 * @param length the symbol of the sequence length, the one a step advances along; null where there is none
 */
public record Program(
        List<Value.Input> inputs,
        List<Value.Parameter> parameters,
        Map<String, Value> outputs,
        Map<String, Value> named,
        String length) {}
