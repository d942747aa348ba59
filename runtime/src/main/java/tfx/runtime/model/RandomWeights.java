package tfx.runtime.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.elaborate.Initial;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Size;

/**
 * Weights for a model that has none, drawn as its parameters' declarations say, off the heap. The same seed draws the same
 * numbers. They come from one block of draws for each distribution, which every parameter goes through from a place of its own:
 * billions are written at the speed of a copy.
 */
public final class RandomWeights implements AutoCloseable {
    /** A prime, so that the rows of no matrix repeat. */
    private static final int BLOCK = 999_983;

    /** The least standard deviation of {@link #lively} parameters. */
    private static final double LIVELY = 0.3;

    private static final int ALIGNMENT = 64;

    private final ElementType type;
    private final long seed;
    private final boolean lively;
    private final Arena arena = Arena.ofShared();
    private final Map<Initial, MemorySegment> blocks = new ConcurrentHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private RandomWeights(LoadedModel model, ElementType type, long seed, boolean lively) {
        this.type = type;
        this.seed = seed;
        this.lively = lively;
        Map<String, String> tied = model.tied();
        Map<String, Elaborated.ParameterInfo> parameters = model.elaborated().parameters();
        parameters.forEach((name, info) -> {
            if (!tied.containsKey(name)) {
                tensors.put(name, allocate(info));
            }
        });
        tensors.entrySet().parallelStream()
                .forEach(entry -> fill(entry.getKey(), entry.getValue(), parameters.get(entry.getKey())));
        tied.forEach((name, holder) -> tensors.put(name, tensors.get(holder)));
    }

    /**
     * Parameters as they are declared: norms at one, biases at zero, matrices as they say.
     *
     * @param type F32, F16 or BF16
     */
    public static RandomWeights declared(LoadedModel model, ElementType type, long seed) {
        return new RandomWeights(model, type, seed, false);
    }

    /** Parameters of which none is constant and none so small that what it scales goes unnoticed: for comparing engines. */
    public static RandomWeights lively(LoadedModel model, ElementType type, long seed) {
        return new RandomWeights(model, type, seed, true);
    }

    /** The tensor of a parameter, row-major. */
    public Tensor tensor(String parameter) {
        return tensors.get(parameter);
    }

    /** How much memory they take. */
    public long bytes() {
        return tensors.values().stream()
                .map(Tensor::data)
                .distinct()
                .mapToLong(MemorySegment::byteSize)
                .sum();
    }

    private Tensor allocate(Elaborated.ParameterInfo info) {
        long[] shape = info.value().shape().stream().mapToLong(Size::constant).toArray();
        long elements = Tensor.elements(shape);
        MemorySegment data = arena.allocate(Math.multiplyExact(Math.max(1, elements), type.bytes()), ALIGNMENT);
        return new Tensor(data, type, shape, Tensor.strides(shape), 0, 0, 0, -1);
    }

    private void fill(String name, Tensor tensor, Elaborated.ParameterInfo info) {
        MemorySegment block = blocks.computeIfAbsent(info.initial(), this::block);
        MemorySegment data = tensor.data();
        long from = new SplittableRandom(seed + name.hashCode()).nextInt(BLOCK) * (long) type.bytes();
        for (long at = 0; at < data.byteSize(); ) {
            long length = Math.min(block.byteSize() - from, data.byteSize() - at);
            MemorySegment.copy(block, from, data, at, length);
            at += length;
            from = 0;
        }
    }

    private MemorySegment block(Initial initial) {
        SplittableRandom random = new SplittableRandom(seed);
        double value = initial.value();
        DoubleSupplier draw = switch (initial.rule()) {
            case CONSTANT -> lively ? () -> value + LIVELY * random.nextGaussian() : () -> value;
            case NORMAL -> {
                double deviation = lively ? Math.max(LIVELY, value) : value;
                yield () -> deviation * random.nextGaussian();
            }
            case UNIFORM -> {
                double bound = lively ? Math.max(2 * LIVELY, value) : value;
                yield () -> bound * (2 * random.nextDouble() - 1);
            }
        };
        MemorySegment block = arena.allocate((long) BLOCK * type.bytes(), ALIGNMENT);
        for (long i = 0; i < BLOCK; i++) {
            store(block, i, (float) draw.getAsDouble());
        }
        return block;
    }

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private void store(MemorySegment block, long at, float value) {
        switch (type) {
            case F32 -> block.setAtIndex(FLOAT, at, value);
            case F16 -> block.setAtIndex(HALF, at, Float.floatToFloat16(value));
            case BF16 -> {
                // Rounded to the nearest, halves to even.
                int bits = Float.floatToRawIntBits(value);
                block.setAtIndex(HALF, at, (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16));
            }
            default -> throw new IllegalArgumentException("random weights of type " + type);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
