package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.Step;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * The factors of a fold as fragments read them, rounded to BF16, two in an int: for each sequence, factor by factor; of each
 * factor, for every choice of the indices that it depends on, tile by tile. A tile of a left factor lies by 16 rows and 16 terms,
 * row by row; one of a right factor by 8 columns and 16 terms, term by term (PTX ISA, {@code ldmatrix}). Rows, points, terms
 * and columns that there are not are 0.
 *
 * @param room where they lie
 */
record FragmentFactors(FragmentShape shape, Value room, List<Factor> all) {
    private static final int GROUP = 256;
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
            return (ints + GROUP - 1) / GROUP;
        }

        /** Ints from one tile to the next: behind its values stands for each piece whether all of them are finite numbers. */
        int block() {
            return side == Side.VALUES ? ints + (pieces() + SECTOR - 1) / SECTOR * SECTOR : ints;
        }

        long choices() {
            return groups.entrySet().stream()
                    .mapToLong(group -> size(group.getKey(), group.getValue()))
                    .reduce(1, Math::multiplyExact);
        }

        private static long size(Index index, long divisor) {
            return (index.size().constant() + divisor - 1) / divisor;
        }
    }

    /** The factors of a kernel that is such a fold, and whose tiles a device has room for; null for others. */
    static @Nullable FragmentFactors find(
            Emitter e, List<Index> indices, Expr body, Platform.Fragments has, Value room) {
        FoldTile tile = FoldTile.find(e, indices, body);
        FragmentShape shape = tile == null ? null : FragmentShape.of(tile, has);
        if (shape == null) {
            return null;
        }
        List<Factor> all = new ArrayList<>();
        for (int n = 0; n < tile.dots().size(); n++) {
            int depth = shape.steps(n) * FragmentShape.SIDE;
            Expr left = tile.dots().get(n).left();
            Expr right = tile.dots().get(n).right();
            all.add(new Factor(Side.ROWS, n, left, groups(e, tile, left), shape.rows() * depth / 2));
            all.add(new Factor(Side.POINTS, n, right, groups(e, tile, right), shape.points() * depth / 2));
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
            long other = divisor(part, index);
            while (other != 0) {
                long rest = common % other;
                common = other;
                other = rest;
            }
        }
        return common;
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

    private static String tiles(Factor factor) {
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

    private List<Map.Entry<Index, Long>> order(Factor factor) {
        return shape.tile().groups().stream()
                .filter(factor.groups()::containsKey)
                .map(index -> Map.entry(index, factor.groups().get(index)))
                .toList();
    }

    /** Writes the kernel that writes them all. */
    Written write(Emitter e) {
        e.operands.record.total(0, call -> call.step().batch());
        declare(e);
        e.scope.line("final int item = context.localIdx;");
        e.scope.line("final int[] odd = context.allocateIntLocalArray(1);");
        for (Factor factor : all) {
            String count = e.fresh("count");
            e.scope.line("final int " + count + " = total * " + factor.choices() + " * " + tiles(factor) + " * "
                    + factor.pieces() + ";");
            String head = "for (int piece = context.groupIdx; piece < " + count
                    + "; piece = piece + context.globalGroupSizeX / " + GROUP + ") {";
            Set<Index> own = new LinkedHashSet<>(shape.tile().common());
            e.block(head, "}", own, false, () -> piece(e, factor));
        }
        return new Written(e, GROUP, true, Written.cells(GROUP));
    }

    private void piece(Emitter e, Factor factor) {
        e.scope.line("final int part = piece % " + factor.pieces() + ";");
        e.scope.line("final int z = part * " + GROUP + " + item;");
        e.scope.line("final int tile = piece / " + factor.pieces() + " % " + tiles(factor) + ";");
        e.scope.line("int rest = piece / " + factor.pieces() + " / " + tiles(factor) + ";");
        for (Map.Entry<Index, Long> group : order(factor).reversed()) {
            String name = e.fresh("i");
            long size = Factor.size(group.getKey(), group.getValue());
            e.scope.line("final int " + name + " = rest % " + size + " * " + group.getValue() + ";");
            e.scope.line("rest = rest / " + size + ";");
            e.names.put(group.getKey(), name);
        }
        e.scope.line("final int batch = rest;");
        String at = e.fresh("i");
        e.scope.line("final int " + at + " = " + place(e, factor) + " + tile * " + factor.block() + ";");
        e.scope.line("int packed = 0;");
        Set<Index> none = Set.of();
        Runnable pair = () -> pair(e, factor, at);
        if (factor.ints() % GROUP == 0) {
            pair.run();
        } else {
            e.block("if (z < " + factor.ints() + ") {", "}", none, true, pair);
        }
        if (factor.side() == Side.VALUES) {
            e.scope.line("if (item == 0) {\nodd[0] = 0;\n}");
            e.scope.line("context.localBarrier();");
            // All bits of an exponent set: no finite number.
            e.scope.line("if ((packed & 32640) == 32640 || (packed & 2139095040) == 2139095040) {\nodd[0] = 1;\n}");
            e.scope.line("context.localBarrier();");
            String flag = e.operands.slab(room) + ".set(" + at + " + " + factor.ints() + " + part, odd[0]);";
            e.scope.line("if (item == 0) {\n" + flag + "\n}");
        }
    }

    private void pair(Emitter e, Factor factor, String at) {
        e.scope.line("final int shifted = item << 16;");
        e.scope.line("final int other = rest << 16;");
        String first = number(e, factor, 0);
        String second = number(e, factor, 1);
        e.scope.line("packed = " + pack(e, first, second) + ";");
        e.scope.line(e.operands.slab(room) + ".set(" + at + " + z, packed);");
    }

    /**
     * The text that packs two numbers into an int. TornadoVM holds what {@code bf16FromFloat} gives as a short, and whatever
     * is computed from it, unless an int stands to its left; {@code shifted} and {@code other} are ints whose lower halves are
     * 0, which is more than TornadoVM knows.
     */
    static String pack(Emitter e, String first, String second) {
        String lower = e.fresh("b");
        String upper = e.fresh("b");
        e.scope.line("final int " + lower + " = other - (shifted - BFloat16.bf16FromFloat(" + first + "));");
        e.scope.line("final int " + upper + " = other - (shifted - BFloat16.bf16FromFloat(" + second + "));");
        return "(" + lower + " & 65535) | (" + upper + " << 16)";
    }

    /** The first (0) or second (1) number of int {@code z} of a tile; 0 outside. */
    private String number(Emitter e, Factor factor, int j) {
        FoldTile tile = shape.tile();
        List<Index> across = factor.side() == Side.VALUES
                ? List.of(tile.column())
                : tile.dots().get(factor.number()).sum().indices();
        int terms = factor.side() == Side.VALUES ? 0 : shape.steps(factor.number()) * FragmentShape.SIDE;
        String which = e.fresh("i");
        String term = e.fresh("i");
        String limit;
        switch (factor.side()) {
            case ROWS -> {
                limit = e.operands.record.end();
                e.scope.line("final int " + which + " = " + e.operands.record.start() + " + tile * " + shape.rows()
                        + " + z / " + 8 * terms + " * 16 + z / 8 % 16;");
                e.scope.line("final int " + term + " = z / 128 % " + terms / 16 + " * 16 + z % 8 * 2 + " + j + ";");
            }
            case POINTS -> {
                limit = e.operands.size(tile.fold().index().size());
                e.scope.line("final int " + which + " = tile * " + shape.points() + " + z / " + 4 * terms
                        + " * 8 + z % 4 * 2 + " + j + ";");
                e.scope.line("final int " + term + " = z / 4 % " + terms + ";");
            }
            default -> {
                limit = e.operands.size(tile.fold().index().size());
                e.scope.line("final int " + which + " = tile * " + shape.points() + " + z / " + 8 * shape.wide()
                        + " * 16 + z / 4 % 16;");
                e.scope.line("final int " + term + " = z / 64 % " + shape.wide() / 8 + " * 8 + z % 4 * 2 + " + j + ";");
            }
        }
        Index bound = factor.side() == Side.ROWS ? tile.row() : tile.fold().index();
        Set<Index> own = new LinkedHashSet<>(across);
        own.add(bound);
        String number = e.fresh("s");
        e.scope.line("float " + number + " = 0f;");
        String inside = which + " < " + limit + " && " + term + " < " + Product.count(across);
        e.block("if (" + inside + ") {", "}", own, true, () -> {
            e.names.put(bound, which);
            Product.unflatten(e, across, term);
            e.scope.line(number + " = " + e.real(factor.expr()) + ";");
        });
        return number;
    }
}
