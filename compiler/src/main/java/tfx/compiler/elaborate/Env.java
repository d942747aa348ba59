package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.names.Module;
import tfx.ir.Expr;
import tfx.ir.Expr.UnaryOp;

/**
 * Where an expression is evaluated.
 *
 * @param scope the names it sees, null for none
 * @param running the dimensions whose names denote the running index
 * @param conditions what holds inside an {@code if} or {@code where}, which may keep an index from leaving its value
 */
record Env(@Nullable Scope scope, Set<Dim> running, Frame frame, List<Expr> conditions) {
    static Env in(@Nullable Scope scope, Frame frame) {
        return new Env(scope, Set.of(), frame, List.of());
    }

    Env with(String name, Scope.Slot slot) {
        return new Env(Scope.with(scope, name, slot), running, frame, conditions);
    }

    Env running(List<Dim> dims) {
        Set<Dim> all = new LinkedHashSet<>(running);
        all.addAll(dims);
        return new Env(scope, all, frame, conditions);
    }

    /** Where the condition holds, or where it does not. */
    Env where(Datum.Term condition, boolean holds) {
        List<Expr> all = new ArrayList<>(conditions);
        Expr known = holds ? condition.expr() : Exprs.unary(UnaryOp.NOT, condition.expr());
        all.add(Exprs.and(condition.domain(), known));
        return new Env(scope, running, frame, List.copyOf(all));
    }

    /**
     * One instance of a block, or the model itself.
     *
     * @param path the instance's path, empty for the model
     * @param place the path with {@code *} for layer numbers: the same in every layer
     * @param silent a lambda's: its calls add nothing to paths
     * @param formals the scope is the formals of a model, whose expressions may speak of the layer they are used in
     */
    record Frame(Module module, String path, String place, int depth, boolean silent, boolean formals, List<Dim> rest) {
        static Frame top(Module module, boolean formals) {
            return new Frame(module, "", "", 0, false, formals, new ArrayList<>());
        }

        Frame call(Module callee, @Nullable String segment, boolean lambda) {
            String step = silent ? null : segment;
            return new Frame(callee, join(path, step), join(place, step), depth + 1, lambda, false, new ArrayList<>());
        }

        /** Where what is done to the thing of that name is done. */
        Frame inside(String name) {
            return new Frame(module, join(path, name), join(place, name), depth, false, false, new ArrayList<>());
        }

        Frame layer(String name, long number) {
            return new Frame(
                    module, join(path, name + "." + number), join(place, name + ".*"), depth, silent, false, rest);
        }

        String named(String name) {
            return join(path, name);
        }

        String placed(String name) {
            return join(place, name);
        }

        private static String join(String path, @Nullable String segment) {
            return segment == null ? path : path.isEmpty() ? segment : path + "." + segment;
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }
}
