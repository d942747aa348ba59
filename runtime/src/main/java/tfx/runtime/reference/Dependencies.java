package tfx.runtime.reference;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import tfx.ir.Expr;
import tfx.ir.Value;

/** Which values a value reads. */
final class Dependencies {
    private Dependencies() {}

    /** Everything {@code roots} need, each after all it reads. */
    static List<Value> order(Collection<? extends Value> roots) {
        Set<Value> done = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Value> order = new ArrayList<>();
        Deque<Value> open = new ArrayDeque<>();
        for (Value root : roots) {
            open.push(root);
            while (!open.isEmpty()) {
                Value value = open.peek();
                if (done.contains(value)) {
                    open.pop();
                    continue;
                }
                int before = open.size();
                for (Value operand : operands(value)) {
                    if (!done.contains(operand)) {
                        open.push(operand);
                    }
                }
                if (open.size() == before) {
                    open.pop();
                    done.add(value);
                    order.add(value);
                }
            }
        }
        return order;
    }

    /** The values read directly, each once, in the order of their first reads; a stack's parts, not the stack, where one is read. */
    static Set<Value> operands(Value value) {
        Set<Value> operands = new LinkedHashSet<>();
        switch (value) {
            case Value.Comprehension comprehension -> {
                reads(comprehension.domain(), operands::add);
                reads(comprehension.body(), operands::add);
            }
            case Value.Stack stack -> operands.addAll(stack.parts());
            case Value.Input input -> {}
            case Value.Parameter parameter -> {}
        }
        return operands;
    }

    private static void reads(Expr expr, Consumer<Value> read) {
        switch (expr) {
            case Expr.Read(Value value, List<Expr> at) -> {
                read.accept(value);
                at.forEach(index -> reads(index, read));
            }
            case Expr.Unary unary -> reads(unary.operand(), read);
            case Expr.Binary binary -> {
                reads(binary.left(), read);
                reads(binary.right(), read);
            }
            case Expr.Select select -> {
                reads(select.condition(), read);
                reads(select.then(), read);
                reads(select.otherwise(), read);
            }
            case Expr.Reduce reduce -> {
                reads(reduce.domain(), read);
                reads(reduce.body(), read);
            }
            case Expr.Fold fold -> {
                reads(fold.domain(), read);
                fold.accumulators().forEach(accumulator -> reads(accumulator.body(), read));
                reads(fold.result(), read);
            }
            case Expr.Number number -> {}
            case Expr.At at -> {}
            case Expr.Length length -> {}
            case Expr.Accumulated accumulated -> {}
        }
    }
}
