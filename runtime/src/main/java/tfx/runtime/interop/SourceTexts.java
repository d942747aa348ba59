package tfx.runtime.interop;

import com.oracle.truffle.api.source.Source;
import com.oracle.truffle.api.source.SourceSection;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import tfx.source.Span;

/** The polyglot sources behind the compiler's: both count in UTF-16 units, so that places carry over. */
public final class SourceTexts {
    public static final String LANGUAGE = "tfx";

    /** Compared by identity, since the compiler's sources are. */
    private static final Map<tfx.source.Source, Source> KNOWN = Collections.synchronizedMap(new WeakHashMap<>());

    private SourceTexts() {}

    /** The compiler's view of a source; {@code name} stands in messages. */
    public static tfx.source.Source of(Source source, String name) {
        tfx.source.Source text =
                new tfx.source.Source(name, source.getCharacters().toString());
        KNOWN.put(text, source);
        return text;
    }

    /** The place of a span. */
    public static SourceSection section(Span span) {
        Source source = KNOWN.computeIfAbsent(
                span.source(),
                text -> Source.newBuilder(LANGUAGE, text.text(), text.name()).build());
        int start = Math.min(span.start(), source.getLength());
        return source.createSection(start, Math.clamp(span.end(), start, source.getLength()) - start);
    }
}
