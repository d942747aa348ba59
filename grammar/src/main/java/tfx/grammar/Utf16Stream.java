package tfx.grammar;

import org.antlr.v4.runtime.CharStream;
import org.antlr.v4.runtime.misc.Interval;
import tfx.source.Source;

/** A source as the lexer reads it: by UTF-16 code units, so that token offsets are {@link tfx.source.Span} offsets. */
final class Utf16Stream implements CharStream {
    private final Source source;
    private final String text;
    private int at;

    Utf16Stream(Source source) {
        this.source = source;
        this.text = source.text();
    }

    @Override
    public void consume() {
        if (at >= text.length()) {
            throw new IllegalStateException("consumed past the end");
        }
        at++;
    }

    @Override
    public int LA(int offset) {
        int index = offset > 0 ? at + offset - 1 : at + offset;
        return index < 0 || index >= text.length() ? EOF : text.charAt(index);
    }

    @Override
    public int mark() {
        return -1;
    }

    @Override
    public void release(int marker) {}

    @Override
    public int index() {
        return at;
    }

    @Override
    public void seek(int index) {
        at = Math.min(index, text.length());
    }

    @Override
    public int size() {
        return text.length();
    }

    @Override
    public String getSourceName() {
        return source.name();
    }

    @Override
    public String getText(Interval interval) {
        int end = Math.min(interval.b + 1, text.length());
        return interval.a >= end ? "" : text.substring(interval.a, end);
    }
}
