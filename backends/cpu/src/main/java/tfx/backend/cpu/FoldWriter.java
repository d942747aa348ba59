package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Scope.Code;
import tfx.backend.cpu.Streams.Weighted;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * A kernel around a {@link Streams streamed} fold. A first phase lays the points side by side, for the products. Then every
 * tile of rows goes through the points that its rows' predicates admit, a tile at a time: the products, the statistics row by
 * row with what they rescale, and the weighted sums. Memory does not grow with the number of points times that of rows.
 */
final class FoldWriter {
    private final FoldLayout layout;
    private final FoldProducts products;
    private final Expr body;

    FoldWriter(Analysis analysis, Operands operands, List<Index> indices, Expr body, Streams streams) {
        this.layout = new FoldLayout(analysis, operands, indices, streams);
        this.products = new FoldProducts(layout);
        this.body = body;
    }

    Methods write() {
        return new Methods(
                layout.sizes("0L") + "f.shared = Scratch.shared(at);\nreturn 2;\n", List.of(products.turn(), tiles()));
    }

    private Methods.Phase tiles() {
        Emitter e = layout.emitter();
        String counts = "final long tiles = (rows + " + (FoldLayout.ROWS - 1) + "L) / " + FoldLayout.ROWS + "L;\n";
        e.scope.code.append(counts);
        // The last rows have the most points where masks are causal: they begin first.
        e.scope.line("final long first = (tiles - 1L - part % tiles) * " + FoldLayout.ROWS + "L;");
        e.scope.line("final long last = Math.min(rows, first + " + FoldLayout.ROWS + "L);");
        e.scope.line("final int count = (int) (last - first);");
        e.block("{", "}", new LinkedHashSet<>(layout.streams.groups()), false, null, null, () -> group(e));
        return new Methods.Phase(
                layout.sizes("0L") + counts + "return (int) (groups * tiles);\n",
                "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code);
    }

    private void group(Emitter e) {
        e.scope.line("long rest = part / tiles;");
        for (int d = layout.indices.size() - 1; d >= 0; d--) {
            Index index = layout.indices.get(d);
            if (index != layout.streams.row() && index != layout.streams.column()) {
                String name = e.fresh("i");
                e.names.put(index, name);
                e.scope.line("final long " + name + " = rest % n" + d + ";\nrest /= n" + d + ";");
            }
        }
        e.scope.line("final long b = rest;");
        layout.operands.declareBatch(e.scope);
        layout.allocate(e);
        List<String> lefts = new ArrayList<>();
        List<String> leads = new ArrayList<>();
        layout.products.forEach(product -> products.left(e, product, lefts, leads));
        e.scope.line("long from = points;\nlong to = 0L;");
        layout.rows(e, row -> {
            Loops.Range range = layout.range(e);
            e.scope.line("from = Math.min(from, " + range.low() + ");\nto = Math.max(to, " + range.high() + ");");
        });
        e.scope.line("to = Math.min(points, to);");
        String head = "for (long low = Math.max(0L, from) / " + FoldLayout.POINTS + "L * " + FoldLayout.POINTS
                + "L; low < to; low += " + FoldLayout.POINTS + "L) {";
        e.block(head, "}", Set.of(), false, null, null, () -> {
            e.scope.line("final long high = Math.min(to, low + " + FoldLayout.POINTS + "L);");
            for (int k = 0; k < layout.products.size(); k++) {
                layout.scores.add(e.scratch(4L * FoldLayout.ROWS * FoldLayout.POINTS));
                products.scores(e, k, lefts.get(k), leads.get(k));
            }
            layout.rows(e, row -> new FoldRow(layout).write(e, row));
            layout.streams.weighted().forEach((k, weighted) -> addWeighted(e, k, weighted));
        });
        layout.rows(e, row -> epilogue(e, row));
    }

    private void addWeighted(Emitter e, int k, Weighted weighted) {
        Set<Index> zero = new HashSet<>(Set.of(layout.streams.fold().index(), layout.streams.column()));
        String step = Access.step(
                        layout.analysis,
                        layout.operands,
                        weighted.value(),
                        layout.streams.fold().index())
                .text();
        e.scope.line("Gemm.add(" + layout.weights.get(k) + ", " + 4 * FoldLayout.POINTS + "L, count, high - low, "
                + Access.address(e, weighted.value(), zero) + " + 4L * low * " + step + ", 4L * " + step + ", "
                + layout.streams.column().size().constant() + ", " + layout.sums.get(k) + ", " + 4 * layout.width()
                + "L);");
    }

    private void epilogue(Emitter e, String row) {
        Map<Integer, String> finals = new HashMap<>();
        layout.statistics.forEach((k, unused) -> {
            Expr.Accumulator accumulator = layout.streams.fold().accumulators().get(k);
            String name = e.fresh("v");
            finals.put(k, name);
            e.scope.line("final float " + name + " = "
                    + Loops.acrossLanes(accumulator.monoid(), "Memory.loadF32(" + layout.statistic(k, row) + ")")
                    + ";");
        });
        String any = e.fresh("a");
        e.scope.line("final boolean " + any + " = Memory.getF32(" + layout.seen(row) + ") != 0f;");
        LaneWriter.output(
                e,
                layout.indices,
                layout.streams.column(),
                "0L",
                layout.operands.size(layout.streams.column().size()),
                body,
                () -> result(e, row, any, finals));
    }

    /** The fold's value in the current lanes: 0 where no point was admitted. */
    private void result(Emitter e, String row, String any, Map<Integer, String> finals) {
        String value = e.fresh("v");
        e.scope.line("FloatVector " + value + " = Lanes.splat(0f);");
        Set<Index> own = Set.of(Analysis.FOLD);
        e.block("if (" + any + ") {", "}", own, true, e.scope.lane, e.scope.mask, () -> {
            finals.forEach((k, name) -> e.scope.known.put(
                    layout.analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, false, name)));
            layout.sums.keySet().forEach(k -> {
                String sum = e.fresh("v");
                e.scope.line("final FloatVector " + sum + " = Memory.loadF32(" + layout.sum(k, row) + " + 4L * "
                        + e.names.get(layout.streams.column()) + ");");
                e.scope.known.put(layout.analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, true, sum));
            });
            e.scope.line(value + " = " + e.vector(layout.streams.fold().result()) + ";");
        });
        e.scope.known.put(layout.streams.fold(), new Code(Kind.FLOAT, true, value));
    }
}
