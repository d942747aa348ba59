package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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

/** Rows that are scaled by what is computed of all their elements, on the emulated device. */
class RowSumTest {
    private static final Pattern GROUP = Pattern.compile("allocateFloatLocalArray\\((\\d+)\\)");

    /** What is computed of a row, in the language's terms and in Java's. */
    private enum Norm {
        RMS,
        LAYER,
        SOFTMAX;

        Expr element(Value x, Index t, Index c, Index j, Index k) {
            Expr.Read at = Exprs.read(x, t, c);
            Expr length = new Expr.Length(j.size());
            return switch (this) {
                case RMS -> Exprs.div(at, Exprs.sum(j, Expr.TRUE, Exprs.mul(Exprs.read(x, t, j), Exprs.read(x, t, j))));
                case LAYER -> {
                    Expr mean = Exprs.div(Exprs.sum(j, Expr.TRUE, Exprs.read(x, t, j)), length);
                    Expr apart = Exprs.sub(Exprs.read(x, t, k), mean);
                    yield Exprs.div(Exprs.sub(at, mean), Exprs.sum(k, Expr.TRUE, Exprs.mul(apart, apart)));
                }
                case SOFTMAX -> {
                    Expr most = Exprs.max(j, Expr.TRUE, Exprs.read(x, t, j));
                    Expr.UnaryOp exp = Expr.UnaryOp.EXP;
                    yield Exprs.div(
                            Exprs.unary(exp, Exprs.sub(at, most)),
                            Exprs.sum(k, Expr.TRUE, Exprs.unary(exp, Exprs.sub(Exprs.read(x, t, k), most))));
                }
            };
        }

        double[] row(double[] x) {
            double mean = Arrays.stream(x).average().orElseThrow();
            double total = switch (this) {
                case RMS -> Arrays.stream(x).map(v -> v * v).sum();
                case LAYER -> Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum();
                case SOFTMAX -> Arrays.stream(x).map(Math::exp).sum();
            };
            return Arrays.stream(x)
                    .map(v -> (this == SOFTMAX ? Math.exp(v) : this == LAYER ? v - mean : v) / total)
                    .toArray();
        }
    }

    /** Columns that items share evenly, and columns that they do not, of rows that a warp has to itself and of longer ones; a row that is too long to hold. */
    static Stream<Arguments> norms() {
        return Stream.of(3, 8, 30, 64, 70, 4096)
                .flatMap(columns -> Arrays.stream(Norm.values()).map(norm -> Arguments.of(norm, columns)));
    }

    @ParameterizedTest
    @MethodSource("norms")
    void rowsAreScaledByWhatTheyAre(Norm norm, int columns) {
        int rows = 5;
        Index t = new Index("t", Size.symbol("t"));
        Index c = new Index("c", Size.of(columns));
        Value.Input x = new Value.Input("x", List.of(t.size(), c.size()), Value.Kind.REAL);
        Expr body = norm.element(x, t, c, new Index("j", c.size()), new Index("k", c.size()));
        Value.Comprehension y = new Value.Comprehension("y", List.of(t, c), Expr.TRUE, body);
        float[] given = new float[rows * columns];
        for (int i = 0; i < given.length; i++) {
            given[i] = (float) Math.sin(i * 1.7) * 2;
        }
        try (TornadoBackend backend = TornadoBackend.emulated()) {
            CompiledKernel kernel = backend.compile(
                    new Kernel("y", y, List.of(x), List.of()),
                    List.of(new Layout(ElementType.F32, new long[] {columns, 1})),
                    ElementType.F32,
                    "t");
            Tensor from = Kernels.tensor(backend, new long[] {rows, columns}, 1);
            Tensor to = Kernels.tensor(backend, new long[] {rows, columns}, 1);
            MemorySegment.copy(given, 0, from.data(), ValueLayout.JAVA_FLOAT, 0, given.length);
            backend.memory().written(from);
            kernel.run(new Tensor[] {from}, to, new Step(1, 0, rows), Kernels.NO_WORKERS);
            backend.finish();
            backend.memory().read(to);
            for (int r = 0; r < rows; r++) {
                double[] row = new double[columns];
                for (int k = 0; k < columns; k++) {
                    row[k] = given[r * columns + k];
                }
                double[] expected = norm.row(row);
                for (int k = 0; k < columns; k++) {
                    float found = to.data().getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * columns + k);
                    assertEquals(expected[k], found, 1e-5 * Math.max(1, Math.abs(expected[k])), r + " " + k);
                }
            }
            Matcher group = GROUP.matcher(kernel.source());
            if (columns == 64 && group.find()) {
                int each = columns / Integer.parseInt(group.group(1));
                assertEquals(each, kernel.source().split("s0\\.get\\(", -1).length - 1, kernel.source());
            }
        }
    }
}
