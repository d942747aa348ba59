package tfx.testing;

import static tfx.ir.Exprs.add;
import static tfx.ir.Exprs.at;
import static tfx.ir.Exprs.div;
import static tfx.ir.Exprs.max;
import static tfx.ir.Exprs.mul;
import static tfx.ir.Exprs.number;
import static tfx.ir.Exprs.read;
import static tfx.ir.Exprs.sub;
import static tfx.ir.Exprs.sum;
import static tfx.ir.Exprs.unary;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/** Draws well-typed programs: chains of elementwise maps, contractions, shifts, row statistics and mixings along the sequence. */
public final class Programs {
    private static final int[] SIZES = {1, 2, 3, 5, 7};
    private static final Size LENGTH = Size.symbol("t");

    private final SplittableRandom random;
    private final List<Value.Parameter> parameters = new ArrayList<>();
    private final Map<String, Value> named = new LinkedHashMap<>();

    private Programs(long seed) {
        random = new SplittableRandom(seed);
    }

    /** The program of {@code seed} with {@code size} stages; causal, one real input {@code x[t, d]}, one output {@code y}. */
    public static Program random(long seed, int size) {
        return new Programs(seed).draw(size);
    }

    private Program draw(int size) {
        int width = pick();
        Value.Input input = new Value.Input("x", List.of(LENGTH, Size.of(width)), Value.Kind.REAL);
        Value value = input;
        for (int i = 0; i < size; i++) {
            int d = (int) value.shape().get(1).constant();
            value = switch (random.nextInt(5)) {
                case 0 -> elementwise(value, d);
                case 1 -> contraction(value, d, pick());
                case 2 -> shift(value, d);
                case 3 -> normalised(value, d);
                default -> mixing(value, d);
            };
        }
        return new Program(List.of(input), parameters, Map.of("y", value), named, "t");
    }

    private int pick() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private Value elementwise(Value x, int d) {
        Index t = sequence("t");
        Index i = index("d", d);
        Expr e = read(x, t, i);
        return let(
                List.of(t, i),
                Expr.TRUE,
                switch (random.nextInt(3)) {
                    case 0 -> div(e, add(number(1), unary(UnaryOp.EXP, unary(UnaryOp.NEG, e))));
                    case 1 -> add(mul(e, number(0.5)), read(parameter(d), i));
                    default -> unary(UnaryOp.TANH, e);
                });
    }

    private Value contraction(Value x, int in, int out) {
        Index t = sequence("t");
        Index o = index("o", out);
        Index i = index("i", in);
        return let(List.of(t, o), Expr.TRUE, sum(i, Expr.TRUE, mul(read(x, t, i), read(parameter(out, in), o, i))));
    }

    private Value shift(Value x, int d) {
        Index t = sequence("t");
        Index i = index("d", d);
        int by = 1 + random.nextInt(2);
        Expr earlier = read(x, sub(at(t), number(by)), at(i));
        Expr shifted = new Expr.Select(new Expr.Binary(BinaryOp.LE, number(by), at(t)), earlier, number(0));
        return let(List.of(t, i), Expr.TRUE, add(read(x, t, i), shifted));
    }

    private Value normalised(Value x, int d) {
        Index t = sequence("t");
        Index i = index("d", d);
        Index k = index("k", d);
        Expr mean = div(sum(k, Expr.TRUE, mul(read(x, t, k), read(x, t, k))), number(d));
        return let(List.of(t, i), Expr.TRUE, mul(read(x, t, i), unary(UnaryOp.RSQRT, add(mean, number(1e-3)))));
    }

    /** Weights over the sequence, by one or two score maps under one of several normalisers and masks, applied to values. */
    private Value mixing(Value x, int d) {
        int mask = random.nextInt(3);
        int kind = random.nextInt(4);
        Value first = kind < 3 ? weights(x, d, mask, kind) : weights(x, d, mask, 0);
        Value second = kind < 3 ? null : weights(x, d, mask, 0);
        Index t = sequence("t");
        Index s = sequence("s");
        Index i = index("d", d);
        Expr p = read(first, t, s);
        Expr combined = second == null ? p : sub(p, mul(number(0.3), read(second, t, s)));
        return let(List.of(t, i), Expr.TRUE, sum(s, mask(mask, t, s), mul(combined, read(x, s, i))));
    }

    private Value weights(Value x, int d, int mask, int kind) {
        int e = pick();
        Value q = contraction(x, d, e);
        Value k = contraction(x, d, e);
        Index t = sequence("t");
        Index s = sequence("s");
        Index j = index("e", e);
        // Large now and then: differences of a softmax's exponents beyond what exp can hold.
        double scale = random.nextInt(4) == 0 ? 400 : 0.7;
        Expr dot = mul(number(scale), sum(j, Expr.TRUE, mul(read(q, t, j), read(k, s, j))));
        Value score = let(List.of(t, s), mask(mask, t, s), dot);
        Index r = sequence("r");
        Expr own = read(score, t, s);
        Expr others = read(score, t, r);
        return switch (kind) {
            case 0 -> {
                Value z = let(
                        List.of(t, s),
                        mask(mask, t, s),
                        unary(UnaryOp.EXP, sub(own, max(r, mask(mask, t, r), others))));
                yield let(List.of(t, s), mask(mask, t, s), div(read(z, t, s), sum(r, mask(mask, t, r), read(z, t, r))));
            }
            case 1 ->
                let(
                        List.of(t, s),
                        mask(mask, t, s),
                        div(number(1), add(number(1), unary(UnaryOp.EXP, unary(UnaryOp.NEG, own)))));
            default -> {
                Expr norm = unary(UnaryOp.SQRT, add(number(1e-6), sum(r, mask(mask, t, r), mul(others, others))));
                yield let(List.of(t, s), mask(mask, t, s), unary(UnaryOp.TANH, div(own, norm)));
            }
        };
    }

    /** Causal; the last three; or strictly earlier, which admits nothing for the first row. */
    private static Expr mask(int mask, Index t, Index s) {
        return switch (mask) {
            case 0 -> tfx.ir.Exprs.le(at(s), at(t));
            case 1 -> tfx.ir.Exprs.and(tfx.ir.Exprs.le(at(s), at(t)), tfx.ir.Exprs.lt(sub(at(t), number(3)), at(s)));
            default -> tfx.ir.Exprs.lt(at(s), at(t));
        };
    }

    private Value let(List<Index> indices, Expr domain, Expr body) {
        String name = "v" + named.size();
        Value value = new Value.Comprehension(name, indices, domain, body);
        named.put(name, value);
        return value;
    }

    private Value.Parameter parameter(int... shape) {
        List<Size> sizes = java.util.Arrays.stream(shape).mapToObj(Size::of).toList();
        Value.Parameter parameter = new Value.Parameter("w" + parameters.size(), sizes);
        parameters.add(parameter);
        return parameter;
    }

    private static Index sequence(String name) {
        return new Index(name, LENGTH);
    }

    private static Index index(String name, int size) {
        return new Index(name, Size.of(size));
    }
}
