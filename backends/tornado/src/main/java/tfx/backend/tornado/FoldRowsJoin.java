package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * Writes the kernel that joins the stretches of each row of a {@link FoldRows}: every warp of a row's group finds the maxima of
 * all stretches and by what each stretch is rescaled, while the columns are on their way.
 */
final class FoldRowsJoin {
    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final FoldRows rows;
    private final FoldTile tile;
    private final StretchRoom room;
    private final int each;

    FoldRowsJoin(Emitter emitter, List<Index> indices, Expr body, FoldRows rows, StretchRoom room) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.rows = rows;
        this.tile = rows.tile();
        this.room = room;
        this.each = (room.count() + rows.warp() - 1) / rows.warp();
    }

    Written write() {
        List<Index> leading = tile.leading(indices);
        rows.items(e);
        e.scope.line("final float[] shared = context.allocateFloatLocalArray(" + rows.items() + ");");
        e.scope.line("final float[] factors = context.allocateFloatLocalArray("
                + (tile.sums().size() + 1) * each * rows.warp() + ");");
        Set<Index> own = new LinkedHashSet<>(leading);
        own.add(Analysis.BATCH);
        String head = "for (int row = context.groupIdx; row < " + room.cells(e, leading, rows) + " * " + rows.rows()
                + "; row = row + context.globalGroupSizeX / " + rows.items() + ") {";
        e.block(head, "}", own, false, () -> {
            e.scope.line("final int cell = row / " + rows.rows() + ";");
            room.locate(e, leading, rows);
            if (rows.index() != null) {
                e.names.put(rows.index(), e.scalars.variable("int", "first + row % " + rows.rows()));
            }
            row();
        });
        return new Written(e, rows.items(), true, Written.cells(rows.items(), rows.items()));
    }

    private void row() {
        Expr.Fold fold = tile.fold();
        Loops.Range range = e.loops.range(fold.index(), e.analysis.conjuncts(fold.domain()));
        int points = rows.points();
        e.scope.line("final int all = (" + range.high() + " - " + range.low() + " + " + (points - 1) + ") / " + points
                + ";");
        e.scope.line("final int count = (all < " + room.count() + " ? all : " + room.count() + ");");
        e.scope.line("final int last = (count > 0 ? count - 1 : 0);");
        List<String[]> columns = columns();
        String[] names = new String[tile.sums().size()];
        scalars(names);
        e.scope.line("context.localBarrier();");
        for (int c = 0; c < columns.size(); c++) {
            int k = rows.columns().get(c);
            int shift = fold.accumulators().get(k).shift();
            names[k] = e.fresh("sum");
            e.scope.line("float " + names[k] + " = 0f;");
            for (int u = 0; u < columns.get(c).length; u++) {
                String factor = "factors[" + (shift + 1) * each * rows.warp() + " + " + stretch(u) + "]";
                e.scope.line(names[k] + " = " + names[k] + " + " + columns.get(c)[u] + " * " + factor + ";");
            }
        }
        for (int k : rows.columns()) {
            names[k] = e.scalars.variable("float", parts(names[k]));
        }
        String first = "part == 0 && column < " + tile.width();
        e.block("if (" + first + ") {", "}", Set.copyOf(tile.columns()), true, () -> {
            Product.unflatten(e, tile.columns(), "column");
            e.scope.known.put(fold, new Folds(e).result(fold, names, "met != 0f"));
            String value = e.real(body);
            e.scope.line(e.operands.store(CellWriter.place(e, indices), value));
        });
        e.scope.line("context.localBarrier();");
    }

    /** The sum of a variable over the parts of a column, in its first part; of use where {@code part} is 0. */
    private String parts(String name) {
        if (rows.parts() == 1) {
            return name;
        }
        e.scope.line("context.localBarrier();");
        e.scope.line("shared[local] = " + name + ";");
        e.scope.line("context.localBarrier();");
        StringBuilder sum = new StringBuilder(name);
        for (int p = 1; p < rows.parts(); p++) {
            sum.append(" + shared[column + ").append(p * rows.width()).append("]");
        }
        return sum.toString();
    }

    /** The stretch that an item takes as the {@code u}-th of its column's. */
    private String stretch(int u) {
        return "part + " + u * rows.parts();
    }

    private String place(String stretch) {
        return room.place(e, "row", "(" + stretch + " < count ? " + stretch + " : last)", rows);
    }

    /** Asks for the item's column of every stretch that is its part's. */
    private List<String[]> columns() {
        int mine = (room.count() + rows.parts() - 1) / rows.parts();
        List<String[]> all = new ArrayList<>();
        for (int c = 0; c < rows.columns().size(); c++) {
            all.add(new String[mine]);
        }
        for (int u = 0; u < mine; u++) {
            String at = e.scalars.variable(
                    "int",
                    place(e.scalars.variable("int", stretch(u))) + " + "
                            + (rows.scalars().size() + 1) + " + column");
            for (int c = 0; c < all.size(); c++) {
                all.get(c)[u] = e.scalars.variable("float", room.load(e, at + " + " + c * rows.width()));
            }
        }
        return all;
    }

    /** The scalars of all stretches joined, and by what each stretch's columns are rescaled; 0 for stretches there are not. */
    private void scalars(String[] names) {
        List<Integer> scalars = rows.scalars();
        String[][] parts = new String[scalars.size() + 1][each];
        String[] there = new String[each];
        for (int q = 0; q < each; q++) {
            String stretch = e.scalars.variable("int", "lane + " + q * rows.warp());
            there[q] = e.scalars.variable("boolean", stretch + " < count");
            String at = e.scalars.variable("int", place(stretch));
            for (int n = 0; n < parts.length; n++) {
                parts[n][q] = e.scalars.variable("float", room.load(e, at + " + " + n));
            }
        }
        String[][] factors = new String[tile.sums().size() + 1][each];
        for (int q = 0; q < each; q++) {
            factors[0][q] = e.scalars.variable("float", "(" + there[q] + " ? 1f : 0f)");
        }
        for (int n = 0; n < scalars.size(); n++) {
            int k = scalars.get(n);
            if (tile.maximum(k)) {
                names[k] = maximum(parts[n], there, Loops.LOWEST);
                String safe = new Folds(e).finite(names[k]);
                for (int q = 0; q < each; q++) {
                    factors[k + 1][q] = e.scalars.variable(
                            "float", "(" + there[q] + " ? TornadoMath.exp(" + parts[n][q] + " - " + safe + ") : 0f)");
                }
            }
        }
        e.scope.line("final float met = " + maximum(parts[scalars.size()], there, "0f") + ";");
        for (int n = 0; n < scalars.size(); n++) {
            int k = scalars.get(n);
            if (!tile.maximum(k)) {
                String[] factor = factors[tile.fold().accumulators().get(k).shift() + 1];
                StringBuilder sum = new StringBuilder();
                for (int q = 0; q < each; q++) {
                    sum.append(q == 0 ? "" : " + ")
                            .append("(")
                            .append(there[q])
                            .append(" ? ")
                            .append(parts[n][q])
                            .append(" * ")
                            .append(factor[q])
                            .append(" : 0f)");
                }
                names[k] = e.scalars.variable("float", "context.simdSum(" + sum + ")");
            }
        }
        e.block("if (local < " + rows.warp() + ") {", "}", Set.of(), true, () -> {
            for (int f = 0; f < factors.length; f++) {
                for (int q = 0; q < each && factors[f][q] != null; q++) {
                    String at = "lane + " + (f * each + q) * rows.warp();
                    e.scope.line("factors[" + at + "] = " + factors[f][q] + ";");
                }
            }
        });
    }

    private String maximum(String[] parts, String[] there, String otherwise) {
        String most = e.fresh("m");
        e.scope.line("float " + most + " = " + otherwise + ";");
        for (int q = 0; q < each; q++) {
            e.loops.combine(Monoid.MAX, most, "(" + there[q] + " ? " + parts[q] + " : " + otherwise + ")");
        }
        return StretchRoom.maximum(e, most, rows.warp());
    }
}
