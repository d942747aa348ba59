package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.Step;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * The factors of a fold as warps read them, rounded to BF16, two in an int: for each sequence, factor by factor; of each factor,
 * for every choice of the indices that it depends on, tile by tile. In a tile the four ints of a work item lie side by side, those
 * of a warp one behind another: one fragment of rows, or two of columns (PTX ISA, matrix fragments for {@code mma.m16n8k16}).
 * Rows, points, terms and columns that there are not are 0.
 *
 * @param room where they lie
 */
record FragmentFactors(FragmentShape shape, Value room, List<Factor> all) {
    /** Ints that a group writes at a time. */
    static final int PIECE = 256;
    /** Ints that a device reads at once. */
    private static final int SECTOR = 8;

    /** Whether a factor is the rows' or the points' of a dot product, or the points' values. */
    enum Side {
        ROWS,
        POINTS,
        VALUES
    }

    /**
     * @param number of the dot product or value
     * @param groups the indices that it depends on, and by what it divides each
     * @param ints of one tile
     */
    record Factor(Side side, int number, Expr expr, Map<Index, Long> groups, int ints) {
        /** What a group writes of a tile at a time. */
        int pieces() {
            return FragmentFactors.pieces(ints);
        }

        /** Ints from one tile to the next. */
        int block() {
            return side == Side.VALUES ? FragmentFactors.block(ints) : ints;
        }

        long choices() {
            return groups.entrySet().stream()
                    .mapToLong(group -> size(group.getKey(), group.getValue()))
                    .reduce(1, Math::multiplyExact);
        }

        static long size(Index index, long divisor) {
            return (index.size().constant() + divisor - 1) / divisor;
        }
    }

    private static int pieces(int ints) {
        return (ints + PIECE - 1) / PIECE;
    }

    /** Behind the values of a tile stands for each piece whether all of them are finite numbers. */
    static int block(int values) {
        return values + flags(values);
    }

    static int flags(int values) {
        return (pieces(values) + SECTOR - 1) / SECTOR * SECTOR;
    }

    /** The factors of a kernel that is such a fold, and whose tiles a device has room for; null for others. */
    static @Nullable FragmentFactors find(
            Emitter e, List<Index> indices, Expr body, Platform.Fragments has, Value room) {
        FragmentShape shape = FoldTile.all(e, indices, body).stream()
                .map(candidate -> FragmentShape.of(candidate, has))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        if (shape == null) {
            return null;
        }
        FoldTile tile = shape.tile();
        List<Factor> all = new ArrayList<>();
        for (int n = 0; n < tile.dots().size(); n++) {
            Expr left = tile.dots().get(n).left();
            Expr right = tile.dots().get(n).right();
            all.add(new Factor(Side.ROWS, n, left, groups(e, tile, left), shape.rowInts(n)));
            all.add(new Factor(Side.POINTS, n, right, groups(e, tile, right), shape.pointInts(n)));
        }
        for (int v = 0; v < tile.values().size(); v++) {
            Expr value = tile.values().get(v);
            all.add(new Factor(Side.VALUES, v, value, groups(e, tile, value), shape.valueInts()));
        }
        return new FragmentFactors(shape, room, List.copyOf(all));
    }

    /** Heads that share keys and values read them by their number divided: those are written once. */
    private static Map<Index, Long> groups(Emitter e, FoldTile tile, Expr expr) {
        Map<Index, Long> groups = new HashMap<>();
        for (Index index : tile.groups()) {
            if (e.analysis.mentions(expr, index)) {
                groups.put(index, divisor(expr, index));
            }
        }
        return groups;
    }

    /** The largest number by which an index is divided wherever it stands; 0 where it does not stand. */
    static long divisor(Expr expr, Index index) {
        if (expr.equals(new Expr.At(index))) {
            return 1;
        }
        if (expr instanceof Expr.Binary(BinaryOp op, Expr.At(Index at), Expr.Number(double by))
                && op == BinaryOp.FLOORDIV
                && at.equals(index)
                && by >= 1
                && by == Math.rint(by)) {
            return (long) by;
        }
        long common = 0;
        for (Expr part : Analysis.parts(expr)) {
            common = divisor(common, divisor(part, index));
        }
        return common;
    }

    /** The largest number that divides both; of 0 and another the other. */
    static long divisor(long a, long b) {
        return b == 0 ? a : divisor(b, a % b);
    }

    Factor factor(Side side, int number) {
        return all.stream()
                .filter(factor -> factor.side() == side && factor.number() == number)
                .findFirst()
                .orElseThrow();
    }

    /** How many ints a step needs. */
    long ints(Step step, Map<String, Long> lengths) {
        Size points = shape.tile().fold().index().size();
        long rows = (step.end() - step.start() + shape.rows() - 1) / shape.rows();
        long tiles = (Math.max(0, points.evaluate(lengths)) + shape.points() - 1) / shape.points();
        long each = 0;
        for (Factor factor : all) {
            each += factor.choices() * factor.block() * (factor.side() == Side.ROWS ? rows : tiles);
        }
        return each * step.batch();
    }

    /** Declares how many tiles there are and where a sequence's factors begin. */
    void declare(Emitter e) {
        String rows = e.operands.record.end() + " - " + e.operands.record.start();
        e.scope.line("final int rowTiles = (" + rows + " + " + (shape.rows() - 1) + ") / " + shape.rows() + ";");
        e.scope.line("final int pointTiles = ("
                + e.operands.size(shape.tile().fold().index().size()) + " + " + (shape.points() - 1) + ") / "
                + shape.points() + ";");
        e.scope.line("final int sequence = " + before(all.size()) + ";");
        e.scope.line("final int factors = " + e.operands.record.base(e.operands.number(room)) + ";");
    }

    /** Ints of a sequence's factors before factor {@code k}, as text. */
    private String before(int k) {
        long rows = 0;
        long points = 0;
        for (Factor factor : all.subList(0, k)) {
            long ints = factor.choices() * factor.block();
            rows += factor.side() == Side.ROWS ? ints : 0;
            points += factor.side() == Side.ROWS ? 0 : ints;
        }
        return "(rowTiles * " + rows + " + pointTiles * " + points + ")";
    }

    static String tiles(Factor factor) {
        return factor.side() == Side.ROWS ? "rowTiles" : "pointTiles";
    }

    /** Where a factor's first tile for the current indices lies, as text. */
    String place(Emitter e, Factor factor) {
        StringBuilder choice = new StringBuilder("0");
        for (Map.Entry<Index, Long> group : order(factor)) {
            long size = Factor.size(group.getKey(), group.getValue());
            String at = e.names.get(group.getKey());
            choice.insert(0, '(')
                    .append(") * ")
                    .append(size)
                    .append(" + ")
                    .append(group.getValue() == 1 ? at : at + " / " + group.getValue());
        }
        return "factors + batch * sequence + " + before(all.indexOf(factor)) + " + (" + choice + ") * " + tiles(factor)
                + " * " + factor.block();
    }

    /** The indices on which a factor depends, outermost first, and by what it divides each. */
    List<Map.Entry<Index, Long>> order(Factor factor) {
        return shape.tile().groups().stream()
                .filter(factor.groups()::containsKey)
                .map(index -> Map.entry(index, factor.groups().get(index)))
                .toList();
    }
}
