package tfx.runtime.language;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.runtime.interop.Arguments;
import tfx.runtime.interop.Values;
import tfx.runtime.model.Generation;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.model.Sampling;
import tfx.runtime.reference.Reference;

/**
 * {@code generate(prompt, maxTokens = 50, options?)}: a text continues as a text, ids as ids; what is given back are the new
 * tokens. Options: {@code temperature}, {@code topK}, {@code topP}, {@code seed}; without them the likeliest token is taken.
 */
final class Generating {
    private static final int DEFAULT_TOKENS = 50;
    private static final Set<String> OPTIONS = Set.of("temperature", "topK", "topP", "seed");

    private Generating() {}

    static Object of(LoadedObject object, Object[] arguments) {
        boolean text = Arguments.isText(arguments[0]);
        int[] prompt = text
                ? object.tokenizer().encode(Arguments.text(arguments[0], "generate: the prompt"))
                : ids(arguments[0], "generate: the prompt");
        int most = arguments.length < 2 ? DEFAULT_TOKENS : Arguments.integer(arguments[1], "generate: the most tokens");
        if (most < 0) {
            throw Arguments.fault("generate: the most tokens", "it is " + most, "give 0 or more");
        }
        Sampling sampling = arguments.length < 3
                ? Sampling.GREEDY
                : sampling(Arguments.entries(arguments[2], "generate: the options"));
        LoadedModel model = object.model();
        List<Integer> made = new ArrayList<>();
        Generation.of(object.engine(List.of()), prompt, most, model.context(), sampling, model.ends(), made::add);
        return text
                ? object.tokenizer()
                        .decode(made.stream().mapToInt(Integer::intValue).toArray())
                : Values.list(object.language(), made);
    }

    /** Token ids of one sequence. */
    static int[] ids(Object given, String what) {
        Reference.Array array = Arguments.tensor(given, what);
        if (array.shape().length != 1) {
            throw Arguments.fault(what, "this is no plain array of token ids", "give the ids of one sequence");
        }
        int[] ids = new int[array.data().length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) array.data()[i];
            if (ids[i] != array.data()[i] || ids[i] < 0) {
                throw Arguments.fault(what, array.data()[i] + " is no token id", "give whole numbers from 0");
            }
        }
        return ids;
    }

    private static Sampling sampling(Map<String, Object> options) {
        for (String name : options.keySet()) {
            if (!OPTIONS.contains(name)) {
                throw Arguments.fault("generate: " + name, "there is no such option", "there are " + OPTIONS);
            }
        }
        double temperature = real(options, "temperature", 0);
        double topK = real(options, "topK", 0);
        double topP = real(options, "topP", 1);
        double seed = real(options, "seed", 0);
        if (!(temperature >= 0 && temperature <= 1e6) || !(topP > 0 && topP <= 1) || !(topK >= 0)) {
            throw Arguments.fault(
                    "generate: the options",
                    "temperature " + temperature + ", topK " + topK + ", topP " + topP,
                    "temperature and topK are 0 or more, topP is above 0 and at most 1");
        }
        return new Sampling(temperature, (int) topK, topP, (long) seed);
    }

    private static double real(Map<String, Object> options, String name, double otherwise) {
        Object value = options.get(name);
        return value == null ? otherwise : Arguments.real(value, "generate: " + name);
    }
}
