package tfx.runtime.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.function.Executable;
import tfx.source.TfxException;

/** Builds safetensors files byte by byte. */
final class Bytes {
    private Bytes() {}

    static byte[] file(byte[] header, int dataBytes) {
        return raw(header.length, header, dataBytes);
    }

    static byte[] file(String header, int dataBytes) {
        return file(header.getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    static byte[] raw(long length, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(8 + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .array();
    }

    static SafetensorsFile open(byte[] file) {
        return SafetensorsFile.of("test.safetensors", MemorySegment.ofArray(file));
    }

    /** A one-tensor file of two floats in {@code folder}. */
    static Path shard(Path folder, String name, String tensor) throws IOException {
        String header = "{\"" + tensor + "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        return Files.write(folder.resolve(name), file(header, 8));
    }

    /** Runs what must fail with that code, and gives its message. */
    static String fault(String code, Executable action) {
        TfxException e = assertThrows(TfxException.class, action);
        assertEquals(code, e.diagnostics().getFirst().code(), e.getMessage());
        return e.getMessage();
    }

    /** Runs what must fail with some code of a weights file. */
    static void anyFault(Executable action) {
        TfxException e = assertThrows(TfxException.class, action);
        assertTrue(e.diagnostics().getFirst().code().startsWith("TFX03"), e.getMessage());
    }
}
