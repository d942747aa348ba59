package tfx.runtime.language;

import com.oracle.truffle.api.TruffleLanguage;
import java.util.ArrayList;
import java.util.List;
import tfx.compiler.names.Loader;
import tfx.source.Diagnostic;

/** What belongs to one context: its options, its files, the models evaluated in it, and what must be freed with it. */
final class TfxContext {
    private final TruffleLanguage.Env env;
    private final ModelScope scope;
    private final ContextFiles files;
    private final List<LoadedObject> open = new ArrayList<>();

    TfxContext(TfxLanguage language, TruffleLanguage.Env env) {
        this.env = env;
        this.scope = new ModelScope(language, "tfx", true);
        this.files = new ContextFiles(env);
    }

    ModelScope scope() {
        return scope;
    }

    /** Source texts for imports. */
    Loader files() {
        return files;
    }

    /** Where weights lie; TFX0520 where the context may not read them. */
    java.nio.file.Path weights(String path) {
        return files.weights(path);
    }

    String device() {
        return env.getOptions().get(TfxOptions.DEVICE);
    }

    /** The reference runs nodes, which in a context are its own threads' alone: it has the one that calls. */
    int threads() {
        if (device().equals(TfxOptions.REFERENCE)) {
            return 1;
        }
        int threads = env.getOptions().get(TfxOptions.THREADS);
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /** What the user should know, on the context's error stream. */
    void note(Diagnostic diagnostic) {
        new java.io.PrintStream(env.err(), true, java.nio.charset.StandardCharsets.UTF_8).println(diagnostic.render());
    }

    /** Frees a model with the context, where it has not been closed before. */
    void register(LoadedObject model) {
        open.add(model);
    }

    void forget(LoadedObject model) {
        open.remove(model);
    }

    void close() {
        List.copyOf(open).forEach(LoadedObject::close);
    }
}
