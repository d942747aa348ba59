package tfx.backend.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;

/**
 * Writes the code that computes expressions: each in the outermost scope that has its indices, each once. An expression that
 * depends on the lane index of its scope becomes a vector, any other a scalar.
 */
final class Emitter {
    final Analysis analysis;
    final Operands operands;
    final Map<Index, String> names = new HashMap<>();
    final Scalars scalars = new Scalars(this);
    final Vectors vectors = new Vectors(this);
    final Loops loops = new Loops(this);
    Scope scope;
    /** Bytes of per-thread scratch given out so far, behind the address {@code tmp}. */
    private long scratch;

    private int counter;

    Emitter(Analysis analysis, Operands operands) {
        this.analysis = analysis;
        this.operands = operands;
        this.scope = new Scope(null, Set.of(), false, null, null);
    }

    String fresh(String prefix) {
        return prefix + counter++;
    }

    /** Per-thread scratch for {@code bytes}; its address as text. */
    String scratch(long bytes) {
        String text = "(tmp + " + scratch + "L)";
        scratch += (bytes + 63) / 64 * 64;
        return text;
    }

    long scratchBytes() {
        return scratch;
    }

    /** Whether {@code expr} differs from lane to lane where it is used. */
    boolean varies(Expr expr) {
        return scope.lane != null && (analysis.mentions(expr, scope.lane) || accumulatesLanes(expr));
    }

    /** Whether {@code expr} mentions an accumulator of the enclosing fold that is a vector. */
    private boolean accumulatesLanes(Expr expr) {
        if (!analysis.mentions(expr, Analysis.FOLD)) {
            return false;
        }
        if (expr instanceof Expr.Accumulated) {
            for (Scope s = scope; s != null; s = s.parent) {
                Code known = s.known.get(expr);
                if (known != null) {
                    return known.vector();
                }
            }
            return false;
        }
        return Analysis.parts(expr).stream().anyMatch(this::accumulatesLanes);
    }

    Code emit(Expr expr) {
        if (expr instanceof Expr.Number || expr instanceof Expr.Length || (expr instanceof Expr.At && !varies(expr))) {
            return new Code(analysis.kind(expr), false, scalars.leaf(expr));
        }
        Set<Index> free = analysis.free(expr);
        Scope home = scope;
        for (Scope s = scope; s != null; s = s.parent) {
            Code known = s.known.get(expr);
            if (known != null) {
                return known;
            }
            if (s.binds(free)) {
                break;
            }
        }
        home = home(free, analysis.costly(expr));
        Scope here = scope;
        scope = home;
        Code code = varies(expr) ? vectors.compute(expr) : scalars.compute(expr);
        scope = here;
        home.known.put(expr, code);
        return code;
    }

    private Scope home(Set<Index> free, boolean costly) {
        Scope s = scope;
        while (s.parent != null && !s.binds(free) && !(s.conditional && costly)) {
            s = s.parent;
        }
        return s;
    }

    /** A variable of the given type holding {@code text}, declared once in the outermost scope that has {@code free}. */
    String hoisted(String type, Set<Index> free, boolean costly, Supplier<String> text) {
        Scope home = home(free, costly);
        Scope here = scope;
        scope = home;
        try {
            String value = text.get();
            String known = home.texts.get(type + value);
            if (known == null) {
                known = fresh("v");
                home.line("final " + type + " " + known + " = " + value + ";");
                home.texts.put(type + value, known);
            }
            return known;
        } finally {
            scope = here;
        }
    }

    /** A float expression of the scalar {@code expr}. */
    String real(Expr expr) {
        return real(emit(expr));
    }

    static String real(Code code) {
        return switch (code.kind()) {
            case FLOAT -> code.text();
            case BOOL -> "(" + code.text() + " ? 1f : 0f)";
            case LONG, DOUBLE -> "(float) (" + code.text() + ")";
        };
    }

    /** A double expression of the scalar {@code expr}. */
    String precise(Expr expr) {
        Code code = emit(expr);
        return code.kind() == Kind.BOOL
                ? "(" + code.text() + " ? 1.0 : 0.0)"
                : code.kind() == Kind.DOUBLE ? code.text() : "(double) (" + code.text() + ")";
    }

    /** A boolean expression of the scalar {@code expr}. */
    String truth(Expr expr) {
        Code code = emit(expr);
        return code.kind() == Kind.BOOL ? code.text() : "(" + code.text() + " != 0)";
    }

    /** A FloatVector expression, broadcast where {@code expr} is the same in every lane. */
    String vector(Expr expr) {
        Code code = varies(expr) && analysis.kind(expr) == Kind.LONG ? vectors.integer(expr) : emit(expr);
        if (code.vector()) {
            return code.kind() == Kind.BOOL ? "Lanes.splat(0f).blend(1f, " + code.text() + ")" : code.text();
        }
        return hoisted(
                "FloatVector",
                analysis.free(expr),
                analysis.costly(expr),
                () -> "Lanes.splat(" + real(emit(expr)) + ")");
    }

    /** A mask expression of a predicate. */
    String mask(Expr expr) {
        Code code = emit(expr);
        if (code.vector()) {
            return code.kind() == Kind.BOOL ? code.text() : code.text() + ".compare(VectorOperators.NE, 0f)";
        }
        return "Lanes.mask(" + truth(expr) + ")";
    }

    /** The mask of lanes in {@code condition} among those that count already. */
    String masked(String condition) {
        return scope.mask == null ? condition : scope.mask + ".and(" + condition + ")";
    }

    /** Writes a block into a new inner scope and appends it: {@code head}, what {@code body} writes, {@code tail}. */
    void block(
            String head,
            String tail,
            Set<Index> own,
            boolean conditional,
            @Nullable Index lane,
            @Nullable String mask,
            Runnable body) {
        Scope outer = scope;
        scope = new Scope(outer, own, conditional, lane, mask);
        try {
            body.run();
            outer.line(head);
            outer.code.append(scope.code);
            outer.line(tail);
        } finally {
            scope = outer;
        }
    }

    /** A branch: runs only where {@code condition} holds. */
    void branch(String condition, Runnable body) {
        block("if (" + condition + ") {", "}", Set.of(), true, scope.lane, scope.mask, body);
    }

    /** {@code condition ? then : otherwise} with a condition that all lanes share. */
    Code select(Expr.Select s, Kind kind, boolean vector) {
        String name = fresh("v");
        String type = vector ? (kind == Kind.BOOL ? "VectorMask<Float>" : "FloatVector") : Scalars.type(kind);
        String condition = truth(s.condition());
        Scope target = scope;
        StringBuilder text = new StringBuilder(type + " " + name + ";\n");
        text.append("if (").append(condition).append(") {\n").append(side(s.then(), kind, vector, name));
        text.append("} else {\n")
                .append(side(s.otherwise(), kind, vector, name))
                .append("}");
        target.line(text.toString());
        return new Code(kind, vector, name);
    }

    private String side(Expr expr, Kind kind, boolean vector, String name) {
        Scope outer = scope;
        scope = new Scope(outer, Set.of(), true, outer.lane, outer.mask);
        try {
            String value = vector ? (kind == Kind.BOOL ? mask(expr) : vector(expr)) : scalars.as(expr, kind);
            scope.line(name + " = " + value + ";");
            return scope.code.toString();
        } finally {
            scope = outer;
        }
    }

    static boolean comparison(BinaryOp op) {
        return op == BinaryOp.LT || op == BinaryOp.LE || op == BinaryOp.EQ || op == BinaryOp.NE;
    }
}
