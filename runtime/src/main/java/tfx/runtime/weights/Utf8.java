package tfx.runtime.weights;

import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Decodes UTF-8 as a stream and throws {@link java.nio.charset.CharacterCodingException} at what is not. */
final class Utf8 {
    private Utf8() {}

    /** A reader over fewer than 2^31 bytes. */
    static Reader strict(MemorySegment bytes) {
        ByteBuffer buffer = bytes.asByteBuffer();
        InputStream stream = new InputStream() {
            @Override
            public int read() {
                return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (!buffer.hasRemaining()) {
                    return length == 0 ? 0 : -1;
                }
                int count = Math.min(length, buffer.remaining());
                buffer.get(into, offset, count);
                return count;
            }
        };
        return new InputStreamReader(
                stream,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }
}
