package tfx.runtime.language;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Value;
import tfx.runtime.interop.Arguments;
import tfx.runtime.interop.Values;
import tfx.runtime.plan.Session;
import tfx.runtime.reference.Reference;

/**
 * The inputs of a step as a guest gives them: numbers, or an array, for a model of one input; an object of arrays by name for
 * any. An array is one sequence, or a batch of sequences of one length.
 *
 * @param arrays by input, the batch first
 * @param batch how many sequences
 * @param single whether the guest gave a sequence without a batch; results have none either then
 */
record Inputs(Map<String, Reference.Array> arrays, int batch, boolean single) {

    /** TFX0521 where the arguments are no inputs of the model. */
    static Inputs of(List<Value.Input> inputs, Object[] arguments) {
        Map<String, Reference.Array> given = new LinkedHashMap<>();
        if (arguments.length > 0 && Arrays.stream(arguments).allMatch(Arguments::isNumber)) {
            String name = only(inputs).name();
            double[] data = Arrays.stream(arguments)
                    .mapToDouble(argument -> Arguments.real(argument, name))
                    .toArray();
            given.put(name, new Reference.Array(data, new long[] {data.length}));
        } else if (arguments.length == 1 && Arguments.isArray(arguments[0])) {
            String name = only(inputs).name();
            given.put(name, Arguments.tensor(arguments[0], name));
        } else if (arguments.length == 1) {
            Arguments.entries(arguments[0], "inputs")
                    .forEach((name, value) -> given.put(name, Arguments.tensor(value, name)));
        } else {
            throw Arguments.fault(
                    "inputs",
                    arguments.length + " values are given",
                    "give an array of numbers, or one for each input");
        }
        return batched(inputs, given);
    }

    private static Value.Input only(List<Value.Input> inputs) {
        if (inputs.size() != 1) {
            throw Arguments.fault(
                    "inputs",
                    "the model has the inputs "
                            + inputs.stream().map(Value.Input::name).toList(),
                    "give an object with an array for each");
        }
        return inputs.getFirst();
    }

    private static Inputs batched(List<Value.Input> inputs, Map<String, Reference.Array> given) {
        Map<String, Reference.Array> arrays = new LinkedHashMap<>();
        boolean single = true;
        int batch = 1;
        for (Value.Input input : inputs) {
            Reference.Array array = given.remove(input.name());
            if (array == null) {
                throw Arguments.fault(input.name(), "the model's input is not given", "give an array for it");
            }
            long[] shape = array.shape();
            int rank = input.shape().size();
            if (shape.length == rank) {
                long[] one = new long[rank + 1];
                one[0] = 1;
                System.arraycopy(shape, 0, one, 1, rank);
                array = new Reference.Array(array.data(), one);
            } else if (shape.length == rank + 1 && shape[0] > 0) {
                batch = Math.toIntExact(shape[0]);
                single = false;
            } else {
                throw Arguments.fault(
                        input.name(),
                        "an array of shape " + Arrays.toString(shape) + " where " + input.shape()
                                + " is needed, or a batch of such",
                        "give numbers, nested as deep as the input has dimensions");
            }
            arrays.put(input.name(), array);
        }
        if (!given.isEmpty()) {
            throw Arguments.fault(
                    given.keySet().iterator().next(),
                    "the model has no input of this name",
                    "it has " + inputs.stream().map(Value.Input::name).toList());
        }
        return new Inputs(arrays, batch, single);
    }

    /** New positions in this step: the longest input's. */
    long positions() {
        return arrays.values().stream()
                .mapToLong(array -> array.shape().length > 1 ? array.shape()[1] : 1)
                .max()
                .orElse(1);
    }

    /** One result as it is, several as an object of them by name. */
    Object results(@Nullable TruffleLanguage<?> language, Map<String, Reference.Result> results) {
        Map<String, Object> shown = new LinkedHashMap<>();
        results.forEach((name, result) -> shown.put(name, Values.tensor(language, result, single)));
        return shown.size() == 1
                ? shown.values().iterator().next()
                : Values.object(language, "values " + shown.keySet(), shown);
    }

    /** The next step of a session. */
    Map<String, Reference.Result> advance(Session session, Session.Rows rows) {
        return session.advance(arrays, rows);
    }
}
