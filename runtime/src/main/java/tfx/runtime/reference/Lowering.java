package tfx.runtime.reference;

import com.oracle.truffle.api.frame.FrameDescriptor;
import com.oracle.truffle.api.frame.FrameSlotKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Builds the nodes of one comprehension for given lengths and stored operands. */
final class Lowering {
    private final Map<String, Long> lengths;
    private final Function<Value, Stored> storage;
    private final FrameDescriptor.Builder frame = FrameDescriptor.newBuilder();
    private final Map<Index, Integer> slots = new IdentityHashMap<>();

    /** The indices around the expression being lowered, the innermost first. */
    private final Deque<Index> scope = new ArrayDeque<>();

    /** The accumulators' slots of the folds around the expression being lowered. */
    private final Deque<int[]> folds = new ArrayDeque<>();

    Lowering(Map<String, Long> lengths, Function<Value, Stored> storage) {
        this.lengths = lengths;
        this.storage = storage;
    }

    /** Nodes that fill {@code output}, whose rows start at its origin. */
    ComprehensionRoot comprehension(Value.Comprehension value, Stored output) {
        int[] indices = value.indices().stream().mapToInt(this::slot).toArray();
        value.indices().forEach(scope::push);
        ExprNode domain = domain(value.domain());
        ExprNode body = lower(value.body());
        return new ComprehensionRoot(frame.build(), value.name(), output, indices, domain, body);
    }

    private int slot(Index index) {
        return slots.computeIfAbsent(index, i -> frame.addSlots(1, FrameSlotKind.Static));
    }

    private int extent(Index index) {
        return Math.toIntExact(Math.max(0, index.size().evaluate(lengths)));
    }

    private @Nullable ExprNode domain(Expr domain) {
        return domain instanceof Expr.Number number && number.value() != 0 ? null : lower(domain);
    }

    private ExprNode lower(Expr expr) {
        return switch (expr) {
            case Expr.Number number -> new Leaves.Constant(number.value());
            case Expr.Length length -> new Leaves.Constant(length.size().evaluate(lengths));
            case Expr.At at -> new Leaves.Index(slot(at.index()));
            case Expr.Accumulated accumulated -> new Leaves.Accumulated(folds.getFirst()[accumulated.number()]);
            case Expr.Unary unary -> new Operators.Unary(unary.op(), lower(unary.operand()));
            case Expr.Binary binary -> binary(binary);
            case Expr.Select select ->
                new Operators.Select(lower(select.condition()), lower(select.then()), lower(select.otherwise()));
            case Expr.Read read -> read(read);
            case Expr.Reduce reduce -> kept(reduce, new Loops.Reduce(reduce.monoid(), loops(reduce, 0)));
            case Expr.Fold fold -> fold(fold);
        };
    }

    /** A reduction that does not depend on the innermost loop around it is not computed at each of its points. */
    private ExprNode kept(Expr.Reduce reduce, ExprNode node) {
        Set<Index> free = Exprs.free(reduce);
        // What it reads of a fold's accumulators changes with no index.
        if (scope.isEmpty() || free.contains(scope.getFirst()) || !folds.isEmpty()) {
            return node;
        }
        int[] indices = free.stream().mapToInt(this::slot).toArray();
        int[] at = free.stream()
                .mapToInt(index -> frame.addSlots(1, FrameSlotKind.Static))
                .toArray();
        return new Kept(
                indices, at, frame.addSlots(1, FrameSlotKind.Static), frame.addSlots(1, FrameSlotKind.Static), node);
    }

    private ExprNode binary(Expr.Binary binary) {
        ExprNode left = lower(binary.left());
        ExprNode right = lower(binary.right());
        return switch (binary.op()) {
            case AND -> new Operators.Decision(false, left, right);
            case OR -> new Operators.Decision(true, left, right);
            default -> new Operators.Binary(binary.op(), left, right);
        };
    }

    private ReadNode read(Expr.Read read) {
        List<Expr> at = read.at();
        if (read.value() instanceof Value.Stack stack) {
            Stored[] parts = stack.parts().stream().map(storage).toArray(Stored[]::new);
            ExprNode[] rest = at.subList(1, at.size()).stream().map(this::lower).toArray(ExprNode[]::new);
            return new ReadNode(stack.name(), parts, lower(at.getFirst()), rest);
        }
        ExprNode[] indices = at.stream().map(this::lower).toArray(ExprNode[]::new);
        return new ReadNode(read.value().name(), new Stored[] {storage.apply(read.value())}, null, indices);
    }

    private Loops.Loop loops(Expr.Reduce reduce, int depth) {
        if (depth == reduce.indices().size()) {
            return new Loops.Point(reduce.monoid(), domain(reduce.domain()), lower(reduce.body()));
        }
        Index index = reduce.indices().get(depth);
        scope.push(index);
        Loops.Loop loop = products(reduce, depth, index);
        if (loop == null) {
            loop = new Loops.Outer(slot(index), extent(index), loops(reduce, depth + 1));
        }
        scope.pop();
        return loop;
    }

    private Loops.@Nullable Loop products(Expr.Reduce reduce, int depth, Index index) {
        if (depth == reduce.indices().size() - 1
                && reduce.monoid() == Expr.Monoid.SUM
                && reduce.body() instanceof Expr.Binary(Expr.BinaryOp op, Expr.Read left, Expr.Read right)
                && op == Expr.BinaryOp.MUL) {
            int[] leftMove = Movement.of(left, index, lengths);
            int[] rightMove = Movement.of(right, index, lengths);
            if (leftMove != null && rightMove != null) {
                return new Loops.Products(
                        slot(index),
                        extent(index),
                        domain(reduce.domain()),
                        read(left),
                        leftMove,
                        read(right),
                        rightMove);
            }
        }
        return null;
    }

    private ExprNode fold(Expr.Fold fold) {
        int count = fold.accumulators().size();
        int[] accumulators = new int[count];
        Expr.Monoid[] monoids = new Expr.Monoid[count];
        ExprNode[] bodies = new ExprNode[count];
        int[] shifts =
                fold.accumulators().stream().mapToInt(Expr.Accumulator::shift).toArray();
        for (int k = 0; k < count; k++) {
            accumulators[k] = frame.addSlots(1, FrameSlotKind.Static);
            monoids[k] = fold.accumulators().get(k).monoid();
        }
        int slot = slot(fold.index());
        scope.push(fold.index());
        ExprNode domain = domain(fold.domain());
        folds.push(accumulators);
        for (int k = 0; k < count; k++) {
            bodies[k] = lower(fold.accumulators().get(k).body());
        }
        scope.pop();
        ExprNode result = lower(fold.result());
        folds.pop();
        return new Loops.Fold(slot, extent(fold.index()), domain, monoids, accumulators, shifts, bodies, result);
    }

    /** Memory for a whole value. */
    static Stored allocate(Value value, Map<String, Long> lengths) {
        List<Size> shape = value.shape();
        int[] extents = new int[shape.size()];
        long count = 1;
        for (int k = 0; k < extents.length; k++) {
            extents[k] = Math.toIntExact(Math.max(0, shape.get(k).evaluate(lengths)));
            count = Math.multiplyExact(count, extents[k]);
        }
        if (count > Integer.MAX_VALUE - 8) {
            throw new TfxException(Diagnostic.error(
                    "TFX0504",
                    value.name(),
                    "the reference would store " + count + " elements in one array",
                    "use the compiled engine, or a shorter sequence"));
        }
        return Stored.dense(new double[(int) count], extents);
    }
}
