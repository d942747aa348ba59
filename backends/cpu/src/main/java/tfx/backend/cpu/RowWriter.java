package tfx.backend.cpu;

import java.util.List;
import java.util.Set;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Writes the code that computes a row of a product's left side into memory, its reduced dimensions row-major and adjacent. */
final class RowWriter {
    private RowWriter() {}

    /** @param to the address of the row, as generated code names it */
    static void write(Emitter e, Operands operands, List<Index> reduced, Expr expr, String to) {
        Index index = reduced.getFirst();
        if (reduced.size() > 1) {
            List<Index> inner = reduced.subList(1, reduced.size());
            long inside = inner.stream().mapToLong(i -> i.size().constant()).reduce(1, (a, b) -> a * b);
            String name = e.fresh("i");
            e.names.put(index, name);
            String head = "for (long " + name + " = 0L; " + name + " < " + operands.size(index.size()) + "; " + name
                    + "++) {";
            e.block(head, "}", Set.of(index), false, null, null, () -> {
                String at = e.fresh("v");
                e.scope.line("final long " + at + " = " + to + " + " + name + " * " + 4 * inside + "L;");
                write(e, operands, inner, expr, at);
            });
            return;
        }
        LaneWriter.over(
                e,
                index,
                "0L",
                operands.size(index.size()),
                expr,
                () -> {},
                (vector, count) -> e.scope.line("Memory.scatter(1, " + to + " + 4L * " + e.names.get(index) + ", 4L, "
                        + vector + ", " + count + ");"));
    }
}
