package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Products of few rows with matrices whose columns lie side by side. A group has a few neighbouring words of columns, as much as
 * memory is read by at a time; its work items divide the depth among them, and their sums are added in the group's memory.
 */
final class ColumnProducts implements KernelWriter {
    /** Items of a group: one for each word of columns, and many that divide the depth. */
    private static final int ITEMS = 512;

    private static final int WORDS = 4;
    /** Points that an item has under way at a time, at most. */
    private static final int AHEAD = 12;

    private static final int RESIDENT = 2048;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final List<Product> products;
    private final List<Matrix> matrices;
    private final int each;
    private final int group;
    private final int stripes;

    private ColumnProducts(
            Emitter e, List<Index> indices, Expr body, List<Product> products, List<Matrix> matrices, int items) {
        this.e = e;
        this.indices = indices;
        this.body = body;
        this.products = products;
        this.matrices = matrices;
        long columns = Product.count(columns());
        this.each = matrices.stream()
                .mapToInt(matrix -> e.operands.columnsOfWord(matrix, columns))
                .min()
                .orElseThrow();
        this.group = Math.min(ITEMS, items);
        this.stripes = group / WORDS;
    }

    /** A writer for a kernel whose every reduction is such a product; null for others. */
    static @Nullable ColumnProducts find(Emitter e, List<Index> indices, Expr body, Platform platform) {
        List<Product> products = platform.items() < 2 * WORDS ? null : Product.all(e, indices, body);
        if (products == null) {
            return null;
        }
        List<Matrix> matrices = new ArrayList<>();
        for (Product product : products) {
            Matrix matrix = Matrix.of(e, product, indices.subList(1, indices.size()));
            if (matrix == null || matrix.depthStride() == 1 || Product.loops(product.row())) {
                return null;
            }
            matrices.add(matrix);
        }
        ColumnProducts writer = new ColumnProducts(e, indices, body, products, matrices, platform.items());
        return 4L * products.size() * writer.each * writer.group <= platform.localMemory() ? writer : null;
    }

    private List<Index> columns() {
        return indices.subList(1, indices.size());
    }

    @Override
    public Written write() {
        matrices.forEach(matrix -> e.operands.readWords(matrix, each));
        long columns = Product.count(columns());
        long words = columns / each;
        long blocks = (words + WORDS - 1) / WORDS;
        for (int n = 0; n < products.size(); n++) {
            e.scope.line("final float[] shared" + n + " = context.allocateFloatLocalArray(" + group * each + ");");
        }
        e.scope.line("final int local = context.localIdx;");
        e.scope.line("final int stripe = local / " + WORDS + ";");
        RowStretches.each(e, indices, columns, blocks, group, " * " + WORDS, () -> {
            e.scope.line("final int wanted = first + local % " + WORDS + ";");
            e.scope.line("final int word = (wanted < " + words + " ? wanted : " + (words - 1) + ");");
            for (int n = 0; n < products.size(); n++) {
                sum(n);
            }
            add();
            store(columns);
            // The next piece overwrites what was stored here.
            e.scope.line("context.localBarrier();");
        });
        return new Written(e, group, true, Written.cells(group, RESIDENT).of(call -> blocks));
    }

    /** The points of an item that are read together: as many as divide its share, or nearly all of a small one. */
    private int ahead(long depth) {
        int share = Math.toIntExact((depth + stripes - 1) / stripes);
        int ahead = Math.min(AHEAD, share);
        for (int divisor = ahead; divisor > AHEAD / 2; divisor--) {
            if (share % divisor == 0) {
                return divisor;
            }
        }
        return ahead;
    }

    /** Adds up an item's points of a product; those past the depth count nothing. Words are asked for one round ahead. */
    private void sum(int n) {
        Product product = products.get(n);
        Matrix matrix = matrices.get(n);
        long depth = product.depth();
        int ahead = ahead(depth);
        for (int k = 0; k < each; k++) {
            e.scope.line("float " + total(n, k) + " = 0f;");
        }
        String base = e.fresh("v");
        String first = e.operands.record.base(matrix.operand());
        e.scope.line("final int " + base + " = " + (each > 1 ? first + " / " + each : first) + " + "
                + matrix.offset() / each + " + word;");
        List<String> words = new ArrayList<>();
        for (int u = 0; u < ahead; u++) {
            words.add(e.fresh("w"));
            e.scope.line((each > 1 ? "long " : "float ") + words.getLast() + " = 0;");
        }
        ask(n, base, words, "stripe");
        if (n == 0) {
            // The weights are there whatever kernels before this one still do.
            e.scope.line(Inputs.AWAITED);
        }
        String at = e.fresh("p");
        Set<Index> own = Set.copyOf(product.sum().indices());
        int step = stripes * ahead;
        String head =
                "for (int " + at + " = stripe; " + at + " < " + depth + "; " + at + " = " + at + " + " + step + ") {";
        e.block(head, "}", own, false, () -> {
            List<String> factors = new ArrayList<>();
            for (int u = 0; u < ahead; u++) {
                String wanted = e.scalars.variable("int", at + " + " + u * stripes);
                String factor = e.fresh("x");
                e.scope.line("float " + factor + " = 0f;");
                e.block("{", "}", own, false, () -> {
                    Product.unflatten(e, product.sum().indices(), within(wanted, depth));
                    String value = e.real(product.row());
                    e.scope.line(factor + " = (" + wanted + " < " + depth + " ? " + value + " : 0f);");
                });
                factors.add(factor);
            }
            for (int k = 0; k < each; k++) {
                StringBuilder sum = new StringBuilder(total(n, k));
                for (int u = 0; u < ahead; u++) {
                    sum.append(" + ")
                            .append(factors.get(u))
                            .append(" * ")
                            .append(Operands.element(words.get(u), each, k));
                }
                e.scope.line(total(n, k) + " = " + sum + ";");
            }
            if (step < depth) {
                String next = e.scalars.variable("int", at + " + " + step);
                e.block("if (" + next + " < " + depth + ") {", "}", Set.of(), true, () -> ask(n, base, words, next));
            }
        });
    }

    /** Asks for an item's words of a product from a point on. Their neighbours in memory are another group's: caches are to keep them. */
    private void ask(int n, String base, List<String> words, String from) {
        Matrix matrix = matrices.get(n);
        for (int u = 0; u < words.size(); u++) {
            String point = within(from + " + " + u * stripes, products.get(n).depth());
            String at = base + " + " + point + " * " + matrix.depthStride() / each;
            e.scope.line(words.get(u) + " = " + e.operands.word(matrix, each, at) + ";");
        }
    }

    /** A point, or the last one where it is past the depth. */
    private String within(String point, long depth) {
        return e.scalars.variable("int", "(" + point + " < " + depth + " ? " + point + " : " + (depth - 1) + ")");
    }

    private static String total(int n, int k) {
        return "a" + n + "_" + k;
    }

    /** Adds the sums of all items that have the same words. */
    private void add() {
        each((place, sum) -> place + "] = " + sum + ";");
        e.scope.line("context.localBarrier();");
        String half = e.fresh("h");
        String head =
                "for (int " + half + " = " + stripes / 2 + "; " + half + " > 0; " + half + " = " + half + " / 2) {";
        e.block(head, "}", Set.of(), false, () -> {
            e.block(
                    "if (stripe < " + half + ") {",
                    "}",
                    Set.of(),
                    true,
                    () -> each((place, sum) ->
                            place + "] = " + place + "] + " + place + " + " + half + " * " + WORDS + "];"));
            e.scope.line("context.localBarrier();");
        });
    }

    /** What {@code line} makes of each place of an item's sums and of the sum itself. */
    private void each(BinaryOperator<String> line) {
        for (int n = 0; n < products.size(); n++) {
            for (int k = 0; k < each; k++) {
                e.scope.line(line.apply("shared" + n + "[local + " + k * group, total(n, k)));
            }
        }
    }

    /** Computes the elements of the group's columns, one by each of its first items. */
    private void store(long columns) {
        Set<Index> own = Set.copyOf(columns());
        String number = e.fresh("c");
        String column = e.fresh("c");
        int together = WORDS * each;
        String head = "for (int " + number + " = local; " + number + " < " + together + " && first * " + each + " + "
                + number + " < " + columns + "; " + number + " = " + number + " + " + group + ") {";
        e.block(head, "}", own, false, () -> {
            e.scope.line("final int " + column + " = first * " + each + " + " + number + ";");
            Product.unflatten(e, columns(), column);
            for (int n = 0; n < products.size(); n++) {
                String sum = e.scalars.variable(
                        "float",
                        "shared" + n + "[" + number + " / " + each + " + " + number + " % " + each + " * " + group
                                + "]");
                e.scope.known.put(products.get(n).sum(), new Code(Kind.FLOAT, false, sum));
            }
            String value = e.real(body);
            e.scope.line(e.operands.store(CellWriter.place(e, indices), value));
        });
    }
}
