package tfx.equivalence;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.elaborate.Elaborator;
import tfx.compiler.names.Loader;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Modules;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.reference.Reference;
import tfx.source.Source;

/** A program with parameters and inputs, all of float32 numbers. */
public final class Case {
    public final Program program;
    final int batch;
    final int length;
    private final Map<String, float[]> parameters = new LinkedHashMap<>();
    private final Map<String, double[]> inputs = new LinkedHashMap<>();

    /**
     * @param spread parameters lie between minus and plus this
     * @param seed of parameters and inputs
     */
    public Case(Elaborated elaborated, int batch, int length, double spread, long seed) {
        this.program = elaborated.program();
        this.batch = batch;
        this.length = length;
        for (Value.Parameter parameter : program.parameters()) {
            // By its name, so that variants of one model that share a parameter have the same one.
            SplittableRandom random =
                    new SplittableRandom(seed * 31 + parameter.name().hashCode());
            float[] data = new float[count(parameter, 0)];
            for (int i = 0; i < data.length; i++) {
                data[i] = (float) random.nextDouble(-spread, spread);
            }
            parameters.put(parameter.name(), data);
        }
        SplittableRandom random = new SplittableRandom(seed);
        for (Value.Input input : program.inputs()) {
            double[] data = new double[batch * count(input, length)];
            long bound = elaborated.idBounds().getOrDefault(input.name(), 1L);
            for (int i = 0; i < data.length; i++) {
                data[i] =
                        input.kind() == Value.Kind.INTEGER ? random.nextLong(bound) : (float) random.nextDouble(-2, 2);
            }
            inputs.put(input.name(), data);
        }
    }

    /** The last model of a text, with the standard library in reach. */
    public static Elaborated elaborate(String text, Map<String, ?> arguments) {
        Loader loader = path -> path.equals("generated.tfx") ? Optional.of(new Source(path, text)) : Library.load(path);
        ModelRef model = ModelRef.of(new Modules(loader).load("generated.tfx"), Optional.empty());
        return Elaborator.elaborate(model, arguments);
    }

    private static int count(Value value, long length) {
        long count = 1;
        for (Size size : value.shape()) {
            count *= size.isConstant() ? size.constant() : size.evaluate(Map.of("t", length));
        }
        return Math.toIntExact(count);
    }

    /** The inputs' positions {@code from .. to} of the sequences {@code first .. first + sequences}. */
    Map<String, Reference.Array> given(int first, int sequences, int from, int to) {
        Map<String, Reference.Array> given = new LinkedHashMap<>();
        for (Value.Input input : program.inputs()) {
            int axis = input.shape().indexOf(Size.symbol("t"));
            long[] shape = new long[input.shape().size() + 1];
            shape[0] = sequences;
            for (int k = 1; k < shape.length; k++) {
                shape[k] = k - 1 == axis ? to - from : input.shape().get(k - 1).constant();
            }
            if (axis > 0) {
                throw new IllegalArgumentException("sequences come first: " + input);
            }
            double[] all = inputs.get(input.name());
            int each = all.length / batch;
            int row = axis < 0 ? each : each / length;
            int start = axis < 0 ? 0 : from * row;
            int taken = axis < 0 ? each : (to - from) * row;
            double[] data = new double[sequences * taken];
            for (int b = 0; b < sequences; b++) {
                System.arraycopy(all, (first + b) * each + start, data, b * taken, taken);
            }
            given.put(input.name(), new Reference.Array(data, shape));
        }
        return given;
    }

    public Function<String, Tensor> parameters() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Value.Parameter parameter : program.parameters()) {
            float[] data = parameters.get(parameter.name());
            MemorySegment memory = Arena.ofAuto().allocate(Math.max(4L, 4L * data.length), 64);
            MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_FLOAT, 0, data.length);
            long[] shape = parameter.shape().stream().mapToLong(Size::constant).toArray();
            tensors.put(
                    parameter.name(), new Tensor(memory, ElementType.F32, shape, Tensor.strides(shape), 0, 0, 0, -1));
        }
        return tensors::get;
    }

    /** One sequence's prefix as the plain evaluation takes it. */
    Map<Value, float[]> plain(int sequence, int to) {
        Map<Value, float[]> given = new LinkedHashMap<>();
        program.parameters().forEach(parameter -> given.put(parameter, parameters.get(parameter.name())));
        Map<String, Reference.Array> arrays = given(sequence, 1, 0, to);
        program.inputs().forEach(input -> {
            double[] data = arrays.get(input.name()).data();
            float[] floats = new float[data.length];
            for (int i = 0; i < data.length; i++) {
                floats[i] = (float) data[i];
            }
            given.put(input, floats);
        });
        return given;
    }

    @Override
    public String toString() {
        return "batch " + batch + ", length " + length + ", inputs " + Arrays.toString(inputs.get("tokens"));
    }
}
