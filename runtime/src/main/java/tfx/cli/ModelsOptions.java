package tfx.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tfx.runtime.model.ModelRequest;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Which models, side by side, and what their parameters are. */
final class ModelsOptions {
    @Parameters(
            arity = "1..*",
            paramLabel = "MODEL",
            description =
                    "A .tfx file, a folder with model.tfx, a folder in Hugging Face layout, or a .safetensors dump.")
    private List<String> models = List.of();

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = {
                "Which model of the file; by default the one that the configuration names, or the last.",
                "Repeated: several models of one file, or one for each MODEL."
            })
    private List<String> names = List.of();

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "Sets a parameter of the models that have it; may be repeated.")
    private List<String> set = List.of();

    @Option(names = "--config", paramLabel = "FILE", description = "The configuration (config.json) of a single MODEL.")
    private @Nullable Path config;

    @Option(
            names = "--weights",
            paramLabel = "FILE|DIR",
            description = "The weights (.safetensors, or a folder of them) of a single MODEL.")
    private @Nullable Path weights;

    /** What to load, in order. */
    List<ModelRequest> requests() {
        Map<String, String> values = ModelOptions.assignments(set);
        List<ModelRequest> requests = new ArrayList<>();
        int count = models.size() == 1 ? Math.max(1, names.size()) : models.size();
        if (names.size() > 1 && names.size() != count) {
            throw number("--model", "--model is given " + names.size() + " times for " + models.size() + " MODELs");
        }
        if (count > 1 && (config != null || weights != null)) {
            throw number(
                    config != null ? "--config" : "--weights", "it is one model's, and " + count + " models are given");
        }
        for (int i = 0; i < count; i++) {
            String model = models.get(models.size() == 1 ? 0 : i);
            String name = names.isEmpty() ? null : names.get(names.size() == 1 ? 0 : i);
            requests.add(new ModelRequest(model, name, values, config, weights));
        }
        return count == 1 ? requests : shared(requests, values);
    }

    /** The model of a command that takes one at a time. */
    ModelRequest request(String mend) {
        List<ModelRequest> requests = requests();
        if (requests.size() > 1) {
            throw new TfxException(Diagnostic.error(
                    "TFX0621", "MODEL", requests.size() + " models are given where one is taken", mend));
        }
        return requests.getFirst();
    }

    /** Each model gets the values of its own formals; a name that no model has is left for all to refuse. */
    private static List<ModelRequest> shared(List<ModelRequest> requests, Map<String, String> values) {
        List<Set<String>> formals = requests.stream().map(ModelRequest::formals).toList();
        Set<String> unknown = new HashSet<>(values.keySet());
        formals.forEach(unknown::removeAll);
        List<ModelRequest> own = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            Map<String, String> taken = new LinkedHashMap<>(values);
            Set<String> known = formals.get(i);
            taken.keySet().removeIf(name -> !known.contains(name) && !unknown.contains(name));
            own.add(requests.get(i).with(taken));
        }
        return own;
    }

    private static TfxException number(String flag, String message) {
        return new TfxException(Diagnostic.error("TFX0621", flag, message, "see tfx COMMAND --help"));
    }
}
