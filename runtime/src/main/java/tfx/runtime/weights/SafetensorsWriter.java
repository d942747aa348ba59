package tfx.runtime.weights;

import static tfx.runtime.weights.Faults.fault;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Writes safetensors files, each complete or not at all ({@link WholeFile}).
 */
public final class SafetensorsWriter {
    private static final long CHUNK = 1L << 26;
    private static final JsonFactory JSON = new JsonFactory();

    private SafetensorsWriter() {}

    /**
     * One tensor to write.
     *
     * @param shape dimensions, outermost first
     * @param data gives the elements, row-major and little endian, when their turn comes; called once
     */
    public record Entry(String name, DType dtype, long[] shape, Supplier<MemorySegment> data) {
        /** A tensor as it lies in another file. */
        public static Entry of(StoredTensor tensor) {
            return new Entry(tensor.name(), tensor.dtype(), tensor.shape(), tensor::data);
        }

        public static Entry floats(String name, long[] shape, float[] values) {
            return new Entry(
                    name, DType.F32, shape, () -> little(values.length * 4L, MemorySegment.ofArray(values), 4));
        }

        public static Entry doubles(String name, long[] shape, double[] values) {
            return new Entry(
                    name, DType.F64, shape, () -> little(values.length * 8L, MemorySegment.ofArray(values), 8));
        }

        public static Entry longs(String name, long[] shape, long[] values) {
            return new Entry(
                    name, DType.I64, shape, () -> little(values.length * 8L, MemorySegment.ofArray(values), 8));
        }

        /** The heap array itself on a little-endian machine, else a swapped copy. */
        private static MemorySegment little(long bytes, MemorySegment array, int width) {
            if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
                return array;
            }
            byte[] swapped = array.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
            for (int at = 0; at < swapped.length; at += width) {
                for (int i = 0; i < width / 2; i++) {
                    byte held = swapped[at + i];
                    swapped[at + i] = swapped[at + width - 1 - i];
                    swapped[at + width - 1 - i] = held;
                }
            }
            return MemorySegment.ofArray(swapped);
        }

        long byteSize() {
            long size = dtype.bytes();
            for (long dim : shape) {
                size = Math.multiplyExact(size, dim);
            }
            return size;
        }
    }

    /**
     * Writes the file, replacing one that is there.
     *
     * @throws tfx.source.TfxException TFX0330 where the file cannot be written; nothing is left behind
     * @throws IllegalArgumentException where names repeat or an entry's data does not match its shape
     */
    public static void write(Path target, Map<String, String> metadata, List<Entry> entries) {
        byte[] header = header(metadata, entries);
        try {
            WholeFile.write(target, out -> {
                ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
                WholeFile.all(out, length.putLong(header.length).flip());
                WholeFile.all(out, ByteBuffer.wrap(header));
                for (Entry entry : entries) {
                    writeData(out, entry);
                }
            });
        } catch (IOException e) {
            throw fault(
                    "TFX0330",
                    target.toString(),
                    "the file cannot be written: " + Faults.reason(e),
                    "check the folder, its permissions and the free space");
        }
    }

    private static void writeData(FileChannel out, Entry entry) throws IOException {
        MemorySegment data = entry.data.get();
        if (data.byteSize() != entry.byteSize()) {
            throw new IllegalArgumentException(
                    entry.name + ": " + data.byteSize() + " bytes given, " + entry.byteSize() + " expected");
        }
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            MemorySegment part = data.asSlice(at, Math.min(CHUNK, data.byteSize() - at));
            WholeFile.all(out, ByteBuffer.wrap(part.toArray(ValueLayout.JAVA_BYTE)));
        }
    }

    /** The JSON header, padded with blanks so that the data begins at a multiple of eight bytes. */
    private static byte[] header(Map<String, String> metadata, List<Entry> entries) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            if (!metadata.isEmpty()) {
                out.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> text : metadata.entrySet()) {
                    out.writeStringField(text.getKey(), text.getValue());
                }
                out.writeEndObject();
            }
            long at = 0;
            for (Entry entry : entries) {
                if (!names.add(entry.name) || entry.name.equals("__metadata__")) {
                    throw new IllegalArgumentException("the name " + entry.name + " is taken");
                }
                long end = Math.addExact(at, entry.byteSize());
                out.writeObjectFieldStart(entry.name);
                out.writeStringField("dtype", entry.dtype.name());
                out.writeFieldName("shape");
                out.writeArray(entry.shape, 0, entry.shape.length);
                out.writeFieldName("data_offsets");
                out.writeArray(new long[] {at, end}, 0, 2);
                out.writeEndObject();
                at = end;
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new IllegalArgumentException("a name or metadata text cannot be written as UTF-8", e);
        }
        while (bytes.size() % 8 != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }
}
