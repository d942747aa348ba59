package tfx.backend.tornado;

import java.util.List;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * Where the stretches of rows of a {@link FoldRows} hand on their numbers: of each row and stretch the scalars, whether there was
 * a point, and the columns of each accumulator. A row's number is that of its group's rows, the group's first in front.
 *
 * @param count stretches of a row, at most; of fewer points there are fewer, the first ones
 */
record StretchRoom(int count, Value value) {

    /** How many groups of rows a step has. */
    String cells(Emitter e, List<Index> leading, FoldRows rows) {
        List<Extent> extents = Extent.of(e, leading);
        return e.operands.record.total(0, call -> {
            long total = call.step().batch();
            for (Extent extent : extents) {
                total = Math.multiplyExact(total, extent.length(call));
            }
            return total / rows.rows();
        });
    }

    /** Declares the indices of the group of rows that {@code cell} counts, its sequence, and the {@code first} of its rows. */
    void locate(Emitter e, List<Index> leading, FoldRows rows) {
        List<Extent> extents = Extent.of(e, leading);
        e.scope.line("int rest = cell;");
        for (int d = leading.size() - 1; d >= 0; d--) {
            Extent extent = extents.get(d);
            boolean several = leading.get(d).equals(rows.index());
            String size = several ? Long.toString(leading.get(d).size().constant() / rows.rows()) : extent.text();
            String number = extent.absolute("rest % " + size);
            String name = several ? "first" : e.fresh("i");
            e.scope.line("final int " + name + " = " + (several ? "(" + number + ") * " + rows.rows() : number) + ";");
            e.scope.line("rest = rest / " + size + ";");
            e.names.put(leading.get(d), name);
        }
        e.scope.line("final int batch = rest;");
    }

    /** Where the numbers of a row and stretch begin, as text. */
    String place(Emitter e, String row, String stretch, FoldRows rows) {
        String base = e.operands.record.base(e.operands.number(value));
        return base + " + (" + row + " * " + count + " + " + stretch + ") * " + rows.numbers();
    }

    String store(Emitter e, String at, String number) {
        return e.operands.slab(value) + ".set(" + at + ", " + number + ");";
    }

    String load(Emitter e, String at) {
        return e.operands.slab(value) + ".get(" + at + ")";
    }

    /** The largest of a variable over the items of a warp, in each of them. */
    static String maximum(Emitter e, String name, int warp) {
        for (int half = warp / 2; half > 0; half /= 2) {
            String other = e.scalars.variable("float", "context.simdShuffleDown(" + name + ", " + half + ")");
            e.loops.combine(Monoid.MAX, name, other);
        }
        return e.scalars.variable("float", "context.simdBroadcastFirst(" + name + ")");
    }
}
