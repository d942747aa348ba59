package tfx.fuzz;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tfx.grammar.Formatter;
import tfx.grammar.Syntax;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.TfxException;

/** Fuzz target, in the form that Jazzer calls: any bytes give a tree or coded faults; a tree can be laid out, once for all. */
public final class SyntaxFuzz {
    private SyntaxFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException notText) {
            return;
        }
        Source source = new Source("fuzz", text);
        try {
            Syntax.parse(source);
        } catch (TfxException fault) {
            for (Diagnostic diagnostic : fault.diagnostics()) {
                if (!diagnostic.code().matches("TFX00\\d\\d")
                        || diagnostic.render().isEmpty()) {
                    throw new AssertionError("a fault without a code of the syntax: " + diagnostic, fault);
                }
            }
            return;
        }
        String laidOut = Formatter.format(source);
        String again = Formatter.format(new Source("laid out", laidOut));
        if (!again.equals(laidOut)) {
            throw new AssertionError("laid out once:\n" + laidOut + "\ntwice:\n" + again);
        }
    }
}
