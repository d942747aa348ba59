package tfx.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/** Generated kernels against the plain meaning of their expressions in double precision. */
class KernelTest {
    private static final Size T = Size.symbol("t");

    private static Expr at(Index i) {
        return new Expr.At(i);
    }

    private static Expr read(Value v, Expr... at) {
        return new Expr.Read(v, List.of(at));
    }

    private static Expr op(BinaryOp op, Expr l, Expr r) {
        return new Expr.Binary(op, l, r);
    }

    private static Expr mul(Expr l, Expr r) {
        return op(BinaryOp.MUL, l, r);
    }

    private static Expr num(double v) {
        return new Expr.Number(v);
    }

    private static Expr sum(Index i, Expr body) {
        return new Expr.Reduce(Monoid.SUM, List.of(i), Expr.TRUE, body);
    }

    /** A projection of a normalised row, gated, with a residual: prologue, two sums and epilogue. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 33})
    void contractions(int n) {
        for (ElementType type : List.of(ElementType.F32, ElementType.BF16, ElementType.F16)) {
            for (boolean transposed : new boolean[] {false, true}) {
                Index t = new Index("t", T);
                Index o = new Index("o", Size.of(n));
                Index i = new Index("i", Size.of(n + 2));
                Index j = new Index("j", Size.of(n + 2));
                Value x = new Value.Input("x", List.of(T, i.size()), Value.Kind.REAL);
                Value r = new Value.Input("r", List.of(T, o.size()), Value.Kind.REAL);
                Value scale = new Value.Parameter("scale", List.of(i.size()));
                Value w = new Value.Parameter("w", List.of(o.size(), i.size()));
                Value u = new Value.Parameter("u", List.of(o.size(), i.size()));
                Expr mean = op(
                        BinaryOp.DIV,
                        sum(j, mul(read(x, at(t), at(j)), read(x, at(t), at(j)))),
                        new Expr.Length(j.size()));
                Expr a = mul(
                        mul(read(x, at(t), at(i)), new Expr.Unary(UnaryOp.RSQRT, op(BinaryOp.ADD, mean, num(1e-5)))),
                        read(scale, at(i)));
                Expr gate = sum(i, mul(a, read(w, at(o), at(i))));
                Expr up = sum(i, mul(a, read(u, at(o), at(i))));
                Expr silu = op(
                        BinaryOp.DIV,
                        gate,
                        op(BinaryOp.ADD, num(1), new Expr.Unary(UnaryOp.EXP, new Expr.Unary(UnaryOp.NEG, gate))));
                Expr body = op(BinaryOp.ADD, read(r, at(t), at(o)), mul(silu, up));
                Check check = new Check(new Value.Comprehension("y", List.of(t, o), Expr.TRUE, body), 5, 2);
                check.type = type;
                check.transposed = transposed;
                check.run(0, 1e-5);
                check.run(4, 1e-5);
            }
        }
    }

    /** Long reductions over weights whose columns lie side by side: few rows take them in pieces, many as copies. */
    @ParameterizedTest
    @ValueSource(ints = {127, 129, 1100})
    void longReductions(int depth) {
        for (ElementType type : List.of(ElementType.F32, ElementType.BF16, ElementType.F16)) {
            Index t = new Index("t", T);
            Index h = new Index("h", Size.of(2));
            Index o = new Index("o", Size.of(41));
            Index i = new Index("i", Size.of(depth));
            Value x = new Value.Input("x", List.of(T, h.size(), i.size()), Value.Kind.REAL);
            Value w = new Value.Parameter("w", List.of(o.size(), i.size()));
            Value u = new Value.Parameter("u", List.of(o.size(), h.size(), i.size()));
            Expr shared = sum(i, mul(read(x, at(t), at(h), at(i)), read(w, at(o), at(i))));
            Expr grouped = sum(i, mul(mul(read(x, at(t), at(h), at(i)), num(2)), read(u, at(o), at(h), at(i))));
            Expr body = op(BinaryOp.SUB, shared, grouped);
            Check check = new Check(new Value.Comprehension("y", List.of(t, h, o), Expr.TRUE, body), 5, 2);
            check.type = type;
            check.transposed = true;
            check.run(0, 1e-5);
            check.run(4, 1e-5);
        }
    }

    /** Products that are only added up share one sum; one of them that is used elsewhere too has its own. */
    @ParameterizedTest
    @ValueSource(ints = {3, 8, 12, 33})
    void productsAddedUp(int rows) {
        Index t = new Index("t", T);
        Index a = new Index("a", Size.of(rows));
        Index o = new Index("o", Size.of(41));
        List<Expr> products = new ArrayList<>();
        for (int k = 0; k < 3; k++) {
            Index b = new Index("b", Size.of(5 + k));
            Value x = new Value.Input("x" + k, List.of(T, b.size(), o.size()), Value.Kind.REAL);
            Value w = new Value.Parameter("w" + k, List.of(a.size(), b.size()));
            products.add(sum(b, mul(read(w, at(a), at(b)), read(x, at(t), at(b), at(o)))));
        }
        Value r = new Value.Input("r", List.of(T, a.size(), o.size()), Value.Kind.REAL);
        Expr all = op(BinaryOp.ADD, products.get(0), op(BinaryOp.ADD, products.get(1), products.get(2)));
        Expr scaled = op(BinaryOp.ADD, read(r, at(t), at(a), at(o)), mul(all, num(2)));
        for (Expr body : List.of(all, scaled, mul(scaled, products.get(1)))) {
            for (ElementType type : List.of(ElementType.F32, ElementType.BF16)) {
                Check check = new Check(new Value.Comprehension("y", List.of(t, a, o), Expr.TRUE, body), 5, 2);
                check.type = type;
                check.run(0, 1e-5);
                check.run(4, 1e-5);
            }
        }
    }

    /** Neighbouring output indices that walk through all tensors as one, beside one that does not. */
    @Test
    void mergedIndices() {
        Index t = new Index("t", T);
        Index a = new Index("a", Size.of(2));
        Index h = new Index("h", Size.of(3));
        Index o = new Index("o", Size.of(7));
        Index i = new Index("i", Size.of(200));
        Value x = new Value.Input("x", List.of(T, a.size(), i.size()), Value.Kind.REAL);
        Value r = new Value.Input("r", List.of(T, a.size(), h.size(), o.size()), Value.Kind.REAL);
        Value w = new Value.Parameter("w", List.of(i.size(), h.size(), o.size()));
        Value scale = new Value.Parameter("scale", List.of(h.size(), o.size()));
        Expr product = sum(i, mul(read(x, at(t), at(a), at(i)), read(w, at(i), at(h), at(o))));
        Expr body = op(BinaryOp.ADD, read(r, at(t), at(a), at(h), at(o)), mul(product, read(scale, at(h), at(o))));
        for (boolean transposed : new boolean[] {false, true}) {
            Check check = new Check(new Value.Comprehension("y", List.of(t, a, h, o), Expr.TRUE, body), 5, 2);
            check.type = ElementType.BF16;
            check.transposed = transposed;
            check.run(0, 1e-5);
            check.run(4, 1e-5);
        }
        Expr whole = new Expr.Select(
                op(BinaryOp.LT, at(o), at(h)), num(-1), mul(read(r, at(t), at(a), at(h), at(o)), num(2)));
        new Check(new Value.Comprehension("y", List.of(t, a, h, o), Expr.TRUE, whole), 5, 2).run(1, 1e-6);
    }

    /** A statistic of rows that also reads a value for each row: rows are read along, not across. */
    @Test
    void statisticsOfRows() {
        Index t = new Index("t", T);
        Index i = new Index("i", Size.of(37));
        Value x = new Value.Input("x", List.of(T, i.size()), Value.Kind.REAL);
        Value mean = new Value.Input("mean", List.of(T), Value.Kind.REAL);
        Expr centred = op(BinaryOp.SUB, read(x, at(t), at(i)), read(mean, at(t)));
        Expr body = new Expr.Unary(UnaryOp.RSQRT, op(BinaryOp.ADD, sum(i, mul(centred, centred)), num(1e-5)));
        Check check = new Check(new Value.Comprehension("y", List.of(t), Expr.TRUE, body), 21, 2);
        check.run(0, 1e-5);
        check.run(20, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 33})
    void folds(int e) {
        Index t = new Index("t", T);
        Index h = new Index("h", Size.of(4));
        Index u = new Index("u", Size.of(2));
        Index c = new Index("c", Size.of(e));
        Index k = new Index("k", Size.of(e + 1));
        Index s = new Index("s", T);
        Value q = new Value.Input("q", List.of(T, h.size(), k.size()), Value.Kind.REAL);
        Value key = new Value.Input("key", List.of(T, Size.of(2), k.size()), Value.Kind.REAL);
        Value v = new Value.Input("v", List.of(T, Size.of(2), u.size(), c.size()), Value.Kind.REAL);
        Expr g = op(BinaryOp.FLOORDIV, at(h), num(2));
        for (double scale : new double[] {0.3, 300}) {
            Expr score = mul(sum(k, mul(read(q, at(t), at(h), at(k)), read(key, at(s), g, at(k)))), num(scale));
            Expr p = new Expr.Unary(UnaryOp.EXP, op(BinaryOp.SUB, score, new Expr.Accumulated(0)));
            Expr domain = op(
                    BinaryOp.AND,
                    op(BinaryOp.LE, at(s), at(t)),
                    op(BinaryOp.LT, op(BinaryOp.SUB, at(t), num(5)), at(s)));
            Expr empty = op(BinaryOp.AND, domain, op(BinaryOp.NE, op(BinaryOp.MOD, at(t), num(3)), num(1)));
            Expr fold = new Expr.Fold(
                    s,
                    empty,
                    List.of(
                            new Expr.Accumulator(Monoid.MAX, score, -1),
                            new Expr.Accumulator(Monoid.SUM, p, 0),
                            new Expr.Accumulator(Monoid.SUM, mul(p, read(v, at(s), g, at(u), at(c))), 0)),
                    op(BinaryOp.DIV, new Expr.Accumulated(2), new Expr.Accumulated(1)));
            Check check = new Check(new Value.Comprehension("y", List.of(t, h, u, c), Expr.TRUE, fold), 9, 2);
            check.run(0, scale > 1 ? 1e-3 : 1e-5);
            check.run(8, scale > 1 ? 1e-3 : 1e-5);
        }
    }

    /** Half-split rotation: branches whose reads are out of range on the other side. */
    @ParameterizedTest
    @ValueSource(ints = {1, 17})
    void rotations(int n) {
        Index t = new Index("t", T);
        Index h = new Index("h", Size.of(3));
        Index e = new Index("e", Size.of(2L * n));
        Value x = new Value.Input("x", List.of(T, h.size(), e.size()), Value.Kind.REAL);
        for (boolean interleaved : new boolean[] {false, true}) {
            Expr pair = interleaved ? op(BinaryOp.FLOORDIV, at(e), num(2)) : op(BinaryOp.MOD, at(e), num(n));
            Expr angle = mul(
                    at(t), op(BinaryOp.POW, num(10000.5), op(BinaryOp.DIV, new Expr.Unary(UnaryOp.NEG, pair), num(n))));
            Expr step = num(interleaved ? 1 : n);
            Expr cos = new Expr.Unary(UnaryOp.COS, angle);
            Expr sin = new Expr.Unary(UnaryOp.SIN, angle);
            Expr low = op(
                    BinaryOp.SUB,
                    mul(read(x, at(t), at(h), at(e)), cos),
                    mul(read(x, at(t), at(h), op(BinaryOp.ADD, at(e), step)), sin));
            Expr high = op(
                    BinaryOp.ADD,
                    mul(read(x, at(t), at(h), at(e)), cos),
                    mul(read(x, at(t), at(h), op(BinaryOp.SUB, at(e), step)), sin));
            Expr condition = interleaved
                    ? op(BinaryOp.EQ, op(BinaryOp.MOD, at(e), num(2)), num(0))
                    : op(BinaryOp.LT, at(e), num(n));
            Check check = new Check(
                    new Value.Comprehension("y", List.of(t, h, e), Expr.TRUE, new Expr.Select(condition, low, high)),
                    6,
                    2);
            check.run(0, 1e-5);
            check.run(3, 1e-5);
        }
    }

    @Test
    void functionsAreAccurate() {
        Random random = new Random(1);
        float[] in = new float[Lanes.LENGTH];
        for (int round = 0; round < 2000; round++) {
            for (int i = 0; i < in.length; i++) {
                in[i] = (float) (random.nextGaussian() * (round % 3 == 0 ? 30 : 1));
            }
            var v = jdk.incubator.vector.FloatVector.fromArray(Lanes.F, in, 0);
            float[] exp = VectorMath.exp(v).toArray();
            float[] tanh = VectorMath.tanh(v).toArray();
            for (int i = 0; i < in.length; i++) {
                assertEquals(Math.exp(in[i]), exp[i], 2 * Math.ulp((float) Math.exp(in[i])));
                assertEquals(Math.tanh(in[i]), tanh[i], 2.5 * Math.ulp((float) Math.tanh(in[i])));
            }
        }
        assertArrayEquals(new float[] {0, Float.POSITIVE_INFINITY, Float.NaN}, new float[] {
            VectorMath.exp(Lanes.splat(Float.NEGATIVE_INFINITY)).lane(0),
            VectorMath.exp(Lanes.splat(100)).lane(0),
            VectorMath.exp(Lanes.splat(Float.NaN)).lane(0)
        });
    }
}
