package tfx.runtime.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Size;

/** Parameters that no weights hold, drawn as their declarations say, in float32. Equal seeds and paths draw equal numbers. */
final class InitialValues implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final long seed;
    private final Arena arena = Arena.ofShared();

    InitialValues(long seed) {
        this.seed = seed;
    }

    /** A row-major tensor of the parameter's shape. */
    Tensor draw(Elaborated.ParameterInfo parameter) {
        long[] shape =
                parameter.value().shape().stream().mapToLong(Size::constant).toArray();
        long elements = Tensor.elements(shape);
        MemorySegment data = arena.allocate(Math.multiplyExact(elements, (long) Float.BYTES), Float.BYTES);
        DoubleSupplier next = rule(parameter);
        for (long i = 0; i < elements; i++) {
            data.setAtIndex(FLOAT, i, (float) next.getAsDouble());
        }
        return new Tensor(data, ElementType.F32, shape, Tensor.strides(shape), 0, 0, 0, -1);
    }

    private DoubleSupplier rule(Elaborated.ParameterInfo parameter) {
        SplittableRandom random =
                new SplittableRandom(seed * 31 + parameter.value().name().hashCode());
        double value = parameter.initial().value();
        return switch (parameter.initial().rule()) {
            case CONSTANT -> () -> value;
            case NORMAL -> () -> value * random.nextGaussian();
            case UNIFORM -> () -> value * (2 * random.nextDouble() - 1);
        };
    }

    @Override
    public void close() {
        arena.close();
    }
}
