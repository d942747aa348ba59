package tfx.runtime.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tfx.compiler.names.Library;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.compiler.names.Modules;
import tfx.runtime.text.HuggingFaceTokenizer;
import tfx.runtime.weights.Checkpoint;
import tfx.runtime.weights.ModelConfig;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * What a MODEL argument leads to.
 *
 * @param model the declaration
 * @param config the official configuration, empty where there is none
 * @param weights the file or folder of weights, or null
 * @param tokenizer the tokenizer's description, or null
 */
record Located(
        ModelRef model,
        ModelConfig config,
        @Nullable Path weights,
        @Nullable Path tokenizer) {
    private static final String PROGRAM = "model.tfx";
    private static final String CONFIG = "config.json";

    static Located of(ModelRequest request) {
        Path given = StandardLibrary.locate(request.model());
        if (request.model().isEmpty() || !Files.exists(given)) {
            throw new TfxException(Diagnostic.error(
                    "TFX0610",
                    request.model(),
                    "there is no such model",
                    "give a .tfx file, a folder with " + PROGRAM + " or " + CONFIG + ", or a .safetensors file"));
        }
        boolean folder = Files.isDirectory(given);
        Path home = folder ? given : given.toAbsolutePath().getParent();
        String file = String.valueOf(given.getFileName());
        boolean source = file.endsWith(".tfx") && !folder;
        @Nullable Path weights = request.weights();
        if (weights == null && file.endsWith(".safetensors")) {
            weights = given;
        } else if (weights == null && (folder || Files.exists(home.resolve(CONFIG))) && hasWeights(home)) {
            weights = home;
        }
        ModelConfig config = config(request, folder || source ? home : null, weights);
        Modules modules = new Modules(new SourceFiles());
        ModelRef model;
        if (source) {
            model = choose(
                    modules.load(given.startsWith(StandardLibrary.folder()) ? library(given) : slashes(given)),
                    request,
                    config);
        } else if (folder && Files.exists(given.resolve(PROGRAM))) {
            model = choose(modules.load(slashes(given.resolve(PROGRAM))), request, config);
        } else {
            Optional<String> type = config.modelType();
            if (type.isEmpty()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0611",
                        request.model(),
                        "nothing says which model this is: there is no " + PROGRAM
                                + ", and no configuration with a model_type",
                        "name a .tfx file and give --weights " + request.model()));
            }
            ModelRef found = new Library(modules, SourceFiles.models()).require(type.get());
            model = request.name() == null ? found : ModelRef.of(found.module(), Optional.of(request.name()));
        }
        return new Located(model, config, weights, tokenizer(home, weights));
    }

    /** A declaration that is known, with weights, and what lies beside them. */
    static Located of(ModelRef model, Path weights) {
        ModelRequest request = new ModelRequest(model.name(), null, Map.of(), null, weights);
        return new Located(model, config(request, null, weights), weights, tokenizer(weights, weights));
    }

    /** The same place with another declaration. */
    Located with(ModelRef other) {
        return new Located(other, config, weights, tokenizer);
    }

    private static String library(Path file) {
        return slashes(StandardLibrary.root().relativize(file));
    }

    private static String slashes(Path path) {
        return path.toString().replace('\\', '/');
    }

    /** The declaration asked for by name; else the one whose clause names the configuration's type; else the last. */
    private static ModelRef choose(Module module, ModelRequest request, ModelConfig config) {
        if (request.name() == null && config.modelType().isPresent()) {
            Optional<ModelRef> serving =
                    Library.serving(module, config.modelType().get());
            if (serving.isPresent()) {
                return serving.get();
            }
        }
        return ModelRef.of(module, Optional.ofNullable(request.name()));
    }

    private static ModelConfig config(ModelRequest request, @Nullable Path home, @Nullable Path weights) {
        if (request.config() != null) {
            return ModelConfig.read(request.config());
        }
        if (weights != null) {
            Path beside = Files.isDirectory(weights)
                    ? weights
                    : weights.toAbsolutePath().getParent();
            if (!Files.isDirectory(weights)) {
                try (Checkpoint dump = Checkpoint.open(weights)) {
                    Optional<ModelConfig> carried = ModelConfig.ofMetadata(dump);
                    if (carried.isPresent()) {
                        return carried.get();
                    }
                }
            }
            if (Files.exists(beside.resolve(CONFIG))) {
                return ModelConfig.read(beside.resolve(CONFIG));
            }
        }
        return home != null && Files.exists(home.resolve(CONFIG))
                ? ModelConfig.read(home.resolve(CONFIG))
                : ModelConfig.empty();
    }

    private static boolean hasWeights(Path folder) {
        return Files.exists(folder.resolve(Checkpoint.SINGLE_FILE))
                || Files.exists(folder.resolve(Checkpoint.INDEX_FILE));
    }

    private static @Nullable Path tokenizer(Path home, @Nullable Path weights) {
        if (weights != null) {
            Path beside = Files.isDirectory(weights)
                    ? weights
                    : weights.toAbsolutePath().getParent();
            if (Files.exists(beside.resolve(HuggingFaceTokenizer.FILE))) {
                return beside;
            }
        }
        return home;
    }
}
