package tfx.backend.cpu;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tfx.backend.common.Constants;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** The meaning of expressions, in double precision, point by point. */
final class Evaluator {
    final Map<Index, Long> indices = new HashMap<>();
    int batch;
    private final List<Value> values;
    private final Tensor[] tensors;
    private final long length;
    private double[] accumulated = {};

    Evaluator(List<Value> values, Tensor[] tensors, long length) {
        this.values = values;
        this.tensors = tensors;
        this.length = length;
    }

    private long size(Index index) {
        return index.size().evaluate(Map.of("t", length));
    }

    double evaluate(Expr expr) {
        return switch (expr) {
            case Expr.Number(double v) -> v;
            case Expr.At(Index index) -> indices.get(index);
            case Expr.Length(tfx.ir.Size size) -> size.evaluate(Map.of("t", length));
            case Expr.Accumulated(int n) -> accumulated[n];
            case Expr.Read r -> {
                Tensor t = tensors[values.indexOf(r.value())];
                long at = t.base() + batch * t.batchStride();
                for (int d = 0; d < r.at().size(); d++) {
                    at += (long) evaluate(r.at().get(d)) * t.strides()[d];
                }
                yield Memory.get(
                        t.type().ordinal(), t.data().address() + at * t.type().bytes());
            }
            case Expr.Unary(Expr.UnaryOp op, Expr x) -> ((Expr.Number) Constants.unary(op, evaluate(x))).value();
            case Expr.Binary(Expr.BinaryOp op, Expr l, Expr r) ->
                ((Expr.Number) Constants.binary(op, evaluate(l), evaluate(r))).value();
            case Expr.Select(Expr c, Expr t, Expr o) -> evaluate(c) != 0 ? evaluate(t) : evaluate(o);
            case Expr.Reduce r -> reduce(r, 0, r.monoid().identity());
            case Expr.Fold f -> fold(f);
        };
    }

    private double reduce(Expr.Reduce r, int depth, double sum) {
        if (depth == r.indices().size()) {
            return evaluate(r.domain()) == 0 ? sum : combine(r.monoid(), sum, evaluate(r.body()));
        }
        for (long i = 0; i < size(r.indices().get(depth)); i++) {
            indices.put(r.indices().get(depth), i);
            sum = reduce(r, depth + 1, sum);
        }
        return sum;
    }

    private static double combine(Expr.Monoid monoid, double a, double b) {
        return switch (monoid) {
            case SUM -> a + b;
            case PRODUCT -> a * b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
        };
    }

    /** Each accumulator over the whole domain, the shifts known from the start. */
    private double fold(Expr.Fold f) {
        double[] outer = accumulated;
        double[] totals = new double[f.accumulators().size()];
        boolean any = false;
        for (int k = 0; k < totals.length; k++) {
            Expr.Accumulator a = f.accumulators().get(k);
            totals[k] = a.monoid().identity();
            double total = totals[k];
            for (long i = 0; i < size(f.index()); i++) {
                indices.put(f.index(), i);
                accumulated = totals;
                if (evaluate(f.domain()) != 0) {
                    any = true;
                    total = combine(a.monoid(), total, evaluate(a.body()));
                }
            }
            totals[k] = total;
        }
        accumulated = totals;
        double result = any ? evaluate(f.result()) : 0;
        accumulated = outer;
        return result;
    }
}
