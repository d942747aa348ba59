package tfx.backend.tornado;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Writes the code that computes expressions in one work item: each in the outermost scope that has its indices, each once.
 */
final class Emitter {
    final Analysis analysis;
    final Operands operands;
    final Interval.Finder intervals;
    final Map<Index, String> names = new HashMap<>();
    final Scalars scalars = new Scalars(this);
    final Loops loops = new Loops(this);
    Scope scope = new Scope(null, Set.of(), false);
    /** Who computes a cell's reductions together; null where each work item is by itself. */
    @Nullable
    Lanes lanes;

    /** Whether exponentials are powers of two as devices compute them fast, to about 1e-6 of their size. */
    boolean approximate;

    private int counter;

    Emitter(Analysis analysis, Operands operands) {
        this.analysis = analysis;
        this.operands = operands;
        this.intervals = new Interval.Finder(analysis);
    }

    String fresh(String prefix) {
        return prefix + "_" + counter++;
    }

    Code emit(Expr expr) {
        if (expr instanceof Expr.Number || expr instanceof Expr.Length || expr instanceof Expr.At) {
            return scalars.leaf(expr);
        }
        Set<Index> free = analysis.free(expr);
        for (Scope s = scope; s != null; s = s.parent) {
            Code known = s.known.get(expr);
            if (known != null) {
                return known;
            }
            if (s.binds(free)) {
                break;
            }
        }
        Scope home = home(free, analysis.costly(expr));
        Scope here = scope;
        scope = home;
        try {
            Code code = scalars.compute(expr);
            home.known.put(expr, code);
            return code;
        } finally {
            scope = here;
        }
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

    /** A float expression. */
    String real(Expr expr) {
        Code code = emit(expr);
        return switch (code.kind()) {
            case FLOAT -> code.text();
            case BOOL -> "(" + code.text() + " ? 1f : 0f)";
            case LONG, DOUBLE -> "(float) (" + code.text() + ")";
        };
    }

    /** A double expression. */
    String precise(Expr expr) {
        Code code = emit(expr);
        return switch (code.kind()) {
            case DOUBLE -> code.text();
            case BOOL -> "(" + code.text() + " ? 1.0 : 0.0)";
            default -> "(double) (" + code.text() + ")";
        };
    }

    /** A boolean expression. */
    String truth(Expr expr) {
        Code code = emit(expr);
        return code.kind() == Kind.BOOL ? code.text() : "(" + code.text() + " != 0)";
    }

    String truth(List<Expr> all) {
        return String.join(" && ", all.stream().map(this::truth).toList());
    }

    /** Writes a block into a new inner scope and appends it: {@code head}, what {@code body} writes, {@code tail}. */
    void block(String head, String tail, Set<Index> own, boolean conditional, Runnable body) {
        Scope outer = scope;
        scope = new Scope(outer, own, conditional);
        try {
            body.run();
            outer.line(head);
            outer.code.append(scope.code);
            outer.line(tail);
        } finally {
            scope = outer;
        }
    }

    /** A branch: runs only where {@code conditions} hold; what they test is computed before it. */
    void branch(List<Expr> conditions, Runnable body) {
        if (conditions.isEmpty()) {
            body.run();
        } else {
            block("if (" + truth(conditions) + ") {", "}", Set.of(), true, body);
        }
    }

    Code select(Expr.Select s, Kind kind) {
        String name = fresh("v");
        boolean wide = kind == Kind.LONG && !intervals.of(s).narrow();
        String condition = truth(s.condition());
        Scope target = scope;
        String then = side(s.then(), kind, wide, name);
        String otherwise = side(s.otherwise(), kind, wide, name);
        String text;
        if (then.contains("for (") && otherwise.contains("for (")) {
            // TornadoVM gives what follows two branches that both end in loops the value of one of them.
            String chosen = fresh("c");
            target.line("final boolean " + chosen + " = " + condition + ";");
            text = Scalars.type(kind, wide) + " " + name + " = " + (kind == Kind.BOOL ? "false" : "0") + ";\nif ("
                    + chosen + ") {\n" + then + "}\nif (!" + chosen + ") {\n" + otherwise + "}";
        } else {
            text = Scalars.type(kind, wide) + " " + name + ";\nif (" + condition + ") {\n" + then + "} else {\n"
                    + otherwise + "}";
        }
        target.line(text);
        return new Code(kind, wide, name);
    }

    private String side(Expr expr, Kind kind, boolean wide, String name) {
        Scope outer = scope;
        scope = new Scope(outer, Set.of(), true);
        try {
            scope.line(name + " = " + scalars.as(expr, kind, wide) + ";");
            return scope.code.toString();
        } finally {
            scope = outer;
        }
    }
}
