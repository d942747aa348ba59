package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.source.Diagnostic;
import tfx.source.Span;
import tfx.source.TfxException;

/** One parameter or value as a strided view of a tensor in a file. */
final class View {
    private final Elaborated model;
    private final String what;
    private final String shown;
    private final long[] shape;
    private final WeightLines.Candidate candidate;
    private final long[] official;

    /**
     * A view.
     *
     * @param what the parameter or value in the words of a message
     * @param shown its dimensions for a message
     * @param official the tensor's shape
     */
    View(Elaborated model, String what, String shown, long[] shape, WeightLines.Candidate candidate, long[] official) {
        this.model = model;
        this.what = what;
        this.shown = shown;
        this.shape = shape;
        this.candidate = candidate;
        this.official = official;
    }

    static View of(
            Elaborated model, Elaborated.ParameterInfo parameter, WeightLines.Candidate candidate, long[] official) {
        return new View(
                model,
                "the parameter `" + parameter.value().name() + "`",
                Elaborated.shown(parameter),
                shape(parameter),
                candidate,
                official);
    }

    static long[] shape(Elaborated.ParameterInfo parameter) {
        return parameter.value().shape().stream().mapToLong(Size::constant).toArray();
    }

    /** {@code official}, which holds a parameter of shape {@code before} with dimensions merged or split, for one of {@code after}. */
    static long[] regrouped(long[] before, long[] official, long[] after) {
        if (Arrays.equals(before, after)) {
            return official;
        }
        long[] shape = official.clone();
        int i = 0;
        for (int k = 0; k < official.length; k++) {
            long old = 1;
            long now = 1;
            boolean last = k == official.length - 1;
            while (i < before.length && (old < official[k] || last)) {
                old *= before[i];
                now *= after[i++];
            }
            if (old != official[k]) {
                // One dimension of the parameter is split over several of the tensor: it can only stay.
                return official;
            }
            shape[k] = now;
        }
        return shape;
    }

    /**
     * Where the elements lie.
     *
     * @param indices the line's names of the dimensions
     * @param line where the line stands; null where there is none
     * @param reach grows to one past the greatest index read of each dimension of each tensor read at indices
     */
    Binding binding(List<Tree.Name> indices, @Nullable Span line, Map<String, long[]> reach) {
        List<Tree.Expression> at = candidate.official().map(Tree.Official::at).orElse(List.of());
        if (at.isEmpty() || line == null) {
            return rowMajor();
        }
        return indexed(indices, line, at, reach.computeIfAbsent(candidate.name(), name -> new long[official.length]));
    }

    private Binding rowMajor() {
        if (!regroups(shape, official)) {
            throw misshapen();
        }
        return new Binding(candidate.name(), 0, strides(shape));
    }

    private TfxException misshapen() {
        return new TfxException(Diagnostic.error(
                "TFX0212",
                candidate.name(),
                "the shape is " + Arrays.toString(official) + "; " + what + " is " + shown,
                "these weights are of another configuration"));
    }

    /** Whether one shape is the other with neighbouring dimensions merged or split. */
    static boolean regroups(long[] a, long[] b) {
        int i = 0;
        int j = 0;
        while (i < a.length || j < b.length) {
            long left = i < a.length ? a[i++] : 1;
            long right = j < b.length ? b[j++] : 1;
            int taken = 2;
            while (left != right) {
                if (left < right && i < a.length) {
                    left *= a[i++];
                } else if (right < left && j < b.length) {
                    right *= b[j++];
                } else {
                    return false;
                }
                taken++;
            }
            if (taken > 2 + Math.max(a.length, b.length)) {
                return false;
            }
        }
        return true;
    }

    static long[] strides(long[] shape) {
        long[] strides = new long[shape.length];
        long step = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= shape[i];
        }
        return strides;
    }

    private Binding indexed(List<Tree.Name> indices, Span line, List<Tree.Expression> at, long[] reach) {
        if (indices.size() != shape.length) {
            throw Fault.of(
                    "TFX0111",
                    line,
                    what + " has " + shape.length + " dimensions, " + shown + ", and this line names " + indices.size(),
                    "name each of them");
        }
        if (at.size() != official.length) {
            throw misshapen();
        }
        Env env = captured(model.formals());
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < shape.length; i++) {
            Tree.Name name = indices.get(i);
            Dim dim = new Dim(name.text(), Size.of(shape[i]), name.span());
            dims.add(dim);
            env = env.with(name.text(), Scope.Slot.of(new Datum.Int(dim.size()), List.of(dim)));
        }
        env = env.running(dims);
        long[] strides = new long[shape.length];
        long offset = 0;
        long[] steps = strides(official);
        for (int k = 0; k < official.length; k++) {
            Tree.Expression written = at.get(k);
            Term term = Arithmetic.term(model.evaluator().eval(written, env), written.span());
            Affine affine = Affine.of(term.expr());
            if (affine == null) {
                throw Fault.of(
                        "TFX0215",
                        written.span(),
                        "this index is not affine",
                        "use sums of indices times whole numbers");
            }
            long least = affine.constant();
            long greatest = affine.constant();
            for (int i = 0; i < shape.length; i++) {
                long factor = affine.factors().getOrDefault(dims.get(i).index(), 0L);
                strides[i] += factor * steps[k];
                least += Math.min(0, factor * (shape[i] - 1));
                greatest += Math.max(0, factor * (shape[i] - 1));
            }
            offset += affine.constant() * steps[k];
            if (least < 0 || greatest >= official[k]) {
                throw outside(written, k, least, greatest);
            }
            reach[k] = Math.max(reach[k], greatest + 1);
        }
        return new Binding(candidate.name(), offset, strides);
    }

    /** A wildcard that stands for a number is that number: {@code layers.{l}.scale = "scales"[l]}. */
    private Env captured(Env env) {
        Env all = env;
        for (Map.Entry<String, String> capture : candidate.captures().entrySet()) {
            if (capture.getValue().matches("[0-9]{1,9}")) {
                Size number = Size.of(Long.parseLong(capture.getValue()));
                all = all.with(capture.getKey(), Scope.Slot.of(new Datum.Int(number)));
            }
        }
        return all;
    }

    private TfxException outside(Tree.Expression written, int dimension, long least, long greatest) {
        return new TfxException(Diagnostic.error(
                "TFX0214",
                candidate.name(),
                "the shape is " + Arrays.toString(official) + "; " + what + " " + shown + " reads dimension "
                        + dimension + " at `" + written.span().text() + "`, " + least + " to " + greatest,
                "these weights are of another configuration"));
    }

    /** {@code constant + sum factor * index}. */
    private record Affine(long constant, Map<Index, Long> factors) {
        static @Nullable Affine of(Expr expr) {
            return switch (expr) {
                case Expr.Number number -> new Affine((long) number.value(), Map.of());
                case Expr.At at -> new Affine(0, Map.of(at.index(), 1L));
                case Expr.Unary unary when unary.op() == Expr.UnaryOp.NEG -> scaled(of(unary.operand()), -1);
                case Expr.Binary binary -> {
                    Affine a = of(binary.left());
                    Affine b = of(binary.right());
                    yield a == null || b == null
                            ? null
                            : switch (binary.op()) {
                                case ADD -> sum(a, b);
                                case SUB -> sum(a, scaled(b, -1));
                                case MUL ->
                                    a.factors().isEmpty()
                                            ? scaled(b, a.constant())
                                            : b.factors().isEmpty() ? scaled(a, b.constant()) : null;
                                default -> null;
                            };
                }
                default -> null;
            };
        }

        private static @Nullable Affine scaled(@Nullable Affine a, long by) {
            if (a == null) {
                return null;
            }
            Map<Index, Long> factors = new HashMap<>();
            a.factors().forEach((index, factor) -> factors.put(index, Math.multiplyExact(factor, by)));
            return new Affine(Math.multiplyExact(a.constant(), by), factors);
        }

        private static Affine sum(Affine a, Affine b) {
            Map<Index, Long> factors = new HashMap<>(a.factors());
            b.factors().forEach((index, factor) -> factors.merge(index, factor, Math::addExact));
            return new Affine(Math.addExact(a.constant(), b.constant()), factors);
        }
    }
}
