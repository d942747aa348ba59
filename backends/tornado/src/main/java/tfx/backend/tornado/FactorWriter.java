package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.tornado.FragmentFactors.Factor;
import tfx.backend.tornado.FragmentFactors.Side;
import tfx.ir.Index;

/** The kernel that writes every factor of a fold once as fragments read it ({@link FragmentFactors} says where). */
final class FactorWriter {
    private final Emitter e;
    private final FragmentFactors factors;
    private final FragmentShape shape;

    FactorWriter(Emitter e, FragmentFactors factors) {
        this.e = e;
        this.factors = factors;
        this.shape = factors.shape();
    }

    private void line(String text) {
        e.scope.line(text);
    }

    Written write() {
        e.operands.record.total(0, call -> call.step().batch());
        factors.declare(e);
        line("final int item = context.localIdx;");
        line("final int[] odd = context.allocateIntLocalArray(1);");
        for (Factor factor : factors.all()) {
            String count = e.fresh("count");
            line("final int " + count + " = total * " + factor.choices() + " * " + FragmentFactors.tiles(factor) + " * "
                    + factor.pieces() + ";");
            String head = "for (int piece = context.groupIdx; piece < " + count
                    + "; piece = piece + context.globalGroupSizeX / " + FragmentFactors.PIECE + ") {";
            Set<Index> own = new LinkedHashSet<>(shape.tile().common());
            e.block(head, "}", own, false, () -> piece(factor));
        }
        return new Written(e, FragmentFactors.PIECE, true, Written.cells(FragmentFactors.PIECE));
    }

    private void piece(Factor factor) {
        line("final int part = piece % " + factor.pieces() + ";");
        line("final int z = part * " + FragmentFactors.PIECE + " + item;");
        line("final int tile = piece / " + factor.pieces() + " % " + FragmentFactors.tiles(factor) + ";");
        line("int rest = piece / " + factor.pieces() + " / " + FragmentFactors.tiles(factor) + ";");
        for (Map.Entry<Index, Long> group : factors.order(factor).reversed()) {
            String name = e.fresh("i");
            long size = Factor.size(group.getKey(), group.getValue());
            line("final int " + name + " = rest % " + size + " * " + group.getValue() + ";");
            line("rest = rest / " + size + ";");
            e.names.put(group.getKey(), name);
        }
        line("final int batch = rest;");
        String at = e.fresh("i");
        line("final int " + at + " = " + factors.place(e, factor) + " + tile * " + factor.block() + ";");
        line("int packed = 0;");
        Set<Index> none = Set.of();
        Runnable pair = () -> pair(factor, at);
        if (factor.ints() % FragmentFactors.PIECE == 0) {
            pair.run();
        } else {
            e.block("if (z < " + factor.ints() + ") {", "}", none, true, pair);
        }
        if (factor.side() == Side.VALUES) {
            line("if (item == 0) {\nodd[0] = 0;\n}");
            line("context.localBarrier();");
            // All bits of an exponent set: no finite number.
            line("if ((packed & 32640) == 32640 || (packed & 2139095040) == 2139095040) {\nodd[0] = 1;\n}");
            line("context.localBarrier();");
            String flag = e.operands.slab(factors.room()) + ".set(" + at + " + " + factor.ints() + " + part, odd[0]);";
            line("if (item == 0) {\n" + flag + "\n}");
        }
    }

    private void pair(Factor factor, String at) {
        String first = number(factor, 0);
        String second = number(factor, 1);
        line("packed = BFloat16.pack(" + first + ", " + second + ");");
        line(e.operands.slab(factors.room()) + ".set(" + at + " + z, packed);");
    }

    /** The first (0) or second (1) number of int {@code z} of a tile; 0 outside. */
    private String number(Factor factor, int j) {
        FoldTile tile = shape.tile();
        List<Index> terms = factor.side() == Side.VALUES
                ? tile.columns()
                : tile.dots().get(factor.number()).sum().indices();
        String which = e.fresh("i");
        String term = e.fresh("i");
        // Of a work item's four ints r: a fragment's rows and terms, or two fragments' columns and terms, 8 apart.
        String lane = "z / 4 % 32";
        String near = lane + " / 4";
        String pair = lane + " % 4 * 2 + " + j;
        String fragment = "z / " + FragmentShape.RIGHT_INTS;
        String limit;
        switch (factor.side()) {
            case ROWS -> {
                int steps = shape.steps(factor.number());
                limit = e.operands.record.end();
                line("final int " + which + " = " + e.operands.record.start() + " + tile * " + shape.rows() + " + "
                        + fragment + " / " + steps + " * 16 + z % 2 * 8 + " + near + ";");
                line("final int " + term + " = " + fragment + " % " + steps + " * 16 + z % 4 / 2 * 8 + " + pair + ";");
            }
            case POINTS -> {
                int steps = shape.steps(factor.number());
                limit = e.operands.size(tile.fold().index().size());
                line("final int " + which + " = tile * " + shape.points() + " + " + fragment + " / " + steps
                        + " * 16 + z % 4 / 2 * 8 + " + near + ";");
                line("final int " + term + " = " + fragment + " % " + steps + " * 16 + z % 2 * 8 + " + pair + ";");
            }
            default -> {
                int across = shape.columnFragments() / 2;
                limit = e.operands.size(tile.fold().index().size());
                line("final int " + which + " = tile * " + shape.points() + " + " + fragment + " / " + across
                        + " * 16 + z % 2 * 8 + " + pair + ";");
                line("final int " + term + " = " + fragment + " % " + across + " * 16 + z % 4 / 2 * 8 + " + near + ";");
            }
        }
        Index bound = factor.side() == Side.ROWS ? tile.row() : tile.fold().index();
        Set<Index> own = new LinkedHashSet<>(terms);
        own.add(bound);
        String number = e.fresh("s");
        line("float " + number + " = 0f;");
        String inside = which + " < " + limit + " && " + term + " < " + Product.count(terms);
        e.block("if (" + inside + ") {", "}", own, true, () -> {
            e.names.put(bound, which);
            Product.unflatten(e, terms, term);
            line(number + " = " + e.real(factor.expr()) + ";");
        });
        return number;
    }
}
