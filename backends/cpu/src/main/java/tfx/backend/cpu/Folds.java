package tfx.backend.cpu;

import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;

/** A fold point by point, each accumulator a scalar or a vector of lanes. */
final class Folds {
    private final Emitter e;

    Folds(Emitter emitter) {
        this.e = emitter;
    }

    Code fold(Expr.Fold f, boolean varying) {
        int n = f.accumulators().size();
        String[] names = new String[n];
        boolean[] vector = new boolean[n];
        for (int i = 0; i < n; i++) {
            Expr.Accumulator a = f.accumulators().get(i);
            vector[i] = e.varies(a.body())
                    || (a.shift() >= 0 && vector[a.shift()])
                    || e.varies(f.domain())
                    || uses(a.body(), vector);
            names[i] = e.fresh("s");
            String identity = Loops.identity(a.monoid());
            e.scope.line((vector[i] ? "FloatVector " : "float ") + names[i] + " = "
                    + (vector[i] ? "Lanes.splat(" + identity + ")" : identity) + ";");
        }
        String any = e.fresh("a");
        boolean byLane = e.varies(f.domain());
        e.scope.line(byLane ? "VectorMask<Float> " + any + " = Lanes.mask(false);" : "boolean " + any + " = false;");
        List<Expr> conditions = e.analysis.conjuncts(f.domain());
        Loops.Range range = e.loops.range(f.index(), conditions);
        String i = e.fresh("i");
        e.names.put(f.index(), i);
        String head = "for (long " + i + " = " + range.low() + "; " + i + " < " + range.high() + "; " + i + "++) {";
        e.block(head, "}", Set.of(f.index(), Analysis.FOLD), false, e.scope.lane, e.scope.mask, () -> {
            List<Expr> scalar =
                    range.others().stream().filter(c -> !e.varies(c)).toList();
            List<Expr> lanes = range.others().stream().filter(e::varies).toList();
            Runnable body = () -> e.loops.filtered(lanes, mask -> {
                e.scope.line(
                        byLane
                                ? any + " = " + any + ".or(" + (mask == null ? "Lanes.mask(true)" : mask) + ");"
                                : any + " = true;");
                for (int k = 0; k < n; k++) {
                    step(f, k, names, vector, mask);
                }
            });
            if (scalar.isEmpty()) {
                body.run();
            } else {
                e.branch(String.join(" && ", scalar.stream().map(e::truth).toList()), body);
            }
        });
        return result(f, varying, names, vector, any, byLane);
    }

    private boolean uses(Expr expr, boolean[] vector) {
        return expr instanceof Expr.Accumulated(int k)
                ? vector[k]
                : !(expr instanceof Expr.Fold) && Analysis.parts(expr).stream().anyMatch(part -> uses(part, vector));
    }

    private void step(Expr.Fold f, int k, String[] names, boolean[] vector, String mask) {
        Expr.Accumulator a = f.accumulators().get(k);
        boolean v = vector[k];
        String value = v ? e.vector(a.body()) : e.real(a.body());
        String name = names[k];
        if (a.monoid() == Monoid.MAX && shifts(f, k)) {
            String old = e.fresh("v");
            String factor = e.fresh("v");
            String safe = e.fresh("v");
            String type = v ? "FloatVector " : "float ";
            e.scope.line("final " + type + old + " = " + name + ";");
            combine(a.monoid(), name, value, v, mask);
            // While nothing finite was seen the maximum counts as 0, so that exp(-inf - M) is 0 and not NaN.
            e.scope.line("final " + type + safe + " = "
                    + (v ? "VectorMath.finite(" + name + ")" : "VectorMath.finite(" + name + ")") + ";");
            e.scope.line("final " + type + factor + " = "
                    + (v
                            ? "VectorMath.exp(" + old + ".sub(" + safe + "))"
                            : "(float) Math.exp(" + old + " - " + safe + ")")
                    + ";");
            for (int j = 0; j < names.length; j++) {
                if (f.accumulators().get(j).shift() == k) {
                    e.scope.line(names[j] + " = "
                            + (!vector[j] ? names[j] + " * " + factor : names[j] + ".mul(" + factor + ")") + ";");
                }
            }
            publish(k, safe, v);
        } else {
            combine(a.monoid(), name, value, v, mask);
            publish(k, name, v);
        }
    }

    private void publish(int k, String name, boolean vector) {
        e.scope.known.put(e.analysis.intern(new Expr.Accumulated(k)), new Code(Kind.FLOAT, vector, name));
    }

    private static boolean shifts(Expr.Fold f, int k) {
        return f.accumulators().stream().anyMatch(a -> a.shift() == k);
    }

    private void combine(Monoid monoid, String name, String value, boolean vector, String mask) {
        if (vector) {
            e.scope.line(name + " = " + name + ".lanewise(VectorOperators." + Loops.operator(monoid) + ", " + value
                    + (mask == null ? "" : ", " + mask) + ");");
            return;
        }
        e.scope.line(name + " = "
                + switch (monoid) {
                    case SUM -> name + " + " + value;
                    case PRODUCT -> name + " * " + value;
                    case MAX -> "Math.max(" + name + ", " + value + ")";
                    case MIN -> "Math.min(" + name + ", " + value + ")";
                }
                + ";");
    }

    private Code result(Expr.Fold f, boolean varying, String[] names, boolean[] vector, String any, boolean byLane) {
        String name = e.fresh("v");
        Scope outer = e.scope;
        outer.line((varying ? "FloatVector " : "float ") + name + " = " + (varying ? "Lanes.splat(0f)" : "0f") + ";");
        e.block(byLane ? "{" : "if (" + any + ") {", "}", Set.of(Analysis.FOLD), true, outer.lane, outer.mask, () -> {
            for (int k = 0; k < names.length; k++) {
                publish(k, names[k], vector[k]);
            }
            String value = varying ? e.vector(f.result()) : e.real(f.result());
            e.scope.line(name + " = " + (byLane ? "Lanes.splat(0f).blend(" + value + ", " + any + ")" : value) + ";");
        });
        return new Code(Kind.FLOAT, varying, name);
    }
}
