package tfx.runtime.language;

import com.oracle.truffle.api.TruffleFile;
import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.source.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import tfx.compiler.names.Loader;
import tfx.runtime.interop.SourceTexts;
import tfx.runtime.model.SourceFiles;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Files as a context may see them: through its file system; the standard library always. */
final class ContextFiles implements Loader {
    private static final String LIBRARY = "stdlib/";

    private final TruffleLanguage.Env env;
    private final SourceFiles library = new SourceFiles();

    ContextFiles(TruffleLanguage.Env env) {
        this.env = env;
    }

    @Override
    public Optional<tfx.source.Source> load(String path) {
        if (path.startsWith(LIBRARY)) {
            return library.load(path);
        }
        try {
            TruffleFile file = env.getPublicTruffleFile(path);
            if (!file.isRegularFile()) {
                return Optional.empty();
            }
            return Optional.of(
                    SourceTexts.of(Source.newBuilder(TfxLanguage.ID, file).build(), path));
        } catch (SecurityException refused) {
            throw refused(path);
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /**
     * A file or folder that is mapped into memory. The context says whether it may be read; what maps it is the machine's own
     * file system.
     */
    Path weights(String path) {
        try {
            TruffleFile file = env.getPublicTruffleFile(path);
            if (!file.exists()) {
                throw new TfxException(Diagnostic.error(
                        "TFX0603", path, "there is no such file or folder", "check the path and its permissions"));
            }
            return Path.of(file.getAbsoluteFile().getPath());
        } catch (SecurityException refused) {
            throw refused(path);
        }
    }

    private static TfxException refused(String path) {
        return new TfxException(Diagnostic.error(
                "TFX0520",
                path,
                "the context allows no access to this file",
                "build the context with allowIO(IOAccess.ALL), or give the text itself"));
    }
}
