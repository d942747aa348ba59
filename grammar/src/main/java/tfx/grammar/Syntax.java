package tfx.grammar;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.antlr.v4.runtime.atn.PredictionMode;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.TfxException;

/** From bytes to source texts, from source texts to syntax trees. Faults have the codes TFX0001 to TFX0099. */
public final class Syntax {
    /** The most faults shown of one source. */
    static final int MOST = 20;

    private Syntax() {}

    /**
     * Reads a source text.
     *
     * @param path shown in messages as it is given
     * @throws TfxException the file is missing, a folder, over 1 MiB, not UTF-8, or holds NUL, bidirectional or other controls
     */
    public static Source read(Path path) {
        return Texts.read(path);
    }

    /**
     * Parses a source text.
     *
     * @throws TfxException up to 20 faults, in the order of their places
     */
    public static Tree.File parse(Source source) {
        Parsed parsed = concrete(source);
        TreeBuilder builder = new TreeBuilder(parsed.tokens());
        Tree.File file = builder.file(parsed.file());
        fail(builder.faults());
        return file;
    }

    /** The tokens of a faultless text and the tree that ANTLR makes of them. */
    record Parsed(Tokens tokens, TfxParser.FileContext file) {}

    static Parsed concrete(Source source) {
        Texts.check(source);
        Tokens tokens = new Tokens(source);
        TfxParser parser = new TfxParser(tokens.stream);
        Recovery recovery = new Recovery(tokens);
        parser.removeErrorListeners();
        parser.setErrorHandler(recovery);
        parser.getInterpreter().setPredictionMode(PredictionMode.SLL);
        TfxParser.FileContext file = null;
        try {
            file = parser.file();
        } catch (LimitedParser.Beyond beyond) {
            // Whatever else is wrong, this is what ended the parse.
            tokens.faults.clear();
            recovery.faults.clear();
            recovery.beyond(beyond);
        } catch (Recovery.Enough enough) {
            // What was found is shown below.
        }
        List<Diagnostic> faults = new ArrayList<>(tokens.faults);
        faults.addAll(recovery.faults);
        if (faults.isEmpty() && tokens.seen.size() == 1) {
            faults.add(Diagnostic.error(
                    "TFX0030",
                    source.name(),
                    "the source text declares nothing",
                    "write a `block`, a `model` or a `variant`; stdlib/models has examples"));
        }
        fail(faults);
        return new Parsed(tokens, file);
    }

    private static void fail(List<Diagnostic> faults) {
        if (faults.isEmpty()) {
            return;
        }
        // The first word on a place is the most exact one: tokens and brackets come before the parser.
        Map<Integer, Diagnostic> places = new LinkedHashMap<>();
        for (Diagnostic fault : faults) {
            places.putIfAbsent(fault.span() == null ? -1 : fault.span().start(), fault);
        }
        throw new TfxException(places.values().stream()
                .sorted(Comparator.comparingInt(
                        fault -> fault.span() == null ? -1 : fault.span().start()))
                .limit(MOST)
                .toList());
    }
}
