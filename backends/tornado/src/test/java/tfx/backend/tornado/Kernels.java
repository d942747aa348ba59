package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.UnaryOperator;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.compiler.schedule.Workers;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/** Runs single kernels on the emulated device. */
final class Kernels {
    static final Workers NO_WORKERS = new Workers() {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public void forEach(int parts, java.util.function.IntConsumer task) {
            for (int part = 0; part < parts; part++) {
                task.accept(part);
            }
        }
    };

    private Kernels() {}

    /** A function of every element. */
    static float[] map(float[] in, UnaryOperator<Expr> function) {
        Index i = new Index("i", Size.of(in.length));
        Value.Input x = new Value.Input("x", List.of(i.size()), Value.Kind.REAL);
        Expr body = function.apply(new Expr.Read(x, List.of(new Expr.At(i))));
        Value.Comprehension y = new Value.Comprehension("y", List.of(i), Expr.TRUE, body);
        try (TornadoBackend backend = TornadoBackend.emulated()) {
            var kernel = backend.compile(
                    new Kernel("y", y, List.of(x), List.of()),
                    List.of(new Layout(ElementType.F32, new long[] {1})),
                    ElementType.F32,
                    "t");
            Tensor from = tensor(backend, new long[] {in.length}, 1);
            Tensor to = tensor(backend, new long[] {in.length}, 1);
            MemorySegment.copy(in, 0, from.data(), ValueLayout.JAVA_FLOAT, 0, in.length);
            backend.memory().written(from);
            kernel.run(new Tensor[] {from}, to, new Step(1, 0, 1), NO_WORKERS);
            backend.finish();
            backend.memory().read(to);
            return to.data().asSlice(0, in.length * 4L).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /** Row-major memory for a tensor of so many sequences. */
    static Tensor tensor(TornadoBackend backend, long[] shape, int batch) {
        long size = Tensor.elements(shape);
        MemorySegment data =
                backend.memory().allocate(ElementType.F32, size * batch).data();
        return new Tensor(data, ElementType.F32, shape, Tensor.strides(shape), 0, batch == 1 ? 0 : size, 0, -1);
    }
}
