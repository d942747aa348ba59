package tfx.compiler.schedule;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Probes: named values made outputs, so that no pass takes them away. Done before the passes; unobserved they cost nothing. */
public final class Observations {
    private Observations() {}

    /**
     * {@code program} with the values of the given paths among its outputs, under their paths.
     *
     * @throws TfxException TFX0190 if a path names no value
     */
    public static Program observe(Program program, Collection<String> paths) {
        Map<String, Value> outputs = new LinkedHashMap<>(program.outputs());
        for (String path : paths) {
            Value value = program.named().get(path);
            if (value == null) {
                throw new TfxException(Diagnostic.error(
                        "TFX0190", path, "the model has no value of this path", nearest(program, path)));
            }
            outputs.putIfAbsent(path, value);
        }
        return new Program(program.inputs(), program.parameters(), outputs, program.named(), program.length());
    }

    private static String nearest(Program program, String path) {
        String last = path.substring(path.lastIndexOf('.') + 1);
        return program.named().keySet().stream()
                .filter(name -> name.equals(last) || name.endsWith("." + last))
                .findFirst()
                .map(name -> "a value of this name is at " + name)
                .orElse("explain --ir lists every named value");
    }
}
