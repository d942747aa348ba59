package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Contractions.Contraction;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * A kernel around sums of products. Its output is cut into columns times rows; all rows of the batch count as one dimension.
 * Three phases: left sides that do not lie in memory as needed are computed; rows are laid side by side in blocks, so that a
 * vector holds one element of each; tiles of columns take every block in turn, each weight being read once, and the epilogue
 * runs on what a tile has summed up. Few rows skip the second phase: each is multiplied with the weight as it lies.
 */
final class ContractionWriter {
    /** Columns of a tile. */
    private static final int COLUMNS = 32;
    /** Rows below which a tile is a product of a matrix with single vectors. */
    private static final int FEW = 4;
    /** Parts to aim at, so that threads have something to share. */
    private static final int PARTS = 16;

    /** Rows of a weight that a piece of the reduction has at least. */
    private static final int PIECE = 64;

    /** Tiles that a part takes one after the other where rows are few: weights are then read in longer streams. */
    private static final int SPAN = 4;

    private final Analysis analysis;
    private final Operands operands;
    private final List<Index> indices;
    private final Expr body;
    private final Contractions all;
    private final List<Left> lefts = new ArrayList<>();

    /** A left side that some contractions share; {@code turned} where its rows are laid side by side. */
    private record Left(Expr expr, List<Index> reduced, boolean direct, boolean grouped, boolean turned, long depth) {}

    ContractionWriter(Analysis analysis, Operands operands, List<Index> indices, Expr body, Contractions all) {
        this.analysis = analysis;
        this.operands = operands;
        this.indices = indices;
        this.body = body;
        this.all = all;
        for (Contraction c : all.all()) {
            Left left = left(c);
            if (!lefts.contains(left)) {
                lefts.add(left);
            }
        }
    }

    private Left left(Contraction c) {
        boolean grouped = all.groups().stream().anyMatch(g -> analysis.mentions(c.left(), g));
        return new Left(c.left(), c.reduce().indices(), c.direct(), grouped, !adjacent(c), c.depth());
    }

    /** Whether the weight's columns lie side by side, not its rows. Tiles then take rows of the left side as they lie. */
    private boolean adjacent(Contraction c) {
        int type = operands.type(c.weight().value()).ordinal();
        return Access.step(analysis, operands, c.weight(), all.column()).constant() == 1
                && type >= Gemm.F32
                && type <= Gemm.BF16
                && Access.step(analysis, operands, c.weight(), c.inner()).constant() != 1
                && Access.isOneWalk(analysis, operands, c.weight(), c.reduce().indices());
    }

    /**
     * Whether tiles take such a weight itself. That pays where no second block of rows reads it: pieces of rows far apart are slow
     * to read, and a copy is made once for all blocks.
     */
    private boolean inPlace(Contraction c) {
        if (!adjacent(c) || operands.type(c.weight().value()).ordinal() != Gemm.F32) {
            return false;
        }
        long rows = 1;
        for (Index row : all.rows()) {
            if (row == Analysis.BATCH || !row.size().isConstant() || operands.stepped(indices, row)) {
                return false;
            }
            rows *= row.size().constant();
        }
        return rows <= Gemm.ROWS;
    }

    /**
     * Into how many pieces few rows cut the reduction, so that each reads adjacent rows of a weight whose columns lie side by
     * side: 0 where the weight is not such, or too small for it to pay.
     */
    private int pieces(Contraction c) {
        return adjacent(c) && c.depth() >= 2 * PIECE ? (int) Math.min(PARTS, c.depth() / PIECE) : 0;
    }

    Methods write() {
        List<Methods.Phase> phases = new ArrayList<>(List.of(pack(), turn()));
        if (all.all().stream().anyMatch(c -> pieces(c) > 0)) {
            phases.add(pieces());
        }
        phases.add(tiles());
        String shared = sizes("0L") + "f.shared = Scratch.shared(at);\nreturn " + phases.size() + ";\n";
        return new Methods(shared, phases);
    }

    /** Lengths, and where in shared memory each left side lies. */
    private String sizes(String shared) {
        StringBuilder out = new StringBuilder("final long start = f.start;\nfinal long end = f.end;\n");
        StringBuilder rows = new StringBuilder("1L");
        StringBuilder groups = new StringBuilder("1L");
        for (int d = 0; d < indices.size(); d++) {
            Index index = indices.get(d);
            String size = operands.size(index.size());
            String count = operands.stepped(indices, index) ? size + " - start" : size;
            out.append("final long n" + d + " = " + count + ";\n");
            if (index != all.column()) {
                (all.groups().contains(index) ? groups : rows).append(" * n" + d);
            }
        }
        (all.groups().contains(Analysis.BATCH) ? groups : rows).append(" * f.batch");
        out.append("final long rows = " + rows + ";\nfinal long groups = " + groups + ";\n");
        out.append("final long blocks = (rows + " + (Gemm.ROWS - 1) + "L) / " + Gemm.ROWS + "L;\n");
        out.append("final boolean few = rows <= " + FEW + ";\nlong at = " + shared + ";\n");
        for (int i = 0; i < lefts.size(); i++) {
            Left left = lefts.get(i);
            String count = left.grouped ? "groups * " : "";
            out.append("final long packed" + i + " = at;\n");
            if (!left.direct) {
                out.append("at += (" + count + "rows * " + 4 * left.depth + "L + 63L) / 64L * 64L;\n");
            }
            out.append("final long turned" + i + " = at;\n");
            if (left.turned) {
                out.append("at += few ? 0L : " + count + "blocks * " + 4L * Gemm.ROWS * left.depth + "L;\n");
            }
        }
        for (int k = 0; k < all.all().size(); k++) {
            int pieces = pieces(all.all().get(k));
            if (pieces > 0) {
                out.append("final long pieces" + k + " = at;\n");
                out.append("at += few ? groups * rows * n" + indices.indexOf(all.column()) + " * " + 4 * pieces
                        + "L : 0L;\n");
            }
        }
        return out.toString();
    }

    private Emitter emitter() {
        Emitter e = new Emitter(analysis, operands);
        operands.declare(e.scope);
        e.scope.code.append(sizes("f.shared").lines().skip(2).reduce("", (a, line) -> a + line + "\n"));
        return e;
    }

    private static Methods.Phase phase(Emitter e, String sizes, String parts) {
        String code = "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code;
        return new Methods.Phase(sizes + "return (int) (" + parts + ");\n", code);
    }

    private static final int PACKED = 16;

    /** Left sides that are expressions, row by row. */
    private Methods.Phase pack() {
        Emitter e = emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int i = 0; i < lefts.size(); i++) {
            Left left = lefts.get(i);
            if (left.direct) {
                continue;
            }
            String count =
                    "((" + (left.grouped ? "groups * " : "") + "rows + " + (PACKED - 1) + "L) / " + PACKED + "L)";
            String chunk = "(part - (" + parts + "))";
            String to = "packed" + i;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                String item = e.fresh("r");
                String last = "Math.min(" + (left.grouped ? "groups * " : "") + "rows, (" + chunk + " + 1L) * " + PACKED
                        + "L)";
                String head = "for (long " + item + " = " + chunk + " * " + PACKED + "L; " + item + " < " + last + "; "
                        + item + "++) {";
                e.block(head, "}", outputs(), false, null, null, () -> {
                    name(e, all.rows(), item + " % rows");
                    if (left.grouped) {
                        name(e, all.groups(), item + " / rows");
                    }
                    if (left.grouped || !batchGroups()) {
                        operands.declareBatch(e.scope);
                    }
                    String row = e.fresh("v");
                    e.scope.line("final long " + row + " = " + to + " + " + item + " * " + 4 * left.depth + "L;");
                    RowWriter.write(e, operands, left.reduced, left.expr, row);
                });
            });
            parts.append(" + ").append(count);
        }
        return phase(e, sizes("0L"), parts.toString());
    }

    /** Blocks of rows side by side. */
    private Methods.Phase turn() {
        Emitter e = emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int i = 0; i < lefts.size(); i++) {
            Left left = lefts.get(i);
            if (!left.turned) {
                continue;
            }
            String count = (left.grouped ? "groups * " : "") + "blocks";
            String chunk = "(part - (" + parts + "))";
            int number = i;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                String at = e.fresh("a");
                String first = e.fresh("v");
                String last = e.fresh("v");
                e.scope.line("final long[] " + at + " = new long[" + Gemm.ROWS + "];");
                e.scope.line("final long " + first + " = " + chunk + " % blocks * " + Gemm.ROWS + "L;");
                e.scope.line("final long " + last + " = Math.min(rows, " + first + " + " + Gemm.ROWS + "L);");
                String group = e.fresh("v");
                e.scope.line("final long " + group + " = " + chunk + " / blocks;");
                rows(
                        e,
                        first,
                        last,
                        left.grouped ? group : null,
                        row -> e.scope.line(at + "[(int) (" + row + " - " + first + ")] = "
                                + leftAddress(e, number, row, group) + ";"));
                e.scope.line("Gemm.turn(" + at + ", (int) (" + last + " - " + first + "), " + left.depth + "L, turned"
                        + number + " + " + chunk + " * " + 4L * Gemm.ROWS * left.depth + "L);");
            });
            parts.append(" + ").append(count);
        }
        return phase(e, sizes("0L"), "few ? 0L : (" + parts + ")");
    }

    /** For few rows: what each piece of the reduction adds, over all columns. */
    private Methods.Phase pieces() {
        Emitter e = emitter();
        StringBuilder parts = new StringBuilder("0L");
        String width = "n" + indices.indexOf(all.column());
        for (int k = 0; k < all.all().size(); k++) {
            Contraction c = all.all().get(k);
            int pieces = pieces(c);
            if (pieces == 0) {
                continue;
            }
            String count = "groups * " + pieces + "L";
            String chunk = "(part - (" + parts + "))";
            int number = k;
            e.block(
                    "if (" + chunk + " >= 0 && " + chunk + " < " + count + ") {",
                    "}",
                    new LinkedHashSet<>(all.groups()),
                    true,
                    null,
                    null,
                    () -> {
                        String group = e.fresh("v");
                        e.scope.line("final long " + group + " = " + chunk + " / " + pieces + "L;");
                        name(e, all.groups(), group);
                        if (batchGroups()) {
                            operands.declareBatch(e.scope);
                        }
                        String low = e.fresh("l");
                        String high = e.fresh("h");
                        String piece = "(" + chunk + " % " + pieces + "L";
                        e.scope.line("final long " + low + " = " + piece + ") * " + c.depth() + "L / " + pieces + "L;");
                        e.scope.line("final long " + high + " = " + piece + " + 1L) * " + c.depth() + "L / " + pieces
                                + "L;");
                        Set<Index> zero = new HashSet<>(c.reduce().indices());
                        zero.add(all.column());
                        int type = operands.type(c.weight().value()).ordinal();
                        String step = Gemm.bytes(type) + "L * "
                                + Access.step(analysis, operands, c.weight(), c.inner())
                                        .text();
                        String weight = e.fresh("w");
                        e.scope.line("final long " + weight + " = " + Access.address(e, c.weight(), zero) + " + " + low
                                + " * " + step + ";");
                        rows(
                                e,
                                "0L",
                                "rows",
                                null,
                                row -> e.scope.line("Gemv.piece(" + leftAddress(e, number(number), row, group)
                                        + " + 4L * " + low + ", " + high + " - " + low + ", " + weight + ", " + type
                                        + ", " + step + ", (int) " + width + ", pieces" + number + " + (" + chunk
                                        + " * rows + " + row + ") * " + width + " * 4L);"));
                    });
            parts.append(" + ").append(count);
        }
        return phase(e, sizes("0L"), "few ? " + parts + " : 0L");
    }

    /** A loop over rows with their indices named; {@code group} names the group's number where its indices are needed too. */
    private void rows(
            Emitter e,
            String first,
            String last,
            @org.jspecify.annotations.Nullable String group,
            java.util.function.Consumer<String> body) {
        String row = e.fresh("r");
        String head = "for (long " + row + " = " + first + "; " + row + " < " + last + "; " + row + "++) {";
        Set<Index> own = new LinkedHashSet<>(all.rows());
        if (group != null) {
            own.addAll(all.groups());
        }
        e.block(head, "}", own, false, null, null, () -> {
            name(e, all.rows(), row);
            if (group != null) {
                name(e, all.groups(), group);
            }
            if (own.contains(Analysis.BATCH)) {
                operands.declareBatch(e.scope);
            }
            body.accept(row);
        });
    }

    /** The address of a row of a left side, which must lie in memory by now. */
    private String leftAddress(Emitter e, int number, String row, String group) {
        Left left = lefts.get(number);
        return left.direct
                ? Access.address(e, (Expr.Read) left.expr, new HashSet<>(left.reduced))
                : "packed" + number + " + (" + (left.grouped ? group + " * rows + " : "") + row + ") * "
                        + 4 * left.depth + "L";
    }

    private boolean batchGroups() {
        return all.groups().contains(Analysis.BATCH);
    }

    private Set<Index> outputs() {
        Set<Index> own = new LinkedHashSet<>(all.rows());
        own.addAll(all.groups());
        return own;
    }

    /** Declares the values of {@code of} that the number {@code text} stands for, the last index fastest; the batch slowest. */
    private void name(Emitter e, List<Index> of, String text) {
        String rest = e.fresh("v");
        e.scope.line("long " + rest + " = " + text + ";");
        for (int d = indices.size() - 1; d >= 0; d--) {
            Index index = indices.get(d);
            if (of.contains(index)) {
                String name = e.fresh("i");
                e.names.put(index, name);
                e.scope.line("final long " + name + " = " + rest + " % n" + d
                        + (operands.stepped(indices, index) ? " + start;" : ";"));
                e.scope.line(rest + " /= n" + d + ";");
            }
        }
        if (of.contains(Analysis.BATCH)) {
            e.scope.line("final long b = " + rest + ";");
        }
    }

    private Methods.Phase tiles() {
        Emitter e = emitter();
        int column = indices.indexOf(all.column());
        String counts = "final long tiles = (n" + column + " + " + (COLUMNS - 1) + "L) / " + COLUMNS + "L;\n"
                + "final long span = few ? Math.clamp(groups * tiles / " + PARTS + "L, 1L, " + SPAN + "L) : 1L;\n"
                + "final long spans = (tiles + span - 1L) / span;\n"
                + "final long splits = Math.max(1L, Math.min(blocks, " + PARTS
                + "L / Math.max(1L, groups * tiles)));\n";
        e.scope.code.append(counts);
        e.scope.line("final long group = part / (spans * splits);");
        e.scope.line("final long begin = part / splits % spans * span;");
        Set<Index> own = new LinkedHashSet<>(all.groups());
        own.add(all.column());
        String each = "for (long tile = begin; tile < Math.min(tiles, begin + span); tile++) {";
        e.block(each, "}", own, false, null, null, () -> {
            e.scope.line("final long low = tile * " + COLUMNS + "L;");
            e.scope.line("final long high = Math.min(n" + column + ", low + " + COLUMNS + "L);");
            e.scope.line("final int columns = (int) (high - low);");
            name(e, all.groups(), "group");
            if (batchGroups()) {
                operands.declareBatch(e.scope);
            }
            List<String> sums = new ArrayList<>();
            List<Panel> panels = new ArrayList<>();
            for (Contraction c : all.all()) {
                sums.add(e.scratch(4L * Gemm.ROWS * COLUMNS));
                panels.add(new Panel(e, c, panels.size()));
            }
            String square = e.scratch(4L * Gemm.ROWS * COLUMNS);
            String head =
                    "for (long block = part % splits * blocks / splits; block < (part % splits + 1L) * blocks / splits;"
                            + " block++) {";
            e.block(head, "}", Set.of(), false, null, null, () -> {
                e.scope.line("final long first = block * " + Gemm.ROWS + "L;");
                e.scope.line("final long last = Math.min(rows, first + " + Gemm.ROWS + "L);");
                e.branch(
                        "few",
                        () -> rows(e, "first", "last", null, row -> {
                            for (int k = 0; k < sums.size(); k++) {
                                panels.get(k).row(leftAddress(e, number(k), row, "group"), row, sums.get(k));
                            }
                        }));
                e.branch("!few", () -> {
                    for (int k = 0; k < sums.size(); k++) {
                        panels.get(k).block(number(k), square, sums.get(k));
                    }
                });
                rows(e, "first", "last", null, row -> epilogue(e, row, sums));
            });
        });
        return phase(e, sizes("0L") + counts, "groups * spans * splits");
    }

    private int number(int contraction) {
        return lefts.indexOf(left(all.all().get(contraction)));
    }

    /** The columns of a weight that a tile takes: as they lie where the tiles can read them so, else as a copy. */
    private final class Panel {
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

        Panel(Emitter e, Contraction c, int number) {
            this.e = e;
            this.c = c;
            this.type = operands.type(c.weight().value()).ordinal();
            this.along = Access.step(analysis, operands, c.weight(), c.inner());
            this.across = Access.step(analysis, operands, c.weight(), all.column());
            this.oneWalk =
                    Access.isOneWalk(analysis, operands, c.weight(), c.reduce().indices());
            this.asItLies = oneWalk && along.constant() == 1 && type == Gemm.F32;
            this.adjacent = adjacent(c);
            this.inPlace = inPlace(c);
            this.number = number;
            // Rows a power of two apart would fall on each other in the cache.
            this.lead = 4 * (c.depth() + 16);
            this.copy = asItLies || inPlace ? "0L" : e.scratch(lead * COLUMNS);
            Set<Index> zero = new HashSet<>(c.reduce().indices());
            zero.add(all.column());
            this.weight = "w" + number;
            String size = Gemm.bytes(type) + "L * ";
            e.scope.line("final long " + weight + " = " + Access.address(e, c.weight(), zero) + " + " + size + "(low * "
                    + across.text() + ");");
            if (adjacent && !inPlace) {
                e.branch(
                        "!few",
                        () -> e.scope.line("Gemm.piece(" + weight + ", " + type + ", " + size + along.text()
                                + ", columns, " + c.depth() + "L, " + copy + ", " + 4 * COLUMNS + "L);"));
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
                e.scope.line("Gemm.panel(" + from + ", " + type + ", " + along.text() + ", " + across.text()
                        + ", columns, " + depth + "L, " + to + ", " + lead + "L);");
                return;
            }
            Access.Step step = Access.step(analysis, operands, c.weight(), index);
            long inside = c
                    .reduce()
                    .indices()
                    .subList(k + 1, c.reduce().indices().size())
                    .stream()
                    .mapToLong(i -> i.size().constant())
                    .reduce(1, (a, b) -> a * b);
            String i = e.fresh("i");
            String head = "for (long " + i + " = 0; " + i + " < " + operands.size(index.size()) + "; " + i + "++) {";
            e.block(head, "}", Set.of(index), false, null, null, () -> {
                String source = e.fresh("v");
                String target = e.fresh("v");
                e.scope.line("final long " + source + " = " + from + " + " + Gemm.bytes(type) + "L * " + i + " * "
                        + step.text() + ";");
                e.scope.line("final long " + target + " = " + to + " + " + 4 * inside + "L * " + i + ";");
                copy(k + 1, source, target);
            });
        }

        void row(String left, String row, String sums) {
            String to = sums + " + (" + row + " - first) * " + 4 * COLUMNS + "L";
            int pieces = pieces(c);
            if (pieces > 0) {
                String width = "n" + indices.indexOf(all.column());
                e.scope.line("Gemv.sum(pieces" + number + " + ((group * " + pieces + "L * rows + " + row + ") * "
                        + width + " + low) * 4L, " + pieces + ", rows * " + width + " * 4L, columns, " + to + ");");
                return;
            }
            e.scope.line(
                    oneWalk
                            ? "Gemv.row(" + left + ", " + c.depth() + "L, " + weight + ", " + type + ", " + along.text()
                                    + ", " + across.text() + ", columns, " + to + ");"
                            : "Gemv.row(" + left + ", " + c.depth() + "L, " + copy + ", " + Gemm.F32 + ", 1L, "
                                    + lead / 4 + "L, columns, " + to + ");");
        }

        void block(int left, String square, String sums) {
            if (adjacent) {
                String at = e.fresh("a");
                e.scope.line("final long[] " + at + " = new long[" + Gemm.ROWS + "];");
                rows(
                        e,
                        "first",
                        "last",
                        null,
                        row -> e.scope.line(
                                at + "[(int) (" + row + " - first)] = " + leftAddress(e, left, row, "group") + ";"));
                String from = inPlace ? weight + ", 4L * " + along.text() : copy + ", " + 4 * COLUMNS + "L";
                e.scope.line("OuterTiles.run(" + at + ", (int) (last - first), " + c.depth() + "L, " + from
                        + ", columns, " + sums + ", " + 4 * COLUMNS + "L, false);");
                return;
            }
            String turned = "turned" + left + " + (" + (lefts.get(left).grouped() ? "group * blocks + " : "")
                    + "block) * " + 4L * Gemm.ROWS * c.depth() + "L";
            String from = asItLies ? weight + ", 4L * " + across.text() : copy + ", " + lead + "L";
            e.scope.line("Gemm.block(" + from + ", columns, " + c.depth() + "L, " + turned + ", " + square + ", " + sums
                    + ", " + 4 * COLUMNS + "L);");
        }
    }

    private void epilogue(Emitter e, String row, List<String> sums) {
        int bytes = operands.output().bytes();
        StringBuilder at = new StringBuilder("out");
        for (int d = 0; d < indices.size(); d++) {
            if (indices.get(d) != all.column()) {
                at.append(" + " + bytes + "L * outs" + d + " * " + e.names.get(indices.get(d)));
            }
        }
        String to = e.fresh("v");
        e.scope.line("final long " + to + " = " + at + ";");
        String stride = bytes + "L * outs" + indices.indexOf(all.column());
        String from = e.fresh("v");
        e.scope.line("final long " + from + " = (" + row + " - first) * " + 4 * COLUMNS + "L;");
        ElementwiseWriter.overLanes(
                e,
                all.column(),
                "low",
                "high",
                body,
                () -> {
                    for (int k = 0; k < sums.size(); k++) {
                        String sum = e.fresh("v");
                        e.scope.line("final FloatVector " + sum + " = Memory.loadF32(" + sums.get(k) + " + " + from
                                + " + 4L * (" + e.names.get(all.column()) + " - low));");
                        e.scope.known.put(all.all().get(k).reduce(), new Code(Kind.FLOAT, true, sum));
                    }
                },
                (vector, count) -> e.scope.line(
                        "Memory.scatter(" + operands.output().ordinal() + ", " + to + " + " + stride + " * "
                                + e.names.get(all.column()) + ", " + stride + ", " + vector + ", " + count + ");"));
    }
}
