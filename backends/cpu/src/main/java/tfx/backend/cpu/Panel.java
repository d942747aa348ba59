package tfx.backend.cpu;

import java.util.HashSet;
import java.util.Set;
import tfx.backend.cpu.Contractions.Contraction;
import tfx.ir.Index;

/** The columns of a weight that a tile takes: as they lie where the tiles can read them so, else as a copy. */
final class Panel {
    private final ContractionLayout layout;
    private final Emitter e;
    private final Contraction c;
    private final String weight;
    private final int type;
    private final Access.Step along;
    private final Access.Step across;
    private final boolean oneWalk;
    private final boolean asItLies;
    private final boolean adjacent;
    private final boolean inPlace;
    private final int number;
    private final String copy;
    private final long lead;

    Panel(ContractionLayout layout, Emitter e, Contraction c, int number) {
        this.layout = layout;
        this.e = e;
        this.c = c;
        this.type = layout.operands.type(c.weight().value()).ordinal();
        this.along = Access.step(layout.analysis, layout.operands, c.weight(), c.inner());
        this.across = Access.step(layout.analysis, layout.operands, c.weight(), layout.all.column());
        this.oneWalk = Access.isOneWalk(
                layout.analysis, layout.operands, c.weight(), c.reduce().indices());
        this.asItLies = oneWalk && along.constant() == 1 && type == Gemm.F32;
        this.adjacent = layout.adjacent(c);
        this.inPlace = layout.inPlace(c);
        this.number = number;
        // Rows a power of two apart would fall on each other in the cache.
        this.lead = 4 * (c.depth() + 16);
        this.copy = asItLies || inPlace ? "0L" : e.scratch(lead * layout.columns);
        Set<Index> zero = new HashSet<>(c.reduce().indices());
        zero.add(layout.all.column());
        this.weight = "w" + number;
        String size = Gemm.bytes(type) + "L * ";
        e.scope.line("final long " + weight + " = " + Access.address(e, c.weight(), zero) + " + " + size + "(low * "
                + across.text() + ");");
        if (adjacent && !inPlace) {
            e.branch(
                    "!few",
                    () -> e.scope.line("Gemm.piece(" + weight + ", " + type + ", " + size + along.text() + ", columns, "
                            + c.depth() + "L, " + copy + ", " + 4 * layout.columns + "L);"));
        } else if (!asItLies && !adjacent) {
            if (oneWalk) {
                e.branch("!few", () -> copy(0, weight, copy));
            } else {
                copy(0, weight, copy);
            }
        }
    }

    private void copy(int k, String from, String to) {
        Index index = c.reduce().indices().get(k);
        if (oneWalk || index == c.inner()) {
            long depth = oneWalk ? c.depth() : index.size().constant();
            e.scope.line("Gemm.panel(" + from + ", " + type + ", " + along.text() + ", " + across.text() + ", columns, "
                    + depth + "L, " + to + ", " + lead + "L);");
            return;
        }
        Access.Step step = Access.step(layout.analysis, layout.operands, c.weight(), index);
        long inside = c.reduce().indices().subList(k + 1, c.reduce().indices().size()).stream()
                .mapToLong(i -> i.size().constant())
                .reduce(1, (a, b) -> a * b);
        String i = e.fresh("i");
        String head = "for (long " + i + " = 0; " + i + " < " + layout.operands.size(index.size()) + "; " + i + "++) {";
        e.block(head, "}", Set.of(index), false, null, null, () -> {
            String source = e.fresh("v");
            String target = e.fresh("v");
            e.scope.line("final long " + source + " = " + from + " + " + Gemm.bytes(type) + "L * " + i + " * "
                    + step.text() + ";");
            e.scope.line("final long " + target + " = " + to + " + " + 4 * inside + "L * " + i + ";");
            copy(k + 1, source, target);
        });
    }

    void row(String left, String row, String to) {
        int pieces = layout.pieces(c);
        if (pieces > 0) {
            String width = "n" + layout.indices.indexOf(layout.all.column());
            e.scope.line("Gemv.sum(pieces" + number + " + ((group * " + pieces + "L * rows + " + row + ") * " + width
                    + " + low) * 4L, " + pieces + ", rows * " + width + " * 4L, columns, " + to + ");");
            return;
        }
        e.scope.line(
                oneWalk
                        ? "Gemv.row(" + left + ", " + c.depth() + "L, " + weight + ", " + type + ", " + along.text()
                                + ", " + across.text() + ", columns, " + to + ");"
                        : "Gemv.row(" + left + ", " + c.depth() + "L, " + copy + ", " + Gemm.F32 + ", 1L, " + lead / 4
                                + "L, columns, " + to + ");");
    }

    /** A block of rows; what tiles take as it lies can be added to what is there. */
    void block(int left, String square, String sums, boolean add) {
        if (adjacent) {
            String sumsLead = 4 * layout.columns + "L";
            String from = inPlace ? weight + ", 4L * " + along.text() : copy + ", " + sumsLead;
            String rest = "(int) (last - first), " + c.depth() + "L, " + from + ", columns, " + sums + ", " + sumsLead
                    + ", " + add + ");";
            if (!layout.lefts.get(left).direct()) {
                e.scope.line("OuterTiles.run(" + layout.leftAddress(e, left, "first", "group") + ", " + 4 * c.depth()
                        + "L, " + rest);
                return;
            }
            String at = e.fresh("a");
            e.scope.line("final long[] " + at + " = new long[" + Gemm.ROWS + "];");
            layout.rows(
                    e,
                    "first",
                    "last",
                    null,
                    row -> e.scope.line(
                            at + "[(int) (" + row + " - first)] = " + layout.leftAddress(e, left, row, "group") + ";"));
            e.scope.line("OuterTiles.run(" + at + ", " + rest);
            return;
        }
        String turned = "turned" + left + " + (" + (layout.lefts.get(left).grouped() ? "group * blocks + " : "")
                + "block) * " + 4L * Gemm.ROWS * c.depth() + "L";
        String from = asItLies ? weight + ", 4L * " + across.text() : copy + ", " + lead + "L";
        e.scope.line("Gemm.block(" + from + ", columns, " + c.depth() + "L, " + turned + ", " + square + ", " + sums
                + ", " + 4 * layout.columns + "L);");
    }
}
