package tfx.compiler.names;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tfx.grammar.Syntax;
import tfx.grammar.Tree;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.TfxException;

/** Loads files and what they import, each once, and finds out what their names mean. Not thread-safe. */
public final class Modules {
    private static final String LIBRARY = "stdlib/";
    private static final int MOST_FILES = 1000;

    private final Loader loader;
    private final Map<String, Module> loaded = new HashMap<>();
    private final List<String> loading = new ArrayList<>();

    public Modules(Loader loader) {
        this.loader = loader;
    }

    /** The file at {@code path}; TFX0115 where there is none. */
    public Module load(String path) {
        Module known = loaded.get(path);
        if (known != null) {
            return known;
        }
        Source source = loader.load(path)
                .orElseThrow(() -> new TfxException(
                        Diagnostic.error("TFX0115", path, "there is no such file", "give the path of a .tfx file")));
        return resolve(path, source);
    }

    /** A source that has no path of its own, or whose path is its name; its imports are relative to that. */
    public Module load(Source source) {
        return resolve(source.name(), source);
    }

    private Module resolve(String path, Source source) {
        Tree.File file = Syntax.parse(source);
        loading.add(path);
        Map<String, Module.Declared> visible = new LinkedHashMap<>();
        Module module = new Module(path, file, visible);
        for (Tree.Declaration declaration : file.declarations()) {
            String name = declaration.name().text();
            Module.Declared earlier = visible.put(name, new Module.Declared(declaration, module));
            if (earlier != null) {
                throw Fault.of(
                        "TFX0119",
                        declaration.name().span(),
                        "`" + name + "` is declared twice in this file; first at "
                                + earlier.tree().name().span().position(),
                        "rename one of them");
            }
        }
        Map<String, Tree.Import> seen = new HashMap<>();
        Map<String, Tree.Import> from = new HashMap<>();
        for (Tree.Import line : file.imports()) {
            Module imported = imported(line, path, seen);
            imported.visible().forEach((name, declared) -> merge(visible, from, line, name, declared, module));
        }
        loading.removeLast();
        loaded.put(path, module);
        References.check(module);
        return module;
    }

    private Module imported(Tree.Import line, String importer, Map<String, Tree.Import> seen) {
        String target = target(line, importer);
        Tree.Import twice = seen.put(target, line);
        if (twice != null) {
            throw Fault.of("TFX0118", line.span(), "`" + line.path() + "` is imported twice", "remove this line");
        }
        int start = loading.indexOf(target);
        if (start >= 0) {
            List<String> chain = new ArrayList<>(loading.subList(start, loading.size()));
            chain.add(target);
            throw Fault.of(
                    "TFX0117",
                    line.span(),
                    "these files import each other in a circle: " + String.join(" -> ", chain),
                    "move what they share into a file that imports none of them");
        }
        Module known = loaded.get(target);
        if (known != null) {
            return known;
        }
        if (loaded.size() + loading.size() > MOST_FILES) {
            throw Fault.of(
                    "TFX0114", line.span(), "more than " + MOST_FILES + " files are imported", "import fewer files");
        }
        Optional<Source> source = loader.load(target);
        if (source.isEmpty()) {
            throw Fault.of(
                    "TFX0115",
                    line.span(),
                    "there is no file `" + target + "`",
                    target.startsWith(LIBRARY)
                            ? "the standard library's files are listed in its README"
                            : "paths are relative to the folder of this file; `stdlib/...` is the standard library");
        }
        return resolve(target, source.get());
    }

    /** The loader's path for an import: the library's as it is, another relative to the importing file's folder. */
    private static String target(Tree.Import line, String importer) {
        String path = line.path();
        boolean inside = !path.isEmpty() && !path.startsWith("/") && path.indexOf('\\') < 0 && path.indexOf(':') < 0;
        for (String part : path.split("/", -1)) {
            inside &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
        }
        if (!inside) {
            throw Fault.of(
                    "TFX0116",
                    line.span(),
                    "`" + path + "` leads out of this file's folder",
                    "import from `stdlib/...` or from this file's folder and those below it");
        }
        int slash = importer.lastIndexOf('/');
        return path.startsWith(LIBRARY) || slash < 0 ? path : importer.substring(0, slash + 1) + path;
    }

    private static void merge(
            Map<String, Module.Declared> visible,
            Map<String, Tree.Import> from,
            Tree.Import line,
            String name,
            Module.Declared declared,
            Module module) {
        Module.Declared present = visible.putIfAbsent(name, declared);
        if (present == null) {
            from.put(name, line);
        } else if (!present.tree().span().equals(declared.tree().span())
                && !present.module().equals(module)) {
            throw Fault.of(
                    "TFX0119",
                    line.span(),
                    "`" + name + "` is declared both in `" + from.get(name).path() + "` and in `" + line.path() + "`",
                    "rename one of them, or declare `" + name + "` in this file");
        }
    }
}
