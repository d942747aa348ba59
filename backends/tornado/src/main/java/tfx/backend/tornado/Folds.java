package tfx.backend.tornado;

import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;

/** A fold point by point in one work item: the plain meaning. */
final class Folds {
    private final Emitter e;

    Folds(Emitter emitter) {
        this.e = emitter;
    }

    Code fold(Expr.Fold f) {
        String[] names = new String[f.accumulators().size()];
        for (int k = 0; k < names.length; k++) {
            names[k] = e.fresh("s");
            e.scope.line("float " + names[k] + " = "
                    + Loops.identity(f.accumulators().get(k).monoid()) + ";");
        }
        String any = e.fresh("any");
        e.scope.line("int " + any + " = 0;");
        Loops.Range range = e.loops.range(f.index(), e.analysis.conjuncts(f.domain()));
        String i = e.fresh("i");
        e.names.put(f.index(), i);
        e.block(
                "for (int " + i + " = " + range.low() + "; " + i + " < " + range.high() + "; " + i + "++) {",
                "}",
                Set.of(f.index(), Analysis.FOLD),
                false,
                () -> e.branch(range.others(), () -> {
                    e.scope.line(any + " = 1;");
                    for (int k = 0; k < names.length; k++) {
                        step(f, k, names);
                    }
                }));
        return result(f, names, any + " != 0");
    }

    /** Takes one point into accumulator {@code k}, and rescales those it shifts. */
    void step(Expr.Fold f, int k, String[] names) {
        Expr.Accumulator a = f.accumulators().get(k);
        String value = e.real(a.body());
        if (a.monoid() == Monoid.MAX && shifts(f, k)) {
            String old = e.fresh("v");
            e.scope.line("final float " + old + " = " + names[k] + ";");
            e.loops.combine(a.monoid(), names[k], value);
            String safe = finite(names[k]);
            String factor = e.fresh("v");
            e.scope.line("final float " + factor + " = TornadoMath.exp(" + old + " - " + safe + ");");
            for (int j = 0; j < names.length; j++) {
                if (f.accumulators().get(j).shift() == k) {
                    e.scope.line(names[j] + " = " + names[j] + " * " + factor + ";");
                }
            }
            publish(k, safe);
        } else {
            e.loops.combine(a.monoid(), names[k], value);
            publish(k, names[k]);
        }
    }

    /** A maximum as it counts in shifted bodies: while nothing finite was seen it is 0, so that exp(-inf - M) is 0, not NaN. */
    String finite(String maximum) {
        String safe = e.fresh("v");
        e.scope.line("final float " + safe + " = (" + maximum + " == " + Loops.LOWEST + " ? 0f : " + maximum + ");");
        return safe;
    }

    void publish(int k, String name) {
        e.scope.known.put(e.analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, false, name));
    }

    static boolean shifts(Expr.Fold f, int k) {
        return f.accumulators().stream().anyMatch(a -> a.shift() == k);
    }

    /** The fold's value from its accumulators' final values; 0 where no point was met. */
    Code result(Expr.Fold f, String[] names, String met) {
        String name = e.fresh("v");
        e.scope.line("float " + name + " = 0f;");
        e.block("if (" + met + ") {", "}", Set.of(Analysis.FOLD), true, () -> {
            for (int k = 0; k < names.length; k++) {
                publish(k, names[k]);
            }
            e.scope.line(name + " = " + e.real(f.result()) + ";");
        });
        return new Code(Kind.FLOAT, false, name);
    }
}
