package tfx.ir;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The graph that a program's values form. */
public final class Programs {
    private Programs() {}

    /** Every value an output needs, each after those it reads; a fixed order. */
    public static List<Value> order(Program program) {
        return order(program.outputs().values(), Programs::dependencies);
    }

    /** What {@code roots} reach through {@code dependencies}, each value after those it depends on. */
    public static List<Value> order(Collection<Value> roots, Function<Value, Collection<Value>> dependencies) {
        record Frame(Value value, Iterator<Value> rest) {}
        List<Value> order = new ArrayList<>();
        Set<Value> seen = new HashSet<>();
        Deque<Frame> stack = new ArrayDeque<>();
        // An explicit stack: a chain of values is as long as the model is deep.
        for (Value root : roots) {
            if (seen.add(root)) {
                stack.push(new Frame(root, dependencies.apply(root).iterator()));
            }
            while (!stack.isEmpty()) {
                Frame frame = stack.peek();
                if (!frame.rest().hasNext()) {
                    order.add(frame.value());
                    stack.pop();
                    continue;
                }
                Value next = frame.rest().next();
                if (seen.add(next)) {
                    stack.push(new Frame(next, dependencies.apply(next).iterator()));
                }
            }
        }
        return order;
    }

    /** The values that a definition reads directly. */
    public static Collection<Value> dependencies(Value value) {
        return switch (value) {
            case Value.Comprehension definition -> Exprs.reads(definition.domain(), definition.body());
            case Value.Stack stack -> stack.parts();
            case Value.Input input -> List.of();
            case Value.Parameter parameter -> List.of();
        };
    }
}
