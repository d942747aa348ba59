package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.backend.tornado.emulator.BFloat16;
import tfx.compiler.schedule.Backend.CompiledKernel;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * Two products of a row with matrices, multiplied: columns and depths around those of a group, matrices in words and in elements, whose
 * columns lie one behind another and side by side; and a row's factor with a sum of its own.
 */
class RowProductsTest {
    @ParameterizedTest
    @CsvSource({
        "32, 2, 1, BF16, true, false, false",
        "64, 7, 2, BF16, true, false, false",
        "160, 3, 2, BF16, true, false, false",
        "48, 9, 1, BF16, true, false, false",
        "192, 9, 2, BF16, true, false, false",
        "64, 7, 2, BF16, true, false, true",
        "4, 2, 1, F32, false, false, true",
        "224, 5, 1, BF16, true, false, false",
        "36, 5, 2, BF16, false, false, false",
        "64, 7, 1, F32, false, false, false",
        "12, 6, 2, F32, false, false, false",
        "32, 4, 1, BF16, true, true, false",
        "7, 20, 2, BF16, true, true, false",
        "33, 36, 2, BF16, true, true, false",
        "16, 64, 1, BF16, true, true, false",
        "16, 6, 2, BF16, false, true, false",
        "64, 7, 1, F32, false, true, false",
        "5, 12, 2, F32, false, true, false"
    })
    void meansTheSumOfProducts(
            int depth, int width, int batch, ElementType type, boolean words, boolean beside, boolean scaled) {
        Index t = new Index("t", Size.symbol("t"));
        Index o = new Index("o", Size.of(width));
        Index i = new Index("i", Size.of(depth));
        Index j = new Index("j", Size.of(depth));
        Value.Input x = new Value.Input("x", List.of(t.size(), i.size()), Value.Kind.REAL);
        Value.Parameter a =
                new Value.Parameter("a", beside ? List.of(i.size(), o.size()) : List.of(o.size(), i.size()));
        Value.Parameter b =
                new Value.Parameter("b", beside ? List.of(i.size(), o.size()) : List.of(o.size(), i.size()));
        Index k = new Index("k", Size.of(3));
        Expr row = Exprs.read(x, t, i);
        if (scaled) {
            row = Exprs.mul(row, Exprs.sum(k, Expr.TRUE, Exprs.read(x, t, k)));
        }
        Expr left = Exprs.sum(i, Expr.TRUE, Exprs.mul(row, beside ? Exprs.read(a, i, o) : Exprs.read(a, o, i)));
        Expr right = Exprs.sum(
                j, Expr.TRUE, Exprs.mul(Exprs.read(x, t, j), beside ? Exprs.read(b, j, o) : Exprs.read(b, o, j)));
        Value.Comprehension y = new Value.Comprehension("y", List.of(t, o), Expr.TRUE, Exprs.mul(left, right));
        Random random = new Random(depth + width);
        try (TornadoBackend backend = TornadoBackend.emulated();
                Arena arena = Arena.ofConfined()) {
            long[] shape = beside ? new long[] {depth, width} : new long[] {width, depth};
            long[] matrix = Tensor.strides(shape);
            long[] rows = {depth, 1};
            CompiledKernel kernel = backend.compile(
                    new Kernel("y", y, List.of(x, a, b), List.of()),
                    List.of(new Layout(ElementType.F32, rows), new Layout(type, matrix), new Layout(type, matrix)),
                    ElementType.F32,
                    "t");
            assertEquals(words, kernel.source().contains("LongArray"), kernel::source);
            float[][] weights = {new float[width * depth], new float[width * depth]};
            Tensor[] resident = new Tensor[2];
            for (int n = 0; n < 2; n++) {
                MemorySegment data = arena.allocate((long) width * depth * type.bytes());
                for (int m = 0; m < width * depth; m++) {
                    short bits = BFloat16.bf16FromFloat(random.nextFloat() - 0.5f);
                    weights[n][m] = BFloat16.bf16ToFloat(bits);
                    if (type == ElementType.BF16) {
                        data.setAtIndex(ValueLayout.JAVA_SHORT, m, bits);
                    } else {
                        data.setAtIndex(ValueLayout.JAVA_FLOAT, m, weights[n][m]);
                    }
                }
                resident[n] = backend.memory().resident(new Tensor(data, type, shape, matrix, 0, 0, 0, -1));
            }
            Tensor from = Kernels.tensor(backend, new long[] {1, depth}, batch);
            Tensor to = Kernels.tensor(backend, new long[] {1, width}, batch);
            float[] values = new float[batch * depth];
            for (int n = 0; n < values.length; n++) {
                values[n] = random.nextFloat() - 0.5f;
            }
            MemorySegment.copy(values, 0, from.data(), ValueLayout.JAVA_FLOAT, 0, values.length);
            backend.memory().written(from);
            kernel.run(new Tensor[] {from, resident[0], resident[1]}, to, new Step(batch, 0, 1), Kernels.NO_WORKERS);
            backend.finish();
            backend.memory().read(to);
            for (int s = 0; s < batch; s++) {
                for (int c = 0; c < width; c++) {
                    double scale = scaled ? sum(values, s * depth, 3) : 1;
                    double expected = scale
                            * dot(values, s, depth, weights[0], c, matrix, beside)
                            * dot(values, s, depth, weights[1], c, matrix, beside);
                    float found = to.data().getAtIndex(ValueLayout.JAVA_FLOAT, (long) s * width + c);
                    assertTrue(Math.abs(found - expected) < 1e-5, "column " + c + " of " + s + ": " + found);
                }
            }
        }
    }

    private static double sum(float[] values, int first, int count) {
        double sum = 0;
        for (int n = first; n < first + count; n++) {
            sum += values[n];
        }
        return sum;
    }

    private static double dot(
            float[] rows, int row, int depth, float[] matrix, int column, long[] strides, boolean beside) {
        double sum = 0;
        for (int k = 0; k < depth; k++) {
            long at = beside ? k * strides[0] + column : column * strides[0] + k;
            sum += (double) rows[row * depth + k] * matrix[(int) at];
        }
        return sum;
    }
}
