package tfx.compiler.names;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import tfx.grammar.Tree;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** The standard library's models, found by the {@code model_type} of configurations. Not thread-safe. */
public final class Library {
    private final Modules modules;
    private final List<String> files;

    /** @param files the loader's paths of the files that declare models, such as {@code stdlib/models/llama.tfx} */
    public Library(Modules modules, List<String> files) {
        this.modules = modules;
        this.files = List.copyOf(files);
    }

    /** The model or variant with a clause {@code config "<type>"}; a file of that very name is looked at first. */
    public Optional<ModelRef> forModelType(String type) {
        for (String file : files) {
            if (file.endsWith("/" + type + ".tfx")) {
                Optional<ModelRef> found = serving(modules.load(file), type);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        for (String file : files) {
            Optional<ModelRef> found = serving(modules.load(file), type);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** As {@link #forModelType}, TFX0206 where there is none. */
    public ModelRef require(String type) {
        return forModelType(type).orElseThrow(() -> {
            TreeSet<String> known = new TreeSet<>();
            files.forEach(
                    file -> modules.load(file).file().declarations().forEach(declaration -> types(declaration, known)));
            return new TfxException(Diagnostic.error(
                    "TFX0206",
                    "model_type",
                    "no model of the library serves model_type \"" + type + "\"; it has " + String.join(", ", known),
                    Nearest.mend(type, known, "give a .tfx file whose model has a clause config \"" + type + "\"")));
        });
    }

    /** The last declaration of a file with a clause {@code config "<type>"} of its own. */
    public static Optional<ModelRef> serving(Module module, String type) {
        for (Tree.Declaration declaration : module.file().declarations().reversed()) {
            TreeSet<String> types = new TreeSet<>();
            types(declaration, types);
            if (types.contains(type)) {
                return Optional.of(ModelRef.of(
                        module, declaration.name().text(), declaration.name().span()));
            }
        }
        return Optional.empty();
    }

    private static void types(Tree.Declaration declaration, TreeSet<String> into) {
        List<Tree.Clause> clauses = switch (declaration) {
            case Tree.Model model -> model.clauses();
            case Tree.Variant variant -> variant.clauses();
            case Tree.Block block -> List.of();
        };
        for (Tree.Clause clause : clauses) {
            if (clause instanceof Tree.Config config) {
                into.add(config.modelType());
            }
        }
    }
}
