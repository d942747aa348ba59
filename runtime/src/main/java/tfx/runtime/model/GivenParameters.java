package tfx.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.names.Nearest;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Size;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Weights that a caller gives in memory, against what the model declares. */
final class GivenParameters {
    private static final String CODE = "TFX0523";

    private GivenParameters() {}

    /** Throws TFX0523, one for each parameter that is missing, unknown or of another shape. */
    static void check(Elaborated elaborated, Map<String, Tensor> given) {
        Map<String, Elaborated.ParameterInfo> parameters = elaborated.parameters();
        List<Diagnostic> faults = new ArrayList<>();
        given.keySet().stream()
                .filter(name -> !parameters.containsKey(name))
                .forEach(name -> faults.add(Diagnostic.error(
                        CODE,
                        name,
                        "the model has no parameter of this path",
                        Nearest.mend(name, parameters.keySet(), "leave it out"))));
        parameters.forEach((name, parameter) -> {
            long[] shape =
                    parameter.value().shape().stream().mapToLong(Size::constant).toArray();
            String declared = parameter.dimensions() + " = " + Arrays.toString(shape);
            Tensor tensor = given.get(name);
            if (tensor == null && elaborated.ofTransforms().contains(name)) {
                return;
            }
            if (tensor == null) {
                faults.add(Diagnostic.error(
                        CODE, name, "the parameter " + declared + " is not given", "give an array of this shape"));
            } else if (!Arrays.equals(tensor.shape(), shape)) {
                faults.add(Diagnostic.error(
                        CODE,
                        name,
                        "the parameter is " + declared + ", and what is given has " + Arrays.toString(tensor.shape()),
                        "give an array of this shape"));
            }
        });
        if (!faults.isEmpty()) {
            throw new TfxException(faults);
        }
    }
}
