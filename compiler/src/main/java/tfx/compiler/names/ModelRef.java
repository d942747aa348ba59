package tfx.compiler.names;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tfx.grammar.Tree;
import tfx.source.Diagnostic;
import tfx.source.Span;
import tfx.source.TfxException;

/**
 * A model or variant, with what it is a variant of.
 *
 * @param name as declared
 * @param chain the declaration itself, then what it is a variant of, last the model
 */
public record ModelRef(String name, List<Module.Declared> chain) {
    /** The declaration of that name in (or imported by) a file. TFX0101, TFX0106 where it is none or a block. */
    public static ModelRef of(Module module, String name, Span at) {
        List<Module.Declared> chain = new ArrayList<>();
        Module.Declared declared = find(module, name, at);
        chain.add(declared);
        while (declared.tree() instanceof Tree.Variant variant) {
            declared = find(
                    declared.module(), variant.base().text(), variant.base().span());
            chain.add(declared);
        }
        return new ModelRef(name, List.copyOf(chain));
    }

    private static Module.Declared find(Module module, String name, Span at) {
        Optional<Module.Declared> declared = module.find(name);
        if (declared.isEmpty()) {
            throw Fault.of(
                    "TFX0101",
                    at,
                    "no model is called `" + name + "`",
                    Nearest.mend(name, module.visible().keySet(), "declare it, or import the file that does"));
        }
        if (declared.get().tree() instanceof Tree.Block) {
            throw Fault.of("TFX0106", at, "`" + name + "` is a block, not a model", "name a model or a variant");
        }
        return declared.get();
    }

    /** The program of a file: the last model or variant declared in it, or the one called {@code name}. */
    public static ModelRef of(Module module, Optional<String> name) {
        if (name.isPresent()) {
            if (module.find(name.get()).isEmpty()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0101",
                        "--model",
                        "no model of this file is called `" + name.get() + "`",
                        Nearest.mend(name.get(), models(module), "it has " + String.join(", ", models(module)))));
            }
            return of(module, name.get(), module.file().span());
        }
        for (Tree.Declaration declaration : module.file().declarations().reversed()) {
            if (!(declaration instanceof Tree.Block)) {
                return of(module, declaration.name().text(), declaration.name().span());
            }
        }
        throw Fault.of(
                "TFX0207",
                module.file().span(),
                "this file declares no model",
                "declare one: `model Name(...) { ... }`");
    }

    private static List<String> models(Module module) {
        return module.visible().entrySet().stream()
                .filter(entry -> !(entry.getValue().tree() instanceof Tree.Block))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    public Tree.Model model() {
        return (Tree.Model) chain.getLast().tree();
    }

    /** The file the declaration itself stands in. */
    public Module module() {
        return chain.getFirst().module();
    }

    /** A formal of the model or of one of its variants, and the file whose names its default sees. */
    public record Formal(Tree.Formal tree, Module module) {}

    /** All formals by name: the model's first, then those its variants add. */
    public Map<String, Formal> formals() {
        Map<String, Formal> all = new java.util.LinkedHashMap<>();
        for (Module.Declared declared : chain.reversed()) {
            List<Tree.Formal> formals = switch (declared.tree()) {
                case Tree.Model model -> model.formals();
                case Tree.Variant variant -> variant.formals();
                case Tree.Block block -> List.of();
            };
            for (Tree.Formal formal : formals) {
                if (formal.shape().isPresent()) {
                    throw Fault.of(
                            "TFX0106",
                            formal.span(),
                            "a model's formals are no tensors",
                            "declare an `input` in its body");
                }
                if (all.put(formal.name().text(), new Formal(formal, declared.module())) != null) {
                    throw Fault.of(
                            "TFX0119",
                            formal.name().span(),
                            "`" + formal.name() + "` is a formal already",
                            "write it as an override, in the braces");
                }
            }
        }
        return all;
    }

    /** What a variant puts in the place of a formal's default, and the file whose names it sees. */
    public record Override(Tree.Setting setting, Module module) {}

    /** Overrides by formal; those of the outermost variant win. TFX0101 where there is no such formal. */
    public Map<String, Override> overrides() {
        Map<String, Formal> formals = formals();
        Map<String, Override> all = new HashMap<>();
        for (Module.Declared declared : chain.reversed()) {
            if (declared.tree() instanceof Tree.Variant variant) {
                for (Tree.Setting setting : variant.overrides()) {
                    String name = setting.name().text();
                    if (!formals.containsKey(name)) {
                        throw Fault.of(
                                "TFX0101",
                                setting.name().span(),
                                "`" + variant.base() + "` has no formal `" + name + "`",
                                Nearest.mend(name, formals.keySet(), "it has " + String.join(", ", formals.keySet())));
                    }
                    all.put(name, new Override(setting, declared.module()));
                }
            }
        }
        return all;
    }

    /** The clauses of one declaration. */
    public static List<Tree.Clause> clauses(Module.Declared declared) {
        return switch (declared.tree()) {
            case Tree.Model model -> model.clauses();
            case Tree.Variant variant -> variant.clauses();
            case Tree.Block block -> List.of();
        };
    }

    @java.lang.Override
    public String toString() {
        return name;
    }
}
