package tfx.runtime.language;

import com.oracle.truffle.api.TruffleFile;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Knows files of tfx by their ending. */
public final class TfxFiles implements TruffleFile.FileTypeDetector {
    private static final String ENDING = ".tfx";

    @Override
    public @Nullable String findMimeType(TruffleFile file) {
        String name = file.getName();
        return name != null && name.endsWith(ENDING) ? TfxLanguage.MIME_TYPE : null;
    }

    @Override
    public @Nullable Charset findEncoding(TruffleFile file) {
        return findMimeType(file) == null ? null : StandardCharsets.UTF_8;
    }
}
