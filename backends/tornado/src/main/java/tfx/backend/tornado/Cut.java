package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * A kernel of products as a library for matrices takes it, in pieces: for each product a kernel that writes the factors of its
 * rows side by side, in the type of the weights, and a product of matrices; then one kernel that computes the output from the
 * sums. The factors of rows are rounded to the type of the weights, as frameworks hold activations; sums are in F32, unless they
 * may be rounded too and the output is.
 *
 * @param rest computes the output; its last operands are the sums, in order
 */
record Cut(List<Factor> factors, Piece rest, long columns) {
    /** Smaller matrices are not worth three kernels. */
    private static final long LEAST = 4;

    /** @param operands the numbers of its operands among the whole kernel's */
    record Piece(Template template, int[] operands) {}

    /**
     * @param value what the rows are as they are, element for element; null where they are computed
     * @param type of the factors and the weights
     */
    record Factor(Piece rows, @Nullable Value value, Matrix matrix, long depth, ElementType type) {
        boolean reads(Value operand) {
            return rows.template().request().kernel().operands().contains(operand);
        }
    }

    /** The pieces of a kernel, or null where it is not products with weights that lie as matrices. */
    static @Nullable Cut of(Template whole) {
        Request request = whole.request();
        List<Index> indices = request.kernel().output().indices();
        Emitter e = whole.emitter();
        List<Product> products = Product.all(e, indices, whole.body());
        if (products == null) {
            return null;
        }
        List<Index> columns = indices.subList(1, indices.size());
        long width = Product.count(columns);
        List<Factor> factors = new ArrayList<>();
        List<Value> sums = new ArrayList<>();
        Map<Expr, Expr> replaced = new IdentityHashMap<>();
        for (Product product : products) {
            Matrix matrix = Matrix.of(e, product, columns);
            // A factor that is itself a loop would be computed again for every point.
            if (matrix == null || product.depth() < LEAST || width < LEAST || Product.loops(product.row())) {
                return null;
            }
            ElementType type = request.layouts().get(matrix.operand()).type();
            if (type != ElementType.F32 && type != ElementType.BF16) {
                return null;
            }
            List<Index> at = new ArrayList<>(List.of(indices.getFirst()));
            at.addAll(product.sum().indices());
            Piece rows = piece(request, "rows", at, product.row(), List.of(), type);
            factors.add(new Factor(rows, plain(product.row(), at), matrix, product.depth(), type));
            Value.Input sum = new Value.Input(
                    "sum" + sums.size(), indices.stream().map(Index::size).toList(), Value.Kind.REAL);
            sums.add(sum);
            replaced.put(product.sum(), Exprs.read(sum, indices.toArray(Index[]::new)));
        }
        Expr body = replace(whole.body(), replaced);
        Piece rest = piece(request, request.kernel().name(), indices, body, sums, request.output());
        return new Cut(factors, rest, width);
    }

    /** The value that an expression reads at exactly these indices, over all of it. */
    private static @Nullable Value plain(Expr row, List<Index> at) {
        if (!(row instanceof Expr.Read read) || read.at().size() != at.size()) {
            return null;
        }
        for (int d = 0; d < at.size(); d++) {
            if (!(read.at().get(d) instanceof Expr.At(Index index))
                    || index != at.get(d)
                    || !index.size().equals(read.value().shape().get(d))) {
                return null;
            }
        }
        return read.value();
    }

    /**
     * Whether the output can be computed from sums in BF16: by whole words of them, and element for element, so that what rounding
     * a sum changes is one element.
     */
    boolean rounds() {
        return columns % Operands.WORD == 0
                && factors.stream().allMatch(factor -> factor.type() == ElementType.BF16)
                && !Product.loops(rest.template().body());
    }

    /** What computes the output, in BF16, from sums in BF16. */
    Template fromRounded() {
        Template template = rest.template();
        Request request = template.request();
        List<Layout> layouts = new ArrayList<>(request.layouts());
        layouts.subList(layouts.size() - factors.size(), layouts.size())
                .replaceAll(layout -> new Layout(ElementType.BF16, layout.strides()));
        return template.as(
                new Request(request.kernel(), layouts, ElementType.BF16, request.length()),
                "words ",
                (emitter, outputs, on, many) -> new RowWords(emitter, outputs.getFirst(), on).write());
    }

    /** Whether the output is the one product itself. */
    boolean bare() {
        Template template = rest.template();
        Value.Comprehension output = template.request().kernel().output();
        return factors.size() == 1
                && template.body() instanceof Expr.Read read
                && plain(read, output.indices()) != null
                && read.value() == template.request().kernel().operands().getLast();
    }

    /**
     * The value that all products are added to where the output is that sum and nothing else: what a residual stream was before.
     * A library adds to it where it lies, so no factor may be computed from it: an earlier product would be in it. Null where the
     * output is something else.
     */
    @Nullable
    Value onto() {
        Template template = rest.template();
        List<Value> operands = template.request().kernel().operands();
        List<Index> indices = template.request().kernel().output().indices();
        List<Expr> terms = new ArrayList<>();
        terms(template.body(), terms);
        List<Value> added =
                terms.stream().map(term -> plain(term, indices)).distinct().toList();
        boolean sum = added.size() == terms.size()
                && terms.size() == factors.size() + 1
                && added.size() == operands.size()
                && added.containsAll(operands);
        return sum && factors.stream().noneMatch(factor -> factor.reads(operands.getFirst()))
                ? operands.getFirst()
                : null;
    }

    private static void terms(Expr expr, List<Expr> all) {
        if (expr instanceof Expr.Binary(Expr.BinaryOp op, Expr left, Expr right) && op == Expr.BinaryOp.ADD) {
            terms(left, all);
            terms(right, all);
        } else {
            all.add(expr);
        }
    }

    /** The type as which a value is read, where it is only read as factors of rows as they are; else null. */
    @Nullable
    ElementType typeOfRows(Value value) {
        ElementType type = null;
        for (Factor factor : factors) {
            boolean reads = factor.reads(value);
            if (reads && (factor.value() != value || (type != null && type != factor.type()))) {
                return null;
            }
            type = reads ? factor.type() : type;
        }
        return rest.template().request().kernel().operands().contains(value) ? null : type;
    }

    private static Expr replace(Expr expr, Map<Expr, Expr> replaced) {
        Expr other = replaced.get(expr);
        return other != null ? other : Exprs.map(expr, part -> replace(part, replaced));
    }

    /** A kernel over some of another's operands and, last, the sums. */
    private static Piece piece(
            Request whole, String name, List<Index> indices, Expr body, List<Value> sums, ElementType type) {
        List<Value> operands = new ArrayList<>();
        List<Layout> layouts = new ArrayList<>();
        List<Integer> numbers = new ArrayList<>();
        for (Value value : Exprs.reads(Expr.TRUE, body)) {
            int number = whole.kernel().operands().indexOf(value);
            if (number >= 0) {
                operands.add(value);
                layouts.add(whole.layouts().get(number));
                numbers.add(number);
            }
        }
        for (Value sum : sums) {
            operands.add(sum);
            long[] strides = strides(sum.shape());
            strides[0] = -1; // Other sums may lie beside them.
            layouts.add(new Layout(ElementType.F32, strides));
        }
        Value.Comprehension output = new Value.Comprehension(name, indices, Expr.TRUE, body);
        Request request = new Request(new Kernel(name, output, operands, List.of()), layouts, type, whole.length());
        return new Piece(
                new Template(request),
                numbers.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Row-major strides of a shape of which only the first size may be unknown. */
    static long[] strides(List<Size> shape) {
        long[] strides = new long[shape.size()];
        long stride = 1;
        for (int d = strides.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= d > 0 ? shape.get(d).constant() : 1;
        }
        return strides;
    }
}
