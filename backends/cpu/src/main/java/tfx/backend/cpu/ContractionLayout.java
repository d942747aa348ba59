package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.cpu.Contractions.Contraction;
import tfx.ir.Expr;
import tfx.ir.Index;

/** How a kernel around sums of products cuts its output into groups, rows and columns, and where left sides lie meanwhile. */
final class ContractionLayout {
    /** Columns of a tile whose weights are copied. */
    private static final int COLUMNS = 32;
    /** Rows below which a tile is a product of a matrix with single vectors. */
    private static final int FEW = 4;
    /** Parts to aim at, so that threads have something to share. */
    static final int PARTS = 16;
    /** Rows of a weight that a piece of the reduction has at least. */
    private static final int PIECE = 64;

    final Analysis analysis;
    final Operands operands;
    final List<Index> indices;
    final Contractions all;
    final List<Left> lefts = new ArrayList<>();
    final List<Sum> sums;
    /** Columns of a tile: more where all weights are taken as they lie, since nothing but the sums has to stay in the cache. */
    final int columns;

    /** A left side that some contractions share; {@code turned} where its rows are laid side by side. */
    record Left(Expr expr, List<Index> reduced, boolean direct, boolean grouped, boolean turned, long depth) {}

    /** A part of the kernel's body that is computed tile by tile: one contraction, or several that are added up. */
    record Sum(Expr expr, List<Contraction> terms) {}

    ContractionLayout(Analysis analysis, Operands operands, List<Index> indices, Expr body, Contractions all) {
        this.analysis = analysis;
        this.operands = operands;
        this.indices = indices;
        this.all = all;
        for (Contraction c : all.all()) {
            Left left = left(c);
            if (!lefts.contains(left)) {
                lefts.add(left);
            }
        }
        this.sums = sums(body);
        int blocks = (int) Math.min(4, (all.column().size().constant() + COLUMNS - 1) / COLUMNS);
        this.columns = all.all().stream().allMatch(this::inPlace) ? Math.max(1, blocks) * COLUMNS : COLUMNS;
    }

    private List<Sum> sums(Expr body) {
        Set<Sum> found = new LinkedHashSet<>();
        collect(body, found);
        List<Contraction> used =
                found.stream().flatMap(sum -> sum.terms.stream()).toList();
        return new HashSet<>(used).size() == used.size()
                        && used.size() == all.all().size()
                ? List.copyOf(found)
                : all.all().stream().map(c -> new Sum(c.reduce(), List.of(c))).toList();
    }

    private void collect(Expr expr, Set<Sum> found) {
        List<Contraction> terms = terms(expr);
        if (!terms.isEmpty() && (terms.size() == 1 || terms.stream().allMatch(this::adjacent))) {
            found.add(new Sum(expr, terms));
        } else if (!(expr instanceof Expr.Reduce) && !(expr instanceof Expr.Fold)) {
            Analysis.parts(expr).forEach(part -> collect(part, found));
        }
    }

    /** The contractions that {@code expr} is a sum of; none where there is anything else in it. */
    private List<Contraction> terms(Expr expr) {
        if (!(expr instanceof Expr.Binary(Expr.BinaryOp op, Expr left, Expr right)) || op != Expr.BinaryOp.ADD) {
            return all.all().stream().filter(c -> c.reduce().equals(expr)).toList();
        }
        List<Contraction> terms = new ArrayList<>(terms(left));
        List<Contraction> more = terms.isEmpty() ? List.of() : terms(right);
        terms.addAll(more);
        return more.isEmpty() ? List.of() : terms;
    }

    private Left left(Contraction c) {
        boolean grouped = all.groups().stream().anyMatch(g -> analysis.mentions(c.left(), g));
        return new Left(c.left(), c.reduce().indices(), c.direct(), grouped, !adjacent(c), c.depth());
    }

    /** Whether the weight's columns lie side by side, not its rows. Tiles then take rows of the left side as they lie. */
    boolean adjacent(Contraction c) {
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
    boolean inPlace(Contraction c) {
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
    int pieces(Contraction c) {
        return adjacent(c) && c.depth() >= 2 * PIECE ? (int) Math.min(PARTS, c.depth() / PIECE) : 0;
    }

    /** The number of the left side that {@code c} multiplies. */
    int number(Contraction c) {
        return lefts.indexOf(left(c));
    }

    /** Lengths, and where in shared memory each left side lies. */
    String sizes(String shared) {
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

    Emitter emitter() {
        Emitter e = new Emitter(analysis, operands);
        operands.declare(e.scope);
        e.scope.code.append(sizes("f.shared").lines().skip(2).reduce("", (a, line) -> a + line + "\n"));
        return e;
    }

    static Methods.Phase phase(Emitter e, String sizes, String parts) {
        String code = "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + e.scope.code;
        return new Methods.Phase(sizes + "return (int) (" + parts + ");\n", code);
    }

    /** A loop over rows with their indices named; {@code group} names the group's number where its indices are needed too. */
    void rows(Emitter e, String first, String last, @Nullable String group, Consumer<String> body) {
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
    String leftAddress(Emitter e, int number, String row, String group) {
        Left left = lefts.get(number);
        return left.direct
                ? Access.address(e, (Expr.Read) left.expr, new HashSet<>(left.reduced))
                : "packed" + number + " + (" + (left.grouped ? group + " * rows + " : "") + row + ") * "
                        + 4 * left.depth + "L";
    }

    boolean batchGroups() {
        return all.groups().contains(Analysis.BATCH);
    }

    Set<Index> outputs() {
        Set<Index> own = new LinkedHashSet<>(all.rows());
        own.addAll(all.groups());
        return own;
    }

    /** Declares the values of {@code of} that the number {@code text} stands for, the last index fastest; the batch slowest. */
    void name(Emitter e, List<Index> of, String text) {
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
}
