package tfx.ir;

/** An index variable: runs over {@code 0 .. size}. Compared by identity; the name is only shown. */
public final class Index {
    private final String name;
    private final Size size;

    public Index(String name, Size size) {
        this.name = name;
        this.size = size;
    }

    public String name() {
        return name;
    }

    public Size size() {
        return size;
    }

    @Override
    public String toString() {
        return name;
    }
}
