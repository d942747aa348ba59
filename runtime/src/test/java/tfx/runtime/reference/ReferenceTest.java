package tfx.runtime.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static tfx.runtime.reference.Ir.at;
import static tfx.runtime.reference.Ir.binary;
import static tfx.runtime.reference.Ir.define;
import static tfx.runtime.reference.Ir.exp;
import static tfx.runtime.reference.Ir.minus;
import static tfx.runtime.reference.Ir.number;
import static tfx.runtime.reference.Ir.program;
import static tfx.runtime.reference.Ir.read;
import static tfx.runtime.reference.Ir.reduce;
import static tfx.runtime.reference.Ir.sum;
import static tfx.runtime.reference.Ir.times;
import static tfx.runtime.reference.Ir.upTo;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.TfxException;

class ReferenceTest {
    private static final int D = 3;

    private final Value.Input x = new Value.Input("x", List.of(Ir.T, Size.of(D)), Value.Kind.REAL);
    private final Index t = new Index("t", Ir.T);
    private final Index s = new Index("s", Ir.T);
    private final Index r = new Index("r", Ir.T);
    private final Index e = new Index("e", Size.of(D));
    private final Index f = new Index("f", Size.of(D));

    @Test
    void maskedSoftmaxAttentionAndItsFoldAreTheTextbookOnes() {
        Value score = define("score", List.of(t, s), upTo(s, t), sum(e, times(read(x, t, e), read(x, s, e))));
        Expr peak = reduce(Monoid.MAX, r, upTo(r, t), read(score, t, r));
        Value z = define("z", List.of(t, s), upTo(s, t), exp(minus(read(score, t, s), peak)));
        Value p = define(
                "p",
                List.of(t, s),
                upTo(s, t),
                binary(BinaryOp.DIV, read(z, t, s), reduce(Monoid.SUM, r, upTo(r, t), read(z, t, r))));
        Value mixed = define(
                "mixed",
                List.of(t, f),
                Expr.TRUE,
                reduce(Monoid.SUM, s, upTo(s, t), times(read(p, t, s), read(x, s, f))));
        Expr shifted = exp(minus(read(score, t, s), new Expr.Accumulated(0)));
        Value folded = define(
                "folded",
                List.of(t, f),
                Expr.TRUE,
                new Expr.Fold(
                        s,
                        upTo(s, t),
                        List.of(
                                new Expr.Accumulator(Monoid.MAX, read(score, t, s), -1),
                                new Expr.Accumulator(Monoid.SUM, shifted, 0),
                                new Expr.Accumulator(Monoid.SUM, times(shifted, read(x, s, f)), 0)),
                        binary(BinaryOp.DIV, new Expr.Accumulated(2), new Expr.Accumulated(1))));
        Program program = program(List.of(x), List.of(), p, mixed, folded);
        int batch = 2;
        int n = 5;
        double[] data = new Random(1).doubles((long) batch * n * D, -2, 2).toArray();
        Map<String, Reference.Result> results = Reference.evaluate(
                program,
                Map.of("x", new Reference.Array(data, new long[] {batch, n, D})),
                name -> null,
                List.of("p", "mixed", "folded"));
        double[] expected = new double[batch * n * D];
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < n; i++) {
                double total = 0;
                double[] row = new double[D];
                for (int j = 0; j <= i; j++) {
                    double dot = 0;
                    for (int k = 0; k < D; k++) {
                        dot += data[(b * n + i) * D + k] * data[(b * n + j) * D + k];
                    }
                    total += Math.exp(dot);
                    for (int k = 0; k < D; k++) {
                        row[k] += Math.exp(dot) * data[(b * n + j) * D + k];
                    }
                }
                for (int k = 0; k < D; k++) {
                    expected[(b * n + i) * D + k] = row[k] / total;
                }
            }
        }
        assertArrayEquals(new long[] {batch, n, D}, results.get("mixed").shape());
        assertArrayEquals(expected, results.get("mixed").data(), 1e-12);
        assertArrayEquals(expected, results.get("folded").data(), 1e-12);
        assertEquals(0, results.get("p").data()[1], "absent elements are shown as 0");
        assertEquals(1, results.get("p").data()[0]);
    }

    @Test
    void reductionsOverNothingAreTheIdentityAndFoldsOverNothingAreZero() {
        Expr never = Expr.FALSE;
        Value total = define("total", List.of(t), Expr.TRUE, reduce(Monoid.SUM, s, never, number(1)));
        Value peak = define("peak", List.of(t), Expr.TRUE, reduce(Monoid.MAX, s, never, number(1)));
        Value fold = define(
                "fold",
                List.of(t),
                Expr.TRUE,
                new Expr.Fold(
                        s,
                        never,
                        List.of(new Expr.Accumulator(Monoid.SUM, number(1), -1)),
                        binary(BinaryOp.DIV, new Expr.Accumulated(0), new Expr.Accumulated(0))));
        Map<String, Reference.Result> results = Reference.evaluate(
                program(List.of(x), List.of(), total, peak, fold),
                Map.of("x", new Reference.Array(new double[D], new long[] {1, 1, D})),
                name -> null,
                List.of("total", "peak", "fold"));
        // None of the three depends on an input, only on its length.
        assertArrayEquals(new long[] {1}, results.get("total").shape());
        assertEquals(0, results.get("total").data()[0]);
        assertEquals(Double.NEGATIVE_INFINITY, results.get("peak").data()[0]);
        assertEquals(0, results.get("fold").data()[0]);
    }

    @Test
    void onlyTheChosenSideIsReadAndGathersOutsideAreCoded() {
        Value.Input ids = new Value.Input("ids", List.of(Ir.T), Value.Kind.INTEGER);
        Value.Parameter table = new Value.Parameter("table", List.of(Size.of(4), Size.of(D)));
        Expr before = minus(at(t), number(1));
        Value shifted = define(
                "shifted",
                List.of(t),
                Expr.TRUE,
                new Expr.Select(binary(BinaryOp.LT, number(0), at(t)), read(ids, before), number(-1)));
        Value rows = define("rows", List.of(t, e), Expr.TRUE, read(table, read(ids, t), e));
        Program program = program(List.of(ids), List.of(table), shifted, rows);
        double[] weights = new Random(2).doubles(4 * D).toArray();
        var parameters = Ir.parameters(program, Map.of("table", weights));
        Map<String, Reference.Result> results = Reference.evaluate(
                program,
                Map.of("ids", new Reference.Array(new double[] {3, 0}, new long[] {1, 2})),
                parameters,
                List.of("shifted", "rows"));
        assertArrayEquals(new double[] {-1, 3}, results.get("shifted").data());
        assertEquals(weights[3 * D + 1], results.get("rows").data()[1]);
        TfxException outside = assertThrows(
                TfxException.class,
                () -> Reference.evaluate(
                        program,
                        Map.of("ids", new Reference.Array(new double[] {4, 0}, new long[] {1, 2})),
                        parameters,
                        List.of("rows")));
        assertEquals("TFX0501", outside.diagnostics().getFirst().code());
        TfxException missing = assertThrows(
                TfxException.class, () -> Reference.evaluate(program, Map.of(), parameters, List.of("rows")));
        assertEquals("TFX0502", missing.diagnostics().getFirst().code());
    }

    /** Of values that are computed; whole numbers, which may be indices, stay. */
    @Test
    void aRoundingReferenceMovesEveryElementToAFloatNextToIt() {
        Value third = define("third", List.of(t, e), Expr.TRUE, times(read(x, t, e), number(1 / 3.0)));
        Value whole = define("whole", List.of(t, e), Expr.TRUE, at(e));
        Program program = program(List.of(x), List.of(), third, whole);
        Map<String, Reference.Array> given =
                Map.of("x", new Reference.Array(new double[] {1, 2, 4}, new long[] {1, 1, D}));
        Map<String, Reference.Result> moved = Reference.rounding(program, name -> null, Sequential.INSTANCE, 1)
                .evaluate(given, Map.of(), List.of("third", "whole"));
        for (int i = 0; i < D; i++) {
            double element = moved.get("third").data()[i];
            float nearest = (float) (given.get("x").data()[i] / 3);
            assertEquals(Math.ulp(nearest), Math.abs(element - nearest), 0);
        }
        assertArrayEquals(new double[] {0, 1, 2}, moved.get("whole").data());
    }

    /** Whatever objects make up the program: a failing case's seed shows it again in another process. */
    @Test
    void aSeedMovesTheSameElementsOfEveryProgramBuiltAlike() {
        Map<String, Reference.Array> given =
                Map.of("x", new Reference.Array(new double[] {1, 2, 4}, new long[] {1, 1, D}));
        double[] first = null;
        for (int built = 0; built < 8; built++) {
            Expr body = number(0);
            for (int k = 3; k < 12; k++) {
                Value part = define("part", List.of(t, e), Expr.TRUE, times(read(x, t, e), number(1.0 / k)));
                body = minus(read(part, t, e), body);
            }
            Program program = program(List.of(x), List.of(), define("sum", List.of(t, e), Expr.TRUE, body));
            double[] moved = Reference.rounding(program, name -> null, Sequential.INSTANCE, 1)
                    .evaluate(given, Map.of(), List.of("sum"))
                    .get("sum")
                    .data();
            first = first == null ? moved : first;
            assertArrayEquals(first, moved);
        }
    }

    @Test
    void stacksAreReadByPart() {
        Value twice = define("twice", List.of(t, e), Expr.TRUE, times(number(2), read(x, t, e)));
        Value.Stack both = new Value.Stack("both", List.of(x, twice));
        Index l = new Index("l", Size.of(2));
        Value total = define("total", List.of(t, f), Expr.TRUE, sum(l, read(both, l, t, f)));
        double[] data = new Random(3).doubles(2 * D).toArray();
        Map<String, Reference.Result> results = Reference.evaluate(
                program(List.of(x), List.of(), total, both),
                Map.of("x", new Reference.Array(data, new long[] {1, 2, D})),
                name -> null,
                List.of("total", "both"));
        for (int k = 0; k < data.length; k++) {
            assertEquals(3 * data[k], results.get("total").data()[k], 1e-15);
            assertEquals(2 * data[k], results.get("both").data()[data.length + k]);
        }
        assertArrayEquals(new long[] {1, 2, 2, D}, results.get("both").shape());
    }

    @Test
    void errorFunctionMatchesTabulatedValues() {
        assertEquals(0.5204998778130465, Operators.erf(0.5), 1e-15);
        assertEquals(-0.8427007929497149, Operators.erf(-1), 1e-15);
        assertEquals(0.9999779095030014, Operators.erf(3), 1e-15);
        assertEquals(1, Operators.erf(7));
        assertEquals(0, Operators.erf(0));
    }
}
