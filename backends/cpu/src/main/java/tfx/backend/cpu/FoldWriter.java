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
import tfx.backend.cpu.Streams.Product;
import tfx.backend.cpu.Streams.Weighted;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;

/**
 * A kernel around a {@link Streams streamed} fold. A first phase lays the points side by side, for the products. Then every
 * tile of rows goes through the points that its rows' predicates admit, a tile at a time: the products, the statistics row by
 * row with what they rescale, and the weighted sums. Memory does not grow with the number of points times that of rows.
 */
final class FoldWriter {
    /** Rows of a tile. */
    private static final int ROWS = 64;
    /** Points of a tile: two blocks as {@link Gemm#turn} lays them. */
    private static final int POINTS = 2 * Gemm.ROWS;
    /** Rows up to which points are read as they lie. */
    private static final int FEW = 4;

    private final Analysis analysis;
    private final Operands operands;
    private final List<Index> indices;
    private final Expr body;
    private final Streams streams;
    private final List<Product> products;
    /** Statistics per row, as vectors of partial results: where in scratch each accumulator's lie. */
    private final Map<Integer, String> statistics = new HashMap<>();

    private final Map<Integer, String> sums = new HashMap<>();
    private final Map<Integer, String> weights = new HashMap<>();
    private final List<String> scores = new ArrayList<>();
    private String seen;

    FoldWriter(Analysis analysis, Operands operands, List<Index> indices, Expr body, Streams streams) {
        this.analysis = analysis;
        this.operands = operands;
        this.indices = indices;
        this.body = body;
        this.streams = streams;
        this.products = List.copyOf(streams.products().values());
    }

    Methods write() {
        return new Methods(sizes("0L") + "f.shared = Scratch.shared(at);\nreturn 2;\n", List.of(turn(), tiles()));
    }

    private String sizes(String shared) {
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
    private String copies(Product product) {
        StringBuilder text = new StringBuilder(Operands.batched(product.right().value()) ? "(long) f.batch" : "1L");
        for (int d : others(product)) {
            text.append(" * ")
                    .append(operands.size(product.right().value().shape().get(d)));
        }
        return text.toString();
    }

    private static long block(Product product) {
        return 4L * Gemm.ROWS * product.depth();
    }

    /** Dimensions of the right side that are neither the point's nor reduced. */
    private List<Integer> others(Product product) {
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

    private Emitter emitter() {
        Emitter e = new Emitter(analysis, operands);
        operands.declare(e.scope);
        e.scope.code.append(sizes("f.shared").lines().skip(2).reduce("", (a, line) -> a + line + "\n"));
        return e;
    }

    private Methods.Phase phase(Emitter e, String parts) {
        String code = "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code;
        return new Methods.Phase(sizes("0L") + "return (int) (" + parts + ");\n", code);
    }

    /** One part for each block of points of each copy. */
    private Methods.Phase turn() {
        Emitter e = emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int k = 0; k < products.size(); k++) {
            Product product = products.get(k);
            String count = copies(product) + " * blocks";
            String chunk = "(part - (" + parts + "))";
            int number = k;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                Scope s = e.scope;
                s.line("final long first = " + chunk + " % blocks * " + Gemm.ROWS + "L;");
                s.line("final int count = (int) Math.max(0L, Math.min(points - first, " + Gemm.ROWS + "L));");
                s.line("long rest = " + chunk + " / blocks;");
                Expr.Read right = product.right();
                StringBuilder from = new StringBuilder();
                for (int d : others(product).reversed()) {
                    String c = e.fresh("i");
                    String size = operands.size(right.value().shape().get(d));
                    s.line("final long " + c + " = rest % " + size + ";\nrest /= " + size + ";");
                    from.append(" + " + c + " * " + operands.strideText(right.value(), d));
                }
                int value = operands.number(right.value());
                String base = Operands.batched(right.value())
                        ? "f.base[" + value + "] + rest * f.batchBytes[" + value + "]"
                        : "p" + value;
                String constant = constantPart(e, product);
                s.line("final long from = " + base + " + 4L * (0L" + from + constant + ");");
                s.line("final long step = 4L * " + operands.strideText(right.value(), product.axis()) + ";");
                s.line("final long[] at_ = new long[" + Gemm.ROWS + "];");
                s.line("for (int r = 0; r < count; r++) {\nat_[r] = from + (first + r) * step;\n}");
                s.line("Gemm.turn(at_, count, " + product.depth() + "L, turned" + number + " + " + chunk + " * "
                        + block(product) + "L);");
            });
            parts.append(" + ").append(count);
        }
        return phase(e, "few ? 0L : " + parts);
    }

    /** What the reduced dimensions add to the right side's address where their indices are 0, such as an offset. */
    private String constantPart(Emitter e, Product product) {
        Map<Index, String> before = new HashMap<>();
        product.reduce().indices().forEach(index -> before.put(index, e.names.put(index, "0L")));
        StringBuilder text = new StringBuilder();
        List<Integer> others = others(product);
        for (int d = 0; d < product.right().at().size(); d++) {
            if (d != product.axis() && !others.contains(d)) {
                text.append(" + " + e.scalars.integer(product.right().at().get(d)) + " * "
                        + operands.strideText(product.right().value(), d));
            }
        }
        product.reduce().indices().forEach(e.names::remove);
        return text.toString();
    }

    private long width() {
        return (streams.column().size().constant() + 15) / 16 * 16;
    }

    private Methods.Phase tiles() {
        Emitter e = emitter();
        String counts = "final long tiles = (rows + " + (ROWS - 1) + "L) / " + ROWS + "L;\n";
        e.scope.code.append(counts);
        // The last rows have the most points where masks are causal: they begin first.
        e.scope.line("final long first = (tiles - 1L - part % tiles) * " + ROWS + "L;");
        e.scope.line("final long last = Math.min(rows, first + " + ROWS + "L);");
        e.scope.line("final int count = (int) (last - first);");
        e.block("{", "}", new LinkedHashSet<>(streams.groups()), false, null, null, () -> group(e));
        return new Methods.Phase(
                sizes("0L") + counts + "return (int) (groups * tiles);\n",
                "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code);
    }

    private void group(Emitter e) {
        e.scope.line("long rest = part / tiles;");
        for (int d = indices.size() - 1; d >= 0; d--) {
            Index index = indices.get(d);
            if (index != streams.row() && index != streams.column()) {
                String name = e.fresh("i");
                e.names.put(index, name);
                e.scope.line("final long " + name + " = rest % n" + d + ";\nrest /= n" + d + ";");
            }
        }
        e.scope.line("final long b = rest;");
        operands.declareBatch(e.scope);
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
        List<String> lefts = new ArrayList<>();
        List<String> leads = new ArrayList<>();
        products.forEach(product -> left(e, product, lefts, leads));
        e.scope.line("long from = points;\nlong to = 0L;");
        rows(e, row -> {
            Loops.Range range = range(e);
            e.scope.line("from = Math.min(from, " + range.low() + ");\nto = Math.max(to, " + range.high() + ");");
        });
        e.scope.line("to = Math.min(points, to);");
        String head = "for (long low = Math.max(0L, from) / " + POINTS + "L * " + POINTS + "L; low < to; low += "
                + POINTS + "L) {";
        e.block(head, "}", Set.of(), false, null, null, () -> {
            e.scope.line("final long high = Math.min(to, low + " + POINTS + "L);");
            for (int k = 0; k < products.size(); k++) {
                scores.add(e.scratch(4L * ROWS * POINTS));
                scores(e, k, lefts.get(k), leads.get(k));
            }
            rows(e, row -> statistics(e, row));
            streams.weighted().forEach((k, weighted) -> addWeighted(e, k, weighted));
        });
        rows(e, row -> epilogue(e, row));
    }

    private void rows(Emitter e, java.util.function.Consumer<String> body) {
        String row = e.fresh("r");
        String head = "for (int " + row + " = 0; " + row + " < count; " + row + "++) {";
        e.block(head, "}", Set.of(streams.row()), false, null, null, () -> {
            String name = e.fresh("i");
            e.names.put(streams.row(), name);
            e.scope.line("final long " + name + " = start + first + " + row + ";");
            body.accept(row);
        });
    }

    private Loops.Range range(Emitter e) {
        return e.loops.range(
                streams.fold().index(), e.analysis.conjuncts(streams.fold().domain()));
    }

    /** The rows of a product's left side: where they lie and how far apart. */
    private void left(Emitter e, Product product, List<String> lefts, List<String> leads) {
        String at = e.fresh("q");
        if (product.direct()) {
            Set<Index> zero = new HashSet<>(product.reduce().indices());
            zero.add(streams.row());
            Expr.Read read = (Expr.Read) product.left();
            String step = "4L * "
                    + Access.step(analysis, operands, read, streams.row()).text();
            e.scope.line(
                    "final long " + at + " = " + Access.address(e, read, zero) + " + " + step + " * (start + first);");
            lefts.add(at);
            leads.add(step);
            return;
        }
        String lead = 4 * product.depth() + "L";
        e.scope.line("final long " + at + " = " + e.scratch(4L * ROWS * product.depth()) + ";");
        rows(e, row -> {
            String to = e.fresh("v");
            e.scope.line("final long " + to + " = " + at + " + " + row + " * " + lead + ";");
            RowWriter.write(e, operands, product.reduce().indices(), product.left(), to);
        });
        lefts.add(at);
        leads.add(lead);
    }

    private void scores(Emitter e, int k, String left, String lead) {
        Product product = products.get(k);
        Set<Index> zero = new HashSet<>(product.reduce().indices());
        zero.add(streams.fold().index());
        String step = operands.strideText(product.right().value(), product.axis());
        String lying = e.fresh("v");
        e.scope.line("final long " + lying + " = " + Access.address(e, product.right(), zero) + " + 4L * low * " + step
                + ";");
        StringBuilder copy = new StringBuilder(Operands.batched(product.right().value()) ? "b" : "0L");
        for (int d : others(product)) {
            String size = operands.size(product.right().value().shape().get(d));
            copy = new StringBuilder("(" + copy + " * " + size + " + "
                    + e.scalars.integer(product.right().at().get(d)) + ")");
        }
        String turned =
                "turned" + k + " + (" + copy + " * blocks + low / " + Gemm.ROWS + "L) * " + block(product) + "L";
        String to = scores.get(k);
        String depth = product.depth() + "L";
        e.scope.line("if (few) {\nfor (int r = 0; r < count; r++) {\nGemv.row(" + left + " + r * " + lead + ", " + depth
                + ", "
                + lying + ", " + Gemm.F32 + ", 1L, " + step + ", (int) (high - low), " + to + " + r * " + 4 * POINTS
                + "L);\n}\n} else {");
        for (int half = 0; half < 2; half++) {
            e.scope.line("OuterTiles.run(" + left + ", " + lead + ", count, " + depth + ", " + turned + " + "
                    + half * block(product) + "L, " + 4 * Gemm.ROWS + "L, " + Gemm.ROWS + ", " + to + " + "
                    + half * 4 * Gemm.ROWS + "L, " + 4 * POINTS + "L, false);");
        }
        e.scope.line("}");
    }

    /** One row of a tile: accumulators in passes, since some need the maxima of others. */
    private void statistics(Emitter e, String row) {
        Index point = streams.fold().index();
        Loops.Range range = range(e);
        List<Expr> scalar = range.others().stream()
                .filter(c -> !analysis.mentions(c, point))
                .toList();
        List<Expr> byLane =
                range.others().stream().filter(c -> analysis.mentions(c, point)).toList();
        String low = e.fresh("l");
        String high = e.fresh("h");
        e.scope.line("final long " + low + " = Math.min(high, Math.max(low, " + range.low() + "));");
        String limit = "Math.max(" + low + ", Math.min(high, " + range.high() + "))";
        e.scope.line("final long " + high + " = "
                + (scalar.isEmpty()
                        ? limit
                        : String.join(" && ", scalar.stream().map(e::truth).toList()) + " ? " + limit + " : " + low)
                + ";");
        weights.forEach((k, at) ->
                e.scope.line("Gemm.fill(" + at + " + " + row + " * " + 4 * POINTS + "L, " + POINTS + "L, 0f);"));
        Set<Index> own = Set.of(Analysis.FOLD);
        e.block("if (" + low + " < " + high + ") {", "}", own, true, null, null, () -> {
            int done = 0;
            while (done < streams.fold().accumulators().size()) {
                int next = passEnd(done);
                pass(e, row, done, next, low, high, byLane, done == 0);
                done = next;
            }
        });
    }

    /** The first accumulator from {@code from} on that needs one of those between. */
    private int passEnd(int from) {
        int k = from;
        while (k < streams.fold().accumulators().size()) {
            int first = from;
            int here = k;
            Expr.Accumulator accumulator = streams.fold().accumulators().get(k);
            boolean[] needs = {false};
            tfx.ir.Exprs.forEach(
                    accumulator.body(),
                    part -> needs[0] |= part instanceof Expr.Accumulated(int n) && n >= first && n < here);
            if (needs[0] || (accumulator.shift() >= from && accumulator.shift() < k)) {
                break;
            }
            k++;
        }
        return k;
    }

    private void pass(
            Emitter e, String row, int from, int to, String low, String high, List<Expr> byLane, boolean first) {
        Index point = streams.fold().index();
        Map<Integer, String> partial = new HashMap<>();
        for (int k = from; k < to; k++) {
            if (statistics.containsKey(k)) {
                String name = e.fresh("s");
                partial.put(k, name);
                e.scope.line("FloatVector " + name + " = Memory.loadF32(" + statistic(k, row) + ");");
            }
        }
        String any = e.fresh("a");
        e.scope.line("boolean " + any + " = " + byLane.isEmpty() + ";");
        e.loops.lanes(point, low, high, () -> {
            for (int k = 0; k < products.size(); k++) {
                String score = e.fresh("v");
                e.scope.line("final FloatVector " + score + " = Memory.loadF32(" + cell(e, scores.get(k), row) + ");");
                e.scope.known.put(products.get(k).reduce(), new Code(Kind.FLOAT, true, score));
            }
            e.loops.filtered(byLane, mask -> {
                if (!byLane.isEmpty()) {
                    e.scope.line(any + " |= " + mask + ".anyTrue();");
                }
                for (int k = from; k < to; k++) {
                    point(e, k, partial.get(k), mask, row);
                }
            });
        });
        partial.forEach((k, name) -> {
            Expr.Accumulator accumulator = streams.fold().accumulators().get(k);
            if (accumulator.monoid() == Monoid.MAX && isShift(k)) {
                maximum(e, k, name, row);
            }
            e.scope.line("Memory.storeF32(" + statistic(k, row) + ", " + name + ");");
        });
        if (first) {
            e.scope.line("if (" + any + ") {\nMemory.putF32(" + seen + " + 4L * " + row + ", 1f);\n}");
        }
    }

    private void point(Emitter e, int k, String partial, String mask, String row) {
        Expr.Accumulator accumulator = streams.fold().accumulators().get(k);
        String masked = mask == null ? "" : ", " + mask;
        if (partial != null) {
            e.scope.line(partial + " = " + partial + ".lanewise(VectorOperators." + Loops.operator(accumulator.monoid())
                    + ", " + e.vector(accumulator.body()) + masked + ");");
        } else {
            e.scope.line("Memory.storeF32(" + cell(e, weights.get(k), row) + ", "
                    + e.vector(streams.weighted().get(k).weight()) + masked + ");");
        }
    }

    /** The address of the current point's element in a tile of points. */
    private String cell(Emitter e, String tile, String row) {
        return tile + " + " + row + " * " + 4 * POINTS + "L + 4L * ("
                + e.names.get(streams.fold().index()) + " - low)";
    }

    private String statistic(int k, String row) {
        return statistics.get(k) + " + " + row + " * " + 4 * Lanes.LENGTH + "L";
    }

    private boolean isShift(int k) {
        return streams.fold().accumulators().stream().anyMatch(a -> a.shift() == k);
    }

    /** The maximum of a row has been taken further: what is relative to the old one is rescaled. */
    private void maximum(Emitter e, int k, String name, String row) {
        String old = e.fresh("v");
        String now = e.fresh("v");
        String factor = e.fresh("v");
        e.scope.line("final float " + old + " = Memory.getF32(" + statistic(k, row) + ");");
        e.scope.line("final float " + now + " = " + name + ".reduceLanes(VectorOperators.MAX);");
        e.scope.line(name + " = Lanes.splat(" + now + ");");
        // While nothing finite was seen the maximum counts as 0, so that exp(-inf - M) is 0 and not NaN.
        String safe = e.fresh("v");
        e.scope.line("final float " + safe + " = VectorMath.finite(" + now + ");");
        e.scope.known.put(analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, false, safe));
        e.scope.line("if (" + old + " != " + now + ") {\nfinal float " + factor + " = (float) Math.exp(" + old + " - "
                + safe + ");");
        for (int j = 0; j < streams.fold().accumulators().size(); j++) {
            if (streams.fold().accumulators().get(j).shift() == k) {
                e.scope.line(
                        statistics.containsKey(j)
                                ? "Gemm.scale(" + statistic(j, row) + ", " + Lanes.LENGTH + "L, " + factor + ");"
                                : "Gemm.scale(" + sums.get(j) + " + " + row + " * " + 4 * width() + "L, " + width()
                                        + "L, " + factor + ");");
            }
        }
        e.scope.line("}");
    }

    private void addWeighted(Emitter e, int k, Weighted weighted) {
        Set<Index> zero = new HashSet<>(Set.of(streams.fold().index(), streams.column()));
        String step = Access.step(
                        analysis, operands, weighted.value(), streams.fold().index())
                .text();
        e.scope.line("Gemm.add(" + weights.get(k) + ", " + 4 * POINTS + "L, count, high - low, "
                + Access.address(e, weighted.value(), zero) + " + 4L * low * " + step + ", 4L * " + step + ", "
                + streams.column().size().constant() + ", " + sums.get(k) + ", " + 4 * width() + "L);");
    }

    private void epilogue(Emitter e, String row) {
        int bytes = operands.output().bytes();
        StringBuilder at = new StringBuilder("out");
        for (int d = 0; d < indices.size() - 1; d++) {
            at.append(" + " + bytes + "L * outs" + d + " * " + e.names.get(indices.get(d)));
        }
        String to = e.fresh("v");
        e.scope.line("final long " + to + " = " + at + ";");
        Map<Integer, String> finals = new HashMap<>();
        statistics.forEach((k, unused) -> {
            Expr.Accumulator accumulator = streams.fold().accumulators().get(k);
            String name = e.fresh("v");
            finals.put(k, name);
            e.scope.line("final float " + name + " = "
                    + Loops.acrossLanes(accumulator.monoid(), "Memory.loadF32(" + statistic(k, row) + ")") + ";");
        });
        String any = e.fresh("a");
        e.scope.line("final boolean " + any + " = Memory.getF32(" + seen + " + 4L * " + row + ") != 0f;");
        String stride = bytes + "L * outs" + (indices.size() - 1);
        ElementwiseWriter.overLanes(
                e,
                streams.column(),
                "0L",
                operands.size(streams.column().size()),
                body,
                () -> result(e, row, any, finals),
                (vector, count) -> e.scope.line(
                        "Memory.scatter(" + operands.output().ordinal() + ", " + to + " + " + stride + " * "
                                + e.names.get(streams.column()) + ", " + stride + ", " + vector + ", " + count + ");"));
    }

    /** The fold's value in the current lanes: 0 where no point was admitted. */
    private void result(Emitter e, String row, String any, Map<Integer, String> finals) {
        String value = e.fresh("v");
        e.scope.line("FloatVector " + value + " = Lanes.splat(0f);");
        Set<Index> own = Set.of(Analysis.FOLD);
        e.block("if (" + any + ") {", "}", own, true, e.scope.lane, e.scope.mask, () -> {
            finals.forEach((k, name) ->
                    e.scope.known.put(analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, false, name)));
            sums.forEach((k, tile) -> {
                String sum = e.fresh("v");
                e.scope.line("final FloatVector " + sum + " = Memory.loadF32(" + tile + " + " + row + " * "
                        + 4 * width() + "L + 4L * " + e.names.get(streams.column()) + ");");
                e.scope.known.put(analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, true, sum));
            });
            e.scope.line(value + " = " + e.vector(streams.fold().result()) + ";");
        });
        e.scope.known.put(streams.fold(), new Code(Kind.FLOAT, true, value));
    }
}
