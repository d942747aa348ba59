package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tfx.backend.common.Analysis;
import tfx.backend.cpu.Streams.Product;
import tfx.ir.Expr;
import tfx.ir.Index;

/** How a kernel around a streamed fold cuts rows and points into tiles, and where in scratch a tile keeps what it knows. */
final class FoldLayout {
    /** Rows of a tile. */
    static final int ROWS = 64;
    /** Points of a tile: two blocks as {@link Gemm#turn} lays them. */
    static final int POINTS = 2 * Gemm.ROWS;
    /** Rows up to which points are read as they lie. */
    private static final int FEW = 4;

    final Analysis analysis;
    final Operands operands;
    final List<Index> indices;
    final Streams streams;
    final List<Product> products;
    /** Of accumulators that are no weighted sums: per row a vector of partial results. */
    final Map<Integer, String> statistics = new HashMap<>();
    /** Of weighted sums: per row a sum for each column, and a weight for each point of the tile. */
    final Map<Integer, String> sums = new HashMap<>();

    final Map<Integer, String> weights = new HashMap<>();
    /** By product: per row the product for each point of the tile. */
    final List<String> scores = new ArrayList<>();
    /** Per row whether any point was admitted. */
    private String seen;

    FoldLayout(Analysis analysis, Operands operands, List<Index> indices, Streams streams) {
        this.analysis = analysis;
        this.operands = operands;
        this.indices = indices;
        this.streams = streams;
        this.products = List.copyOf(streams.products().values());
    }

    String sizes(String shared) {
        StringBuilder out = new StringBuilder("final long start = f.start;\nfinal long end = f.end;\n");
        StringBuilder groups = new StringBuilder("(long) f.batch");
        for (int d = 0; d < indices.size(); d++) {
            Index index = indices.get(d);
            String size = operands.size(index.size());
            out.append("final long n" + d + " = " + (index == streams.row() ? size + " - start" : size) + ";\n");
            if (index == streams.row()) {
                out.append("final long rows = n" + d + ";\n");
            } else if (index != streams.column()) {
                groups.append(" * n" + d);
            }
        }
        out.append("final long groups = " + groups + ";\nfinal boolean few = rows <= " + FEW + ";\n");
        out.append("final long points = " + operands.size(streams.fold().index().size()) + ";\n");
        out.append("final long blocks = (points + " + (POINTS - 1) + "L) / " + POINTS + "L * 2L;\n");
        out.append("long at = " + shared + ";\n");
        for (int k = 0; k < products.size(); k++) {
            out.append("final long turned" + k + " = at;\n");
            out.append(
                    "at += few ? 0L : " + copies(products.get(k)) + " * blocks * " + block(products.get(k)) + "L;\n");
        }
        return out.toString();
    }

    /** How often the points of a product's right side lie side by side: once for each of its other coordinates. */
    String copies(Product product) {
        StringBuilder text = new StringBuilder(Operands.batched(product.right().value()) ? "(long) f.batch" : "1L");
        for (int d : others(product)) {
            text.append(" * ")
                    .append(operands.size(product.right().value().shape().get(d)));
        }
        return text.toString();
    }

    static long block(Product product) {
        return 4L * Gemm.ROWS * product.depth();
    }

    /** Dimensions of the right side that are neither the point's nor reduced. */
    List<Integer> others(Product product) {
        List<Integer> others = new ArrayList<>();
        for (int d = 0; d < product.right().at().size(); d++) {
            Expr at = product.right().at().get(d);
            if (d != product.axis()
                    && product.reduce().indices().stream().noneMatch(index -> analysis.mentions(at, index))) {
                others.add(d);
            }
        }
        return others;
    }

    Emitter emitter() {
        Emitter e = new Emitter(analysis, operands);
        operands.declare(e.scope);
        e.scope.code.append(sizes("f.shared").lines().skip(2).reduce("", (a, line) -> a + line + "\n"));
        return e;
    }

    Methods.Phase phase(Emitter e, String parts) {
        String code = "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code;
        return new Methods.Phase(sizes("0L") + "return (int) (" + parts + ");\n", code);
    }

    /** Scratch for the accumulators of a tile's rows, which begin with nothing. */
    void allocate(Emitter e) {
        int n = streams.fold().accumulators().size();
        seen = e.scratch(4L * ROWS);
        for (int k = 0; k < n; k++) {
            Expr.Accumulator accumulator = streams.fold().accumulators().get(k);
            if (streams.weighted().containsKey(k)) {
                sums.put(k, e.scratch(4L * ROWS * width()));
                weights.put(k, e.scratch(4L * ROWS * POINTS));
                e.scope.line("Gemm.fill(" + sums.get(k) + ", count * " + width() + "L, 0f);");
            } else {
                statistics.put(k, e.scratch(4L * ROWS * Lanes.LENGTH));
                e.scope.line("Gemm.fill(" + statistics.get(k) + ", count * " + Lanes.LENGTH + "L, "
                        + Loops.identity(accumulator.monoid()) + ");");
            }
        }
        e.scope.line("Gemm.fill(" + seen + ", count, 0f);");
    }

    long width() {
        return (streams.column().size().constant() + 15) / 16 * 16;
    }

    void rows(Emitter e, Consumer<String> body) {
        String row = e.fresh("r");
        String head = "for (int " + row + " = 0; " + row + " < count; " + row + "++) {";
        e.block(head, "}", Set.of(streams.row()), false, null, null, () -> {
            String name = e.fresh("i");
            e.names.put(streams.row(), name);
            e.scope.line("final long " + name + " = start + first + " + row + ";");
            body.accept(row);
        });
    }

    Loops.Range range(Emitter e) {
        return e.loops.range(
                streams.fold().index(), e.analysis.conjuncts(streams.fold().domain()));
    }

    /** The address of the current point's element in a tile of points. */
    String cell(Emitter e, String tile, String row) {
        return tile + " + " + row + " * " + 4 * POINTS + "L + 4L * ("
                + e.names.get(streams.fold().index()) + " - low)";
    }

    String statistic(int k, String row) {
        return statistics.get(k) + " + " + row + " * " + 4 * Lanes.LENGTH + "L";
    }

    /** The columns of a row's weighted sum. */
    String sum(int k, String row) {
        return sums.get(k) + " + " + row + " * " + 4 * width() + "L";
    }

    String seen(String row) {
        return seen + " + 4L * " + row;
    }
}
