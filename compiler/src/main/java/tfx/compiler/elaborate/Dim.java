package tfx.compiler.elaborate;

import java.util.List;
import java.util.stream.Collectors;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.source.Span;

/**
 * A dimension: one binding of a name to a length. Two dimensions are the same only if they are the same object.
 * Expressions over it mention its {@link #index()} while it is free.
 */
public final class Dim {
    private final String name;
    private final Index index;
    private final Span origin;

    Dim(String name, Size size, Span origin) {
        this.name = name;
        this.index = new Index(name, size);
        this.origin = origin;
    }

    public String name() {
        return name;
    }

    public Size size() {
        return index.size();
    }

    public Index index() {
        return index;
    }

    /** Where it was bound. */
    public Span origin() {
        return origin;
    }

    /** {@code d = 64}, or just the name where it is the size. */
    String shown() {
        String size = size().toString();
        return size.equals(name) ? name : name + " = " + size;
    }

    static String shown(List<Dim> dims) {
        return dims.stream().map(Dim::shown).collect(Collectors.joining(", ", "[", "]"));
    }

    @Override
    public String toString() {
        return shown();
    }
}
