package tfx.backend.cpu;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.cpu.Streams.Product;
import tfx.ir.Expr;
import tfx.ir.Index;

/** The products of a streamed fold: their right sides laid side by side, their left sides, and a tile of their results. */
final class FoldProducts {
    private final FoldLayout layout;

    FoldProducts(FoldLayout layout) {
        this.layout = layout;
    }

    /** One part for each block of points of each copy. */
    Methods.Phase turn() {
        Emitter e = layout.emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int k = 0; k < layout.products.size(); k++) {
            Product product = layout.products.get(k);
            String count = layout.copies(product) + " * blocks";
            String chunk = "(part - (" + parts + "))";
            int number = k;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                Scope s = e.scope;
                s.line("final long first = " + chunk + " % blocks * " + Gemm.ROWS + "L;");
                s.line("final int count = (int) Math.max(0L, Math.min(points - first, " + Gemm.ROWS + "L));");
                s.line("long rest = " + chunk + " / blocks;");
                Expr.Read right = product.right();
                StringBuilder from = new StringBuilder();
                for (int d : layout.others(product).reversed()) {
                    String c = e.fresh("i");
                    String size = layout.operands.size(right.value().shape().get(d));
                    s.line("final long " + c + " = rest % " + size + ";\nrest /= " + size + ";");
                    from.append(" + " + c + " * " + layout.operands.strideText(right.value(), d));
                }
                int value = layout.operands.number(right.value());
                String base = Operands.batched(right.value())
                        ? "f.base[" + value + "] + rest * f.batchBytes[" + value + "]"
                        : "p" + value;
                String constant = constantPart(e, product);
                s.line("final long from = " + base + " + 4L * (0L" + from + constant + ");");
                s.line("final long step = 4L * " + layout.operands.strideText(right.value(), product.axis()) + ";");
                s.line("final long[] at_ = new long[" + Gemm.ROWS + "];");
                s.line("for (int r = 0; r < count; r++) {\nat_[r] = from + (first + r) * step;\n}");
                s.line("Gemm.turn(at_, count, " + product.depth() + "L, turned" + number + " + " + chunk + " * "
                        + FoldLayout.block(product) + "L);");
            });
            parts.append(" + ").append(count);
        }
        return layout.phase(e, "few ? 0L : " + parts);
    }

    /** What the reduced dimensions add to the right side's address where their indices are 0, such as an offset. */
    private String constantPart(Emitter e, Product product) {
        Map<Index, String> before = new HashMap<>();
        product.reduce().indices().forEach(index -> before.put(index, e.names.put(index, "0L")));
        StringBuilder text = new StringBuilder();
        List<Integer> others = layout.others(product);
        for (int d = 0; d < product.right().at().size(); d++) {
            if (d != product.axis() && !others.contains(d)) {
                text.append(" + " + e.scalars.integer(product.right().at().get(d)) + " * "
                        + layout.operands.strideText(product.right().value(), d));
            }
        }
        product.reduce().indices().forEach(e.names::remove);
        return text.toString();
    }

    /** The rows of a product's left side: where they lie and how far apart. */
    void left(Emitter e, Product product, List<String> lefts, List<String> leads) {
        String at = e.fresh("q");
        if (product.direct()) {
            Set<Index> zero = new HashSet<>(product.reduce().indices());
            zero.add(layout.streams.row());
            Expr.Read read = (Expr.Read) product.left();
            String step = "4L * "
                    + Access.step(layout.analysis, layout.operands, read, layout.streams.row())
                            .text();
            e.scope.line(
                    "final long " + at + " = " + Access.address(e, read, zero) + " + " + step + " * (start + first);");
            lefts.add(at);
            leads.add(step);
            return;
        }
        String lead = 4 * product.depth() + "L";
        e.scope.line("final long " + at + " = " + e.scratch(4L * FoldLayout.ROWS * product.depth()) + ";");
        layout.rows(e, row -> {
            String to = e.fresh("v");
            e.scope.line("final long " + to + " = " + at + " + " + row + " * " + lead + ";");
            RowWriter.write(e, layout.operands, product.reduce().indices(), product.left(), to);
        });
        lefts.add(at);
        leads.add(lead);
    }

    void scores(Emitter e, int k, String left, String lead) {
        Product product = layout.products.get(k);
        Set<Index> zero = new HashSet<>(product.reduce().indices());
        zero.add(layout.streams.fold().index());
        String step = layout.operands.strideText(product.right().value(), product.axis());
        String lying = e.fresh("v");
        e.scope.line("final long " + lying + " = " + Access.address(e, product.right(), zero) + " + 4L * low * " + step
                + ";");
        StringBuilder copy = new StringBuilder(Operands.batched(product.right().value()) ? "b" : "0L");
        for (int d : layout.others(product)) {
            String size = layout.operands.size(product.right().value().shape().get(d));
            copy = new StringBuilder("(" + copy + " * " + size + " + "
                    + e.scalars.integer(product.right().at().get(d)) + ")");
        }
        String turned = "turned" + k + " + (" + copy + " * blocks + low / " + Gemm.ROWS + "L) * "
                + FoldLayout.block(product) + "L";
        String to = layout.scores.get(k);
        String depth = product.depth() + "L";
        e.scope.line("if (few) {\nfor (int r = 0; r < count; r++) {\nGemv.row(" + left + " + r * " + lead + ", " + depth
                + ", "
                + lying + ", " + Gemm.F32 + ", 1L, " + step + ", (int) (high - low), " + to + " + r * "
                + 4 * FoldLayout.POINTS
                + "L);\n}\n} else {");
        for (int half = 0; half < 2; half++) {
            e.scope.line("OuterTiles.run(" + left + ", " + lead + ", count, " + depth + ", " + turned + " + "
                    + half * FoldLayout.block(product) + "L, " + 4 * Gemm.ROWS + "L, " + Gemm.ROWS + ", " + to + " + "
                    + half * 4 * Gemm.ROWS + "L, " + 4 * FoldLayout.POINTS + "L, false);");
        }
        e.scope.line("}");
    }
}
