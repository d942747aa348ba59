package tfx.source;

/** The half-open range {@code [start, end)} of a source text, in UTF-16 code units. */
public record Span(Source source, int start, int end) {
    /** From the start of this span to the end of {@code other}. */
    public Span to(Span other) {
        return new Span(source, start, Math.max(end, other.end));
    }

    /** {@code file:line:column} of the start. */
    public String position() {
        return source.name() + ":" + source.line(start) + ":" + source.column(start);
    }

    public String text() {
        return source.text().substring(start, end);
    }

    @Override
    public String toString() {
        return position();
    }
}
