package tfx.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** Runs one comprehension on random tensors through the backend, on one and on two threads, and through {@link Evaluator}. */
final class Check {
    private static final CpuBackend BACKEND = new CpuBackend();
    private static final PoolWorkers ONE = new PoolWorkers(1);
    private static final PoolWorkers TWO = new PoolWorkers(2);

    private final Value.Comprehension kernel;
    private final int length;
    private final int batch;
    ElementType type = ElementType.F32;
    boolean transposed;

    Check(Value.Comprehension kernel, int length, int batch) {
        this.kernel = kernel;
        this.length = length;
        this.batch = batch;
    }

    void run(long start, double tolerance) {
        Random random = new Random(7);
        Set<Value> values = new LinkedHashSet<>();
        collect(kernel.domain(), values);
        collect(kernel.body(), values);
        List<Value> operands = new ArrayList<>(values);
        List<Layout> layouts = new ArrayList<>();
        Tensor[] tensors = new Tensor[operands.size()];
        for (int i = 0; i < tensors.length; i++) {
            Value v = operands.get(i);
            boolean weight = v instanceof Value.Parameter;
            tensors[i] = tensor(
                    v.shape().stream()
                            .mapToLong(s -> s.evaluate(Map.of("t", (long) length)))
                            .toArray(),
                    weight ? type : ElementType.F32,
                    weight ? 1 : batch,
                    weight && transposed,
                    0);
            for (long e = 0;
                    e < tensors[i].data().byteSize() / tensors[i].type().bytes();
                    e++) {
                Memory.put(
                        tensors[i].type().ordinal(),
                        tensors[i].data().address() + e * tensors[i].type().bytes(),
                        (float) random.nextGaussian());
            }
            layouts.add(new Layout(tensors[i].type(), tensors[i].strides()));
        }
        long[] shape = kernel.shape().stream()
                .mapToLong(s -> s.evaluate(Map.of("t", (long) length)))
                .toArray();
        shape[0] -= start;
        var compiled = BACKEND.compile(new Kernel("test", kernel, operands, List.of()), layouts, ElementType.F32, "t");
        float[] one = output(compiled, tensors, shape, start, ONE);
        assertArrayEquals(one, output(compiled, tensors, shape, start, TWO));
        Evaluator evaluator = new Evaluator(operands, tensors, length);
        int n = 0;
        double scale = 0;
        double[] expected = new double[one.length];
        for (int b = 0; b < batch; b++) {
            long cells = one.length / batch;
            for (long cell = 0; cell < cells; cell++) {
                evaluator.batch = b;
                long rest = cell;
                for (int d = shape.length - 1; d >= 0; d--) {
                    evaluator.indices.put(kernel.indices().get(d), rest % shape[d] + (d == 0 ? start : 0));
                    rest /= shape[d];
                }
                expected[n] = evaluator.evaluate(kernel.body());
                scale = Math.max(scale, Math.abs(expected[n++]));
            }
        }
        for (int i = 0; i < n; i++) {
            assertEquals(expected[i], one[i], tolerance * Math.max(scale, 1), () -> compiled.source());
        }
    }

    private float[] output(
            tfx.compiler.schedule.Backend.CompiledKernel compiled,
            Tensor[] operands,
            long[] shape,
            long start,
            PoolWorkers workers) {
        Tensor out = tensor(shape, ElementType.F32, batch, false, start);
        compiled.run(operands, out, new Step(batch, start, length), workers);
        return out.data().toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
    }

    private static Tensor tensor(long[] shape, ElementType type, int batch, boolean transposed, long origin) {
        long[] strides = new long[shape.length];
        long size = 1;
        for (int k = 0; k < shape.length; k++) {
            int d = transposed ? k : shape.length - 1 - k;
            strides[d] = size;
            size *= shape[d];
        }
        MemorySegment data = Arena.ofAuto().allocate(size * batch * type.bytes(), 64);
        return new Tensor(data, type, shape, strides, 0, batch == 1 ? 0 : size, origin, origin == 0 ? -1 : 0);
    }

    private static void collect(Expr expr, Set<Value> values) {
        if (expr instanceof Expr.Read r) {
            values.add(r.value());
        }
        Analysis.parts(expr).forEach(part -> collect(part, values));
    }

    static Index index(String name, long size) {
        return new Index(name, tfx.ir.Size.of(size));
    }
}
