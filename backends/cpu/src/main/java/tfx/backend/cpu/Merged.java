package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * A kernel in which neighbouring output indices that walk through every tensor as one are one: heads and their channels, say,
 * where nothing tells one head from the next. What is done once for each index but the last is then done less often, and
 * what the last one walks is longer.
 *
 * @param views for each of the kernel's operands, which tensor it is and which of that one's dimensions it has
 * @param output the dimensions that the output keeps
 */
record Merged(Value.Comprehension kernel, List<Value> operands, List<Layout> layouts, List<View> views, int[] output) {
    /** A tensor with each of its dimensions merged into the next one that is in {@code dimensions}. */
    record View(int tensor, int[] dimensions) {
        long[] strides(Tensor of) {
            return pick(of.strides(), dimensions);
        }
    }

    static Merged of(Value.Comprehension kernel, List<Value> operands, List<Layout> layouts) {
        List<View> views = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            views.add(new View(i, all(layouts.get(i).strides().length)));
        }
        Merged merged = new Merged(
                kernel, operands, layouts, views, all(kernel.indices().size()));
        for (int d = kernel.indices().size() - 2; d >= 0; d--) {
            merged = merged.at(d);
        }
        return merged;
    }

    private static int[] all(int rank) {
        return IntStream.range(0, rank).toArray();
    }

    private static int[] without(int[] dimensions, int position) {
        return IntStream.range(0, dimensions.length)
                .filter(d -> d != position)
                .map(d -> dimensions[d])
                .toArray();
    }

    /** On the way of every run of every kernel: no stream. */
    private static long[] pick(long[] of, int[] dimensions) {
        if (dimensions.length == of.length) {
            return of;
        }
        long[] picked = new long[dimensions.length];
        for (int d = 0; d < picked.length; d++) {
            picked[d] = of[dimensions[d]];
        }
        return picked;
    }

    /** Strides of the output without the merged dimensions. */
    long[] outputStrides(Tensor of) {
        int next = output.length - 1;
        for (int d = of.strides().length - 1; d >= 0; d--) {
            if (next >= 0 && output[next] == d) {
                next--;
            } else if (of.strides()[d] != of.strides()[d + 1] * of.shape()[d + 1]) {
                throw new IllegalArgumentException(
                        "dimensions " + d + " and " + (d + 1) + " of an output are not adjacent");
            }
        }
        return pick(of.strides(), output);
    }

    /** With the output indices {@code d} and {@code d + 1} as one where that is possible. */
    private Merged at(int d) {
        Index outer = kernel.indices().get(d);
        Index inner = kernel.indices().get(d + 1);
        if (!outer.size().isConstant()
                || !inner.size().isConstant()
                || !together(kernel.domain(), outer, inner, Collections.newSetFromMap(new IdentityHashMap<>()))
                || !together(kernel.body(), outer, inner, Collections.newSetFromMap(new IdentityHashMap<>()))) {
            return this;
        }
        Index one = new Index(outer.name() + inner.name(), outer.size().times(inner.size()));
        List<Value> values = new ArrayList<>();
        List<Layout> forms = new ArrayList<>();
        List<View> parts = new ArrayList<>();
        Map<List<Object>, Value> known = new LinkedHashMap<>();
        Function<Expr.Read, Expr> rewrite = read -> {
            int at = read.at().indexOf(new Expr.At(outer));
            int number = operands.indexOf(read.value());
            Value value = known.computeIfAbsent(List.of(number, at), key -> {
                Layout layout = layouts.get(number);
                int[] kept = without(all(layout.strides().length), at);
                Value seen = at < 0 ? read.value() : view(read.value(), at);
                values.add(seen);
                forms.add(new Layout(layout.type(), pick(layout.strides(), kept)));
                parts.add(new View(views.get(number).tensor, without(views.get(number).dimensions, at)));
                return seen;
            });
            if (at < 0) {
                return read;
            }
            List<Expr> indices = new ArrayList<>(read.at());
            indices.remove(at);
            indices.set(at, new Expr.At(one));
            return new Expr.Read(value, indices);
        };
        Expr domain = Exprs.replaceReads(kernel.domain(), rewrite::apply);
        Expr body = Exprs.replaceReads(kernel.body(), rewrite::apply);
        List<Index> indices = new ArrayList<>(kernel.indices());
        indices.remove(d);
        indices.set(d, one);
        Value.Comprehension merged = new Value.Comprehension(kernel.name(), indices, domain, body);
        return new Merged(merged, values, forms, parts, without(output, d));
    }

    /** The value with its dimension {@code at} merged into the next. */
    private static Value view(Value value, int at) {
        List<tfx.ir.Size> shape = new ArrayList<>(value.shape());
        shape.set(at + 1, shape.get(at).times(shape.get(at + 1)));
        shape.remove(at);
        return value instanceof Value.Parameter
                ? new Value.Parameter(value.name(), shape)
                : new Value.Input(value.name(), shape, value instanceof Value.Input i ? i.kind() : Value.Kind.REAL);
    }

    /** Whether the indices occur only in reads, one after the other, of dimensions that lie in memory as one. */
    private boolean together(Expr expr, Index outer, Index inner, Set<Expr> seen) {
        if (!seen.add(expr)) {
            return true;
        }
        if (expr instanceof Expr.At(Index index)) {
            return index != outer && index != inner;
        }
        if (!(expr instanceof Expr.Read read)) {
            return Analysis.parts(expr).stream().allMatch(part -> together(part, outer, inner, seen));
        }
        int at = read.at().indexOf(new Expr.At(outer));
        if (at >= 0) {
            long[] strides = layouts.get(operands.indexOf(read.value())).strides();
            if (at + 1 == strides.length
                    || !read.at().get(at + 1).equals(new Expr.At(inner))
                    || !read.value().shape().get(at + 1).equals(inner.size())
                    || !read.value().shape().get(at).equals(outer.size())
                    || strides[at + 1] < 0
                    || strides[at] != strides[at + 1] * inner.size().constant()) {
                return false;
            }
        }
        for (int d = 0; d < read.at().size(); d++) {
            if ((at < 0 || d < at || d > at + 1) && !together(read.at().get(d), outer, inner, seen)) {
                return false;
            }
        }
        return true;
    }
}
