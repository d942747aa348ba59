package tfx.ir;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks that a program is well formed: indices are bound where they are used, reads fit the rank of what they read,
 * accumulators are used where they exist. A failure is a fault of the compiler, never of the user's input.
 */
public final class Verifier {
    private final Set<Value> known = new HashSet<>();
    private Value.Comprehension current;

    private Verifier() {}

    /** Throws {@link IllegalStateException}, naming {@code stage} and the value, if {@code program} is not well formed. */
    public static void verify(Program program, String stage) {
        try {
            new Verifier().verify(program);
        } catch (IllegalStateException e) {
            throw new IllegalStateException("after " + stage + ": " + e.getMessage(), e);
        }
    }

    private void verify(Program program) {
        Set<Value> leaves = new HashSet<>(program.inputs());
        leaves.addAll(program.parameters());
        for (Value value : Programs.order(program)) {
            switch (value) {
                case Value.Comprehension definition -> verify(definition);
                case Value.Stack stack -> {
                    for (Value part : stack.parts()) {
                        require(
                                part.shape().equals(stack.parts().getFirst().shape()),
                                "parts of " + stack + " differ in shape");
                    }
                }
                default ->
                    require(leaves.contains(value), value + " is read but is no input or parameter of the program");
            }
            known.add(value);
        }
    }

    private void verify(Value.Comprehension definition) {
        current = definition;
        Set<Index> scope = new HashSet<>();
        for (Index index : definition.indices()) {
            require(scope.add(index), "index " + index + " twice");
        }
        verify(definition.domain(), scope, -1);
        verify(definition.body(), scope, -1);
    }

    /** {@code accumulated}: how many accumulators may be read here, or -1 outside folds. */
    private void verify(Expr expr, Set<Index> scope, int accumulated) {
        switch (expr) {
            case Expr.At(Index index) -> require(scope.contains(index), "index " + index + " is not bound");
            case Expr.Read(Value value, List<Expr> at) -> {
                require(known.contains(value), "reads " + value + ", which depends on it");
                require(at.size() == value.shape().size(), "reads " + value + " with " + at.size() + " indices");
                at.forEach(index -> verify(index, scope, accumulated));
            }
            case Expr.Reduce reduce -> {
                require(!reduce.indices().isEmpty(), "reduction over nothing");
                bind(reduce.indices(), scope);
                verify(reduce.domain(), scope, accumulated);
                verify(reduce.body(), scope, accumulated);
                reduce.indices().forEach(scope::remove);
            }
            case Expr.Fold fold -> {
                bind(List.of(fold.index()), scope);
                verify(fold.domain(), scope, accumulated);
                for (int i = 0; i < fold.accumulators().size(); i++) {
                    Expr.Accumulator accumulator = fold.accumulators().get(i);
                    int shift = accumulator.shift();
                    require(shift < i, "accumulator " + i + " is shifted by " + shift);
                    require(
                            shift < 0 || fold.accumulators().get(shift).monoid() == Expr.Monoid.MAX,
                            "shift by no maximum");
                    require(shift < 0 || accumulator.monoid() == Expr.Monoid.SUM, "only sums are rescaled");
                    verify(accumulator.body(), scope, i);
                }
                scope.remove(fold.index());
                verify(fold.result(), scope, fold.accumulators().size());
            }
            case Expr.Accumulated(int number) ->
                require(number >= 0 && number < accumulated, "no accumulator " + number + " here");
            default -> Exprs.parts(expr, part -> verify(part, scope, accumulated));
        }
    }

    private void bind(List<Index> indices, Set<Index> scope) {
        for (Index index : indices) {
            require(scope.add(index), "index " + index + " is bound twice");
        }
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(
                    current == null ? message : current + ": " + message + "\n" + Printer.print(current));
        }
    }
}
