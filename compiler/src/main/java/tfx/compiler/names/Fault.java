package tfx.compiler.names;

import tfx.source.Diagnostic;
import tfx.source.Span;
import tfx.source.TfxException;

/** One fault at a place in a source. */
public final class Fault {
    private Fault() {}

    public static TfxException of(String code, Span span, String message, String mend) {
        return new TfxException(Diagnostic.error(code, span, message, mend));
    }
}
