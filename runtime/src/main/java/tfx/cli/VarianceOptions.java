package tfx.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tfx.runtime.model.ModelRequest;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** What {@code explain --variance} shows. */
final class VarianceOptions {
    private static final int MOST_SEQUENCES = 1 << 16;

    @Option(
            names = "--variance",
            description = {
                "Runs the models on random ids and shows the variance of what is carried from layer to layer, by depth.",
                "Takes several MODELs. Without weights they are drawn as the model declares them."
            })
    private boolean wanted;

    @Option(
            names = "--vary",
            paramLabel = "NAME=VALUE,...",
            description = "With --variance: each model at each of these values, for example layers=12,24,48.")
    private @Nullable String vary;

    @Option(names = "--sequences", paramLabel = "N", description = "With --variance: how many at once; default 4.")
    private int sequences = 4;

    @Option(names = "--seed", paramLabel = "N", description = "With --variance: of weights and ids; default 0.")
    private long seed;

    boolean wanted() {
        if (!wanted && vary != null) {
            throw new TfxException(Diagnostic.error(
                    "TFX0621", "--vary", "the values are for --variance, which is not given", "add --variance"));
        }
        return wanted;
    }

    int sequences() {
        return Flags.within("--sequences", sequences, 1, MOST_SEQUENCES);
    }

    long seed() {
        return seed;
    }

    /** The values to take one after the other, by name; one empty setting where nothing varies. */
    List<Map<String, String>> settings() {
        if (vary == null) {
            return List.of(Map.of());
        }
        int at = vary.indexOf('=');
        List<String> values =
                at < 0 ? List.of() : List.of(vary.substring(at + 1).split(",", -1));
        if (at <= 0 || values.stream().anyMatch(String::isBlank)) {
            throw new TfxException(Diagnostic.error(
                    "TFX0605",
                    "--vary",
                    "'" + vary + "' is not NAME=VALUE,VALUE...",
                    "write for example --vary layers=12,24,48"));
        }
        String name = vary.substring(0, at).strip();
        return values.stream().map(value -> Map.of(name, value.strip())).toList();
    }

    /** The request at a setting. */
    static ModelRequest at(ModelRequest request, Map<String, String> setting) {
        Map<String, String> values = new LinkedHashMap<>(request.set());
        values.putAll(setting);
        return request.with(values);
    }

    /** {@code f} of every request at every setting, those of a setting side by side. */
    List<VarianceReport.Line> lines(
            List<ModelRequest> requests,
            java.util.function.Function<ModelRequest, List<tfx.runtime.model.DepthVariance>> f) {
        List<VarianceReport.Line> lines = new ArrayList<>();
        for (Map<String, String> setting : settings()) {
            for (ModelRequest request : requests) {
                f.apply(at(request, setting)).forEach(one -> lines.add(new VarianceReport.Line(one, setting)));
            }
        }
        return lines;
    }
}
