package tfx.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tfx.runtime.model.ModelRequest;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Which model, and what its parameters are. */
final class ModelOptions {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description =
                    "A .tfx file, a folder with model.tfx, a folder in Hugging Face layout, or a .safetensors dump.")
    private String model = "";

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "Which model of the file; by default the one that the configuration names, or the last.")
    private @Nullable String name;

    @Option(names = "--set", paramLabel = "NAME=VALUE", description = "Sets a parameter of the model; may be repeated.")
    private List<String> set = List.of();

    @Option(names = "--config", paramLabel = "FILE", description = "The configuration (config.json).")
    private @Nullable Path config;

    @Option(
            names = "--weights",
            paramLabel = "FILE|DIR",
            description = "The weights (.safetensors, or a folder of them).")
    private @Nullable Path weights;

    /** What to load. */
    ModelRequest request() {
        return new ModelRequest(model, name, assignments(set), config, weights);
    }

    /** {@code --set} taken apart. */
    static Map<String, String> assignments(List<String> set) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String assignment : set) {
            int at = assignment.indexOf('=');
            if (at <= 0 || at == assignment.length() - 1) {
                throw new TfxException(Diagnostic.error(
                        "TFX0605",
                        "--set",
                        "'" + assignment + "' is not NAME=VALUE",
                        "write for example --set layers=4"));
            }
            if (values.put(
                            assignment.substring(0, at).strip(),
                            assignment.substring(at + 1).strip())
                    != null) {
                throw new TfxException(Diagnostic.error(
                        "TFX0605", "--set", assignment.substring(0, at) + " is set twice", "keep one of them"));
            }
        }
        return values;
    }
}
