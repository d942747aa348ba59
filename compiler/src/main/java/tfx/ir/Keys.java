package tfx.ir;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Canonical texts of definitions: two comprehensions have equal keys exactly when they are equal up to the names of their
 * index variables and read the very same values.
 */
public final class Keys {
    private final Map<Value, Integer> values = new HashMap<>();
    private final Map<Size, String> sizes = new HashMap<>();

    /** The key of a comprehension with this definition. Keys of one {@code Keys} may be compared with each other only. */
    public String of(List<Index> indices, Expr domain, Expr body) {
        Writer writer = new Writer();
        indices.forEach(writer::bind);
        writer.write(domain);
        writer.write(body);
        return writer.out.toString();
    }

    private final class Writer {
        final StringBuilder out = new StringBuilder();
        private final Map<Index, Integer> numbers = new HashMap<>();

        void bind(Index index) {
            numbers.put(index, numbers.size());
            out.append('[')
                    .append(sizes.computeIfAbsent(index.size(), Size::toString))
                    .append(']');
        }

        void write(Expr expr) {
            out.append('(');
            switch (expr) {
                case Expr.Number(double value) -> out.append(value);
                case Expr.At(Index index) -> {
                    Integer number = numbers.get(index);
                    out.append('i').append(number == null ? "?" + System.identityHashCode(index) : number.toString());
                }
                case Expr.Length(Size size) -> out.append('#').append(size);
                case Expr.Read read -> out.append('v').append(values.computeIfAbsent(read.value(), v -> values.size()));
                case Expr.Unary unary -> out.append(unary.op());
                case Expr.Binary binary -> out.append(binary.op());
                case Expr.Select select -> out.append('?');
                case Expr.Reduce reduce -> {
                    out.append(reduce.monoid());
                    reduce.indices().forEach(this::bind);
                }
                case Expr.Fold fold -> {
                    out.append("FOLD");
                    bind(fold.index());
                    fold.accumulators().forEach(a -> out.append(a.monoid()).append(a.shift()));
                }
                case Expr.Accumulated(int number) -> out.append('a').append(number);
            }
            Exprs.parts(expr, this::write);
            out.append(')');
        }
    }
}
