package tfx.runtime.model;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which model to load, as a user says it.
 *
 * @param model a .tfx file, a folder with model.tfx, a folder in Hugging Face layout, or a .safetensors dump
 * @param name which declaration of the file; null for the one its configuration names, or the last
 * @param set the formals that are given, as text
 * @param config a configuration file; null to look beside the model and in the weights
 * @param weights a weights file or folder; null to look beside the model
 */
public record ModelRequest(
        String model,
        @Nullable String name,
        Map<String, String> set,
        @Nullable Path config,
        @Nullable Path weights) {

    /** The same with another declaration of the file. */
    public ModelRequest named(String declaration) {
        return new ModelRequest(model, declaration, set, config, weights);
    }

    /** The same with other values of formals. */
    public ModelRequest with(Map<String, String> values) {
        return new ModelRequest(model, name, values, config, weights);
    }

    /**
     * The names of the model's formals.
     *
     * @throws tfx.source.TfxException TFX00xx to TFX01xx and TFX0610, TFX0611: where there is no such model
     */
    public Set<String> formals() {
        return Located.of(this).model().formals().keySet();
    }

    public static ModelRequest of(String model) {
        return new ModelRequest(model, null, Map.of(), null, null);
    }
}
