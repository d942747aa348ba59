package tfx.backend.common;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** What a kernel's generated class depends on: everything but names and the values of literals, which become arguments. */
public final class Key {
    private final StringBuilder text = new StringBuilder();
    private final Map<Index, Integer> indices = new HashMap<>();
    private final Map<Expr, Integer> seen = new java.util.IdentityHashMap<>();
    private final Map<Double, Integer> constants = new LinkedHashMap<>();
    private final List<Value> operands;
    private final Analysis analysis;

    public Key(
            Analysis analysis,
            List<Value> operands,
            List<Layout> layouts,
            ElementType output,
            String length,
            Value.Comprehension kernel,
            Expr body) {
        this.analysis = analysis;
        this.operands = operands;
        text.append(output).append(' ').append(length);
        for (int i = 0; i < layouts.size(); i++) {
            text.append(' ')
                    .append(layouts.get(i).type())
                    .append(Arrays.toString(layouts.get(i).strides()));
            text.append(operands.get(i) instanceof Value.Parameter ? 'p' : 'v')
                    .append(operands.get(i).shape());
        }
        kernel.indices().forEach(this::bind);
        write(body);
    }

    public String text() {
        return text.toString();
    }

    /** Each distinct literal's number, in order. */
    public Map<Double, Integer> constants() {
        return constants;
    }

    public double[] arguments() {
        return constants.keySet().stream().mapToDouble(Double::doubleValue).toArray();
    }

    private void bind(Index index) {
        indices.put(index, indices.size());
        text.append('[').append(index.size()).append(']');
    }

    private void write(Expr expr) {
        Integer before = seen.putIfAbsent(expr, seen.size());
        if (before != null) {
            text.append('@').append(before);
            return;
        }
        text.append('(');
        switch (expr) {
            case Expr.Number(double v) when analysis.kind(expr) == Analysis.Kind.LONG -> text.append((long) v);
            case Expr.Number(double v) -> text.append('k').append(constants.computeIfAbsent(v, x -> constants.size()));
            case Expr.At(Index index) -> text.append('i').append(indices.get(index));
            case Expr.Length(tfx.ir.Size size) -> text.append('#').append(size);
            case Expr.Read r ->
                text.append('p').append(operands.indexOf(r.value())).append(analysis.kind(r));
            case Expr.Unary u -> text.append(u.op());
            case Expr.Binary b -> text.append(b.op());
            case Expr.Select s -> text.append('?');
            case Expr.Reduce r -> {
                text.append(r.monoid());
                r.indices().forEach(this::bind);
            }
            case Expr.Fold f -> {
                text.append("FOLD");
                bind(f.index());
                f.accumulators().forEach(a -> text.append(a.monoid()).append(a.shift()));
            }
            case Expr.Accumulated(int n) -> text.append('a').append(n);
        }
        Analysis.parts(expr).forEach(this::write);
        text.append(')');
    }
}
