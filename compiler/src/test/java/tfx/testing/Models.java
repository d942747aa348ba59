package tfx.testing;

import static tfx.ir.Exprs.add;
import static tfx.ir.Exprs.at;
import static tfx.ir.Exprs.div;
import static tfx.ir.Exprs.le;
import static tfx.ir.Exprs.lt;
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
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/** Programs written by hand as elaboration gives them: one value per named definition. */
public final class Models {
    private final List<Value.Parameter> parameters = new ArrayList<>();
    private final Map<String, Value> named = new LinkedHashMap<>();
    private final Size length = Size.symbol("t");

    private Models() {}

    public record Shape(int vocab, int d, int layers, int heads, int groups, int ffn) {}

    /** A decoder of grouped-query attention with half-split rotary positions, RMS norms and gated feed-forwards. */
    public static Program decoder(Shape shape) {
        return new Models().build(shape);
    }

    private Program build(Shape z) {
        Value.Input tokens = new Value.Input("tokens", List.of(length), Value.Kind.INTEGER);
        Value.Parameter embed = parameter("embed_tokens.weight", z.vocab, z.d);
        Index t = sequence("t");
        Index c = index("d", z.d);
        Value x = let("x", List.of(t, c), read(embed, read(tokens, t), at(c)));
        for (int l = 0; l < z.layers; l++) {
            String path = "layers." + l;
            Value a = attention(path + ".self_attn", norm(path + ".input_layernorm", x, z.d), z);
            x = residual(path + ".x", x, a, z.d);
            Value m = mlp(path + ".mlp", norm(path + ".post_attention_layernorm", x, z.d), z);
            x = residual(path + ".x", x, m, z.d);
        }
        Value last = norm("norm", x, z.d);
        Value logits = linear("lm_head", last, List.of(index("i", z.d)), List.of(index("o", z.vocab)));
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("logits", logits);
        return new Program(List.of(tokens), parameters, outputs, named, "t");
    }

    private Value residual(String name, Value x, Value y, int d) {
        Index t = sequence("t");
        Index c = index("d", d);
        return let(name, List.of(t, c), add(read(x, t, c), read(y, t, c)));
    }

    private Value norm(String path, Value x, int d) {
        Value weight = parameter(path + ".weight", d);
        Index t = sequence("t");
        Index c = index("d", d);
        Index k = index("d", d);
        Expr mean = div(sum(k, Expr.TRUE, mul(read(x, t, k), read(x, t, k))), new Expr.Length(Size.of(d)));
        return let(
                path,
                List.of(t, c),
                mul(mul(read(x, t, c), unary(UnaryOp.RSQRT, add(mean, number(1e-5)))), read(weight, c)));
    }

    private Value linear(String path, Value x, List<Index> in, List<Index> out) {
        List<Integer> shape = new ArrayList<>();
        out.forEach(i -> shape.add((int) i.size().constant()));
        in.forEach(i -> shape.add((int) i.size().constant()));
        Value weight = parameter(
                path + ".weight", shape.stream().mapToInt(Integer::intValue).toArray());
        Index t = sequence("t");
        List<Index> indices = new ArrayList<>(List.of(t));
        indices.addAll(out);
        List<Expr> xs = new ArrayList<>(List.of(at(t)));
        List<Expr> ws = new ArrayList<>();
        out.forEach(i -> ws.add(at(i)));
        in.forEach(i -> {
            xs.add(at(i));
            ws.add(at(i));
        });
        Expr product = mul(new Expr.Read(x, xs), new Expr.Read(weight, ws));
        return let(path + ".y", indices, new Expr.Reduce(Expr.Monoid.SUM, in, Expr.TRUE, product));
    }

    private Value rope(String path, Value x, int heads, int width) {
        int half = width / 2;
        Index t = sequence("t");
        Index n = index("n", half);
        Expr frequency = new Expr.Binary(
                BinaryOp.POW, number(10000), div(unary(UnaryOp.NEG, at(n)), new Expr.Length(Size.of(half))));
        Value turn = let(path + ".turn", List.of(t, n), mul(at(t), frequency));
        Value cosine = let(path + ".cosine", List.of(t, n), unary(UnaryOp.COS, read(turn, t, n)));
        Value sine = let(path + ".sine", List.of(t, n), unary(UnaryOp.SIN, read(turn, t, n)));
        Index h = index("h", heads);
        Index e = index("e", width);
        Expr over = sub(at(e), number(half));
        Expr first = sub(
                mul(read(x, t, h, e), read(cosine, at(t), at(e))),
                mul(read(x, at(t), at(h), add(at(e), number(half))), read(sine, at(t), at(e))));
        Expr second = add(
                mul(read(x, t, h, e), read(cosine, at(t), over)),
                mul(read(x, at(t), at(h), over), read(sine, at(t), over)));
        Expr rest = new Expr.Select(lt(at(e), number(width)), second, read(x, t, h, e));
        return let(path + ".y", List.of(t, h, e), new Expr.Select(lt(at(e), number(half)), first, rest));
    }

    private Value attention(String path, Value x, Shape z) {
        int width = z.d / z.heads;
        int group = z.heads / z.groups;
        Index i = index("i", z.d);
        Value q = rope(
                path + ".q",
                linear(path + ".q_proj", x, List.of(i), List.of(index("h", z.heads), index("e", width))),
                z.heads,
                width);
        Value k = rope(
                path + ".k",
                linear(path + ".k_proj", x, List.of(i), List.of(index("g", z.groups), index("e", width))),
                z.groups,
                width);
        Value v = linear(path + ".v_proj", x, List.of(i), List.of(index("g", z.groups), index("e", width)));
        Index h = index("h", z.heads);
        Index t = sequence("t");
        Index s = sequence("s");
        Index e = index("e", width);
        Expr causal = le(at(s), at(t));
        Expr g = new Expr.Binary(BinaryOp.FLOORDIV, at(h), number(group));
        Expr dot = sum(e, Expr.TRUE, mul(read(q, t, h, e), read(k, at(s), g, at(e))));
        Value score = let(
                path + ".score",
                List.of(h, t, s),
                causal,
                div(dot, unary(UnaryOp.SQRT, new Expr.Length(Size.of(width)))));
        Index s2 = sequence("s");
        Expr largest = max(s2, le(at(s2), at(t)), read(score, h, t, s2));
        Value exp = let(path + ".z", List.of(h, t, s), causal, unary(UnaryOp.EXP, sub(read(score, h, t, s), largest)));
        Expr total = sum(s2, le(at(s2), at(t)), read(exp, h, t, s2));
        Value p = let(path + ".p", List.of(h, t, s), causal, div(read(exp, h, t, s), total));
        Value mixed =
                let(path + ".mixed", List.of(t, h, e), sum(s, causal, mul(read(p, h, t, s), read(v, at(s), g, at(e)))));
        return linear(path + ".o_proj", mixed, List.of(h, e), List.of(index("d", z.d)));
    }

    private Value mlp(String path, Value x, Shape z) {
        Index i = index("i", z.d);
        Index f = index("f", z.ffn);
        Value gate = linear(path + ".gate_proj", x, List.of(i), List.of(f));
        Value up = linear(path + ".up_proj", x, List.of(i), List.of(f));
        Index t = sequence("t");
        Expr g = read(gate, t, f);
        Value silu =
                let(path + ".silu", List.of(t, f), div(g, add(number(1), unary(UnaryOp.EXP, unary(UnaryOp.NEG, g)))));
        Value hidden = let(path + ".hidden", List.of(t, f), mul(read(silu, t, f), read(up, t, f)));
        return linear(path + ".down_proj", hidden, List.of(f), List.of(index("o", z.d)));
    }

    private Value let(String name, List<Index> indices, Expr body) {
        return let(name, indices, Expr.TRUE, body);
    }

    private Value let(String name, List<Index> indices, Expr domain, Expr body) {
        Value value = new Value.Comprehension(name, indices, domain, body);
        named.put(name, value);
        return value;
    }

    private Value.Parameter parameter(String name, int... shape) {
        Value.Parameter parameter = new Value.Parameter(
                name, java.util.Arrays.stream(shape).mapToObj(Size::of).toList());
        parameters.add(parameter);
        return parameter;
    }

    private Index sequence(String name) {
        return new Index(name, length);
    }

    private static Index index(String name, int size) {
        return new Index(name, Size.of(size));
    }

    /** Deterministic tensors for every input and parameter: reals of the order of 1, ids below the leading size of what they index. */
    public static Map<Value, double[]> tensors(Program program, long length, long seed, int ids) {
        java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
        Map<Value, double[]> tensors = new LinkedHashMap<>();
        List<Value> leaves = new ArrayList<>(program.inputs());
        leaves.addAll(program.parameters());
        for (Value leaf : leaves) {
            long count = 1;
            for (Size size : leaf.shape()) {
                count *= size.isConstant() ? size.constant() : size.evaluate(Map.of(program.length(), length));
            }
            boolean integer = leaf instanceof Value.Input input && input.kind() == Value.Kind.INTEGER;
            double[] data = new double[Math.toIntExact(count)];
            for (int i = 0; i < data.length; i++) {
                data[i] = integer ? random.nextInt(ids) : random.nextDouble(-1, 1);
            }
            tensors.put(leaf, data);
        }
        return tensors;
    }
}
