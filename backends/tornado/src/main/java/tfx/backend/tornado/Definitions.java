package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/** Definitions of values, taken into those that read them. */
final class Definitions {
    /** Tensors that a group reads for a row at most, beside weights. */
    private static final int ROWS_READ = 4;

    private Definitions() {}

    /** Whether a definition is that of a row's elements, one by one but for sums of the row, or of a number of a row. */
    static boolean cheap(Value.Comprehension definition) {
        List<Index> indices = definition.indices();
        long rows = reads(definition).stream()
                .filter(value -> !(value instanceof Value.Parameter))
                .count();
        return !indices.isEmpty()
                && indices.size() <= 2
                && rows <= ROWS_READ
                && !Product.loops(definition.domain())
                && ofRow(definition.body(), indices.subList(1, indices.size()));
    }

    private static boolean ofRow(Expr expr, List<Index> columns) {
        return switch (expr) {
            case Expr.Fold fold -> false;
            case Expr.Reduce r ->
                !Product.loops(r.body()) && columns.stream().noneMatch(index -> Exprs.mentions(r, index));
            default -> Analysis.parts(expr).stream().allMatch(part -> ofRow(part, columns));
        };
    }

    static Value.Comprehension inlined(Value.Comprehension reader, Value value, Value.Comprehension definition) {
        Expr element = new Expr.Select(definition.domain(), definition.body(), new Expr.Number(0));
        if (definition.domain().equals(Expr.TRUE)) {
            element = definition.body();
        }
        Expr whole = element;
        return with(
                reader,
                reader.indices(),
                expr -> Exprs.replaceReads(expr, read -> {
                    if (read.value() != value) {
                        return null;
                    }
                    Map<Index, Expr> at = new HashMap<>();
                    for (int d = 0; d < read.at().size(); d++) {
                        at.put(definition.indices().get(d), read.at().get(d));
                    }
                    return Exprs.substitute(whole, at);
                }));
    }

    private static Value.Comprehension with(
            Value.Comprehension output, List<Index> indices, UnaryOperator<Expr> change) {
        return new Value.Comprehension(
                output.name(), indices, change.apply(output.domain()), change.apply(output.body()));
    }

    /** The output with its first index called as another of the same size. */
    static Value.Comprehension alike(Value.Comprehension output, Index first) {
        Index own = output.indices().getFirst();
        if (own == first || !own.size().equals(first.size())) {
            return output;
        }
        List<Index> indices = new ArrayList<>(output.indices());
        indices.set(0, first);
        return with(output, indices, expr -> Exprs.substitute(expr, Map.of(own, new Expr.At(first))));
    }

    static Set<Value> reads(Value.Comprehension output) {
        return Exprs.reads(output.domain(), output.body());
    }
}
