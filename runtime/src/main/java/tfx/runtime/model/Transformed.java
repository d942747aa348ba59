package tfx.runtime.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tfx.compiler.elaborate.Binding;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.runtime.reference.Reference;
import tfx.runtime.weights.DType;
import tfx.runtime.weights.SafetensorsWriter;

/** An official tensor whose parameters a model's transforms give, computed in float64 when it is written. */
record Transformed(LoadedModel model, DType dtype, long[] shape) {
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * The tensor as an entry of a file.
     *
     * @param paths the parameters that lie in it
     * @param bindings where
     */
    SafetensorsWriter.Entry entry(String name, List<String> paths, Map<String, Binding> bindings) {
        return new SafetensorsWriter.Entry(name, dtype, shape, () -> data(paths, bindings));
    }

    private MemorySegment data(List<String> paths, Map<String, Binding> bindings) {
        long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        MemorySegment data = Arena.ofAuto().allocate(Math.multiplyExact(elements, (long) dtype.bytes()));
        for (String path : paths) {
            put(value(path), bindings.get(path), data);
        }
        return data;
    }

    private Reference.Result value(String path) {
        Value value = model.elaborated().transformed().get(path);
        if (value == null) {
            value = model.elaborated().parameters().get(path).value();
        }
        Program program = new Program(List.of(), model.program().parameters(), Map.of(path, value), Map.of(), null);
        return Reference.evaluate(program, Map.of(), model::parameter, List.of(path))
                .get(path);
    }

    /** The elements row-major into the places that the binding gives them. */
    private void put(Reference.Result value, Binding binding, MemorySegment data) {
        long[] extents = value.shape();
        long[] index = new long[extents.length];
        long at = binding.offset();
        for (double element : value.data()) {
            store(data, at, element);
            for (int k = extents.length - 1; k >= 0; k--) {
                at += binding.strides()[k];
                if (++index[k] < extents[k]) {
                    break;
                }
                at -= index[k] * binding.strides()[k];
                index[k] = 0;
            }
        }
    }

    private void store(MemorySegment data, long at, double value) {
        switch (dtype) {
            case F64 -> data.setAtIndex(F64, at, value);
            case F32 -> data.setAtIndex(F32, at, (float) value);
            case F16 -> data.setAtIndex(I16, at, Float.floatToFloat16((float) value));
            case BF16 -> data.setAtIndex(I16, at, bfloat16((float) value));
            default -> throw new IllegalStateException("weights of type " + dtype);
        }
    }

    /** Rounded to the nearest, halves to even; not a number stays one. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
