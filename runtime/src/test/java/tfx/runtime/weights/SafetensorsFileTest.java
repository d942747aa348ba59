package tfx.runtime.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.runtime.weights.Bytes.fault;
import static tfx.runtime.weights.Bytes.file;
import static tfx.runtime.weights.Bytes.open;
import static tfx.runtime.weights.Bytes.raw;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            TFX0306 | {"a":
            TFX0306 | nonsense
            TFX0306 | {} {}
            TFX0307 | [1,2]
            TFX0307 | "text"
            TFX0307 | ` `
            TFX0307 | {"a":[[[[[[[[[[1]]]]]]]]]]}
            TFX0307 | {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}
            TFX0307 | {"a":{"dtype":"F32","shape":[1]}}
            TFX0307 | {"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}
            TFX0307 | {"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}
            TFX0307 | {"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}
            TFX0307 | {"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}
            TFX0309 | {"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
            TFX0309 | {"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}
            TFX0309 | {"__metadata__":{"k":"1","k":"2"}}
            TFX0310 | {"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}
            TFX0311 | {"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}
            TFX0312 | {"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}
            TFX0312 | {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}
            TFX0313 | {"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}
            TFX0313 | {"a":{"dtype":"F32","shape":[0,4294967296,4294967296,4],"data_offsets":[0,0]}}
            TFX0314 | {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}
            TFX0314 | {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}
            TFX0314 | {"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}
            TFX0314 | {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}
            TFX0315 | {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
            TFX0316 | {}
            TFX0316 | {"a":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}}
            TFX0316 | {"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}}
            TFX0317 | {"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}}
            TFX0318 | {"__metadata__":{"k":1}}
            TFX0318 | {"__metadata__":[[[[[[[[[[[[]]]]]]]]]]]]}
            """)
    void eachFaultOfAHeaderOverFourBytesHasItsCode(String code, String header) {
        assertTrue(fault(code, () -> open(file(header, 4))).contains("test.safetensors"));
    }

    @Test
    void theFramesOfTheFileAreChecked() {
        fault("TFX0302", () -> open(new byte[7]));
        fault("TFX0302", () -> open(new byte[0]));
        fault("TFX0303", () -> open(raw(100_000_001, new byte[2], 0)));
        fault("TFX0304", () -> open(raw(3, "{}".getBytes(StandardCharsets.UTF_8), 0)));
        fault("TFX0319", () -> open(raw(-1, new byte[2], 0)));
        fault("TFX0305", () -> open(file(new byte[] {'{', '"', (byte) 0xc3, '(', '"'}, 0)));
        fault("TFX0305", () -> open(file(new byte[] {'{', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}, 0)));
        fault("TFX0301", () -> SafetensorsFile.open(Path.of("no", "such.safetensors")));
        fault("TFX0301", () -> SafetensorsFile.open(Path.of(".")));
    }

    @Test
    void aMessageNamesTensorAndBothSidesAndFitsAScreen() {
        String message = fault(
                "TFX0314", () -> open(file("{\"w\":{\"dtype\":\"F32\",\"shape\":[3,5],\"data_offsets\":[0,4]}}", 4)));
        for (String part : List.of("\"w\"", "F32[3, 5]", "60 bytes", "[0, 4]", "mend:")) {
            assertTrue(message.contains(part), message);
        }
        String hostile = fault("TFX0307", () -> open(file("{\"" + "x\\u001b".repeat(9000) + "\":1}", 4)));
        assertTrue(hostile.length() < 2000 && hostile.indexOf('\u001b') < 0, hostile);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[",
                "{\"a\":",
                "{\"__metadata__\":{\"k\":\"v\"},\"a\":[",
                "1",
                " ",
                "{\"a\":{\"shape\":[1,1",
                "\"x"
            })
    void aHeaderOfFortyMillionHostileBytesIsRefusedSoon(String unit) {
        byte[] header = unit.repeat(1 + 40_000_000 / unit.length()).getBytes(StandardCharsets.UTF_8);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> Bytes.anyFault(() -> open(file(header, 4))));
    }

    @Test
    void tooManyTensorsAreRefusedAndAnEndlessNameToo() {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{}");
        for (int i = 0; i < 200_001; i++) {
            header.append(",\"").append(i).append("\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        }
        fault("TFX0335", () -> open(file(header + "}", 0)));
        fault("TFX0308", () -> open(file("{\"" + "x".repeat(70_000) + "\":1}", 0)));
    }

    @Test
    void elementsOfEveryTypeAreReadAsTheyLie() {
        String header = """
                {"bf":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"h":{"dtype":"F16","shape":[],"data_offsets":[4,6]},
                "u":{"dtype":"U8","shape":[1],"data_offsets":[6,7]},"d":{"dtype":"F64","shape":[1,1],"data_offsets":[7,15]},
                "i":{"dtype":"I32","shape":[1],"data_offsets":[15,19]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[19,19]},
                "__metadata__":{"format":"pt"}}""";
        byte[] bytes = file(header, 19);
        ByteBuffer.wrap(bytes, bytes.length - 19, 19)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 0x3fc0)
                .putShort((short) 0xc000)
                .putShort((short) 0x3c01)
                .put((byte) 200)
                .putDouble(Math.PI)
                .putInt(-7);
        SafetensorsFile file = open(bytes);
        assertArrayEquals(new float[] {1.5f, -2f}, file.find("bf").orElseThrow().toFloats());
        assertArrayEquals(
                new double[] {1 + 1.0 / 1024}, file.find("h").orElseThrow().toDoubles());
        assertEquals(200, file.find("u").orElseThrow().getAsLong(0));
        assertEquals(Math.PI, file.find("d").orElseThrow().getAsDouble(0));
        assertArrayEquals(new long[] {-7}, file.find("i").orElseThrow().toLongs());
        assertEquals(0, file.find("none").orElseThrow().elementCount());
        assertEquals(Map.of("format", "pt"), file.metadata());
        assertEquals("none", file.nearest("nome").orElseThrow());
    }

    @Test
    void aFileBeyondTwoGibibytesIsMapped(@TempDir Path folder) throws IOException {
        long count = 3L << 30;
        byte[] head =
                file("{\"w\":{\"dtype\":\"U8\",\"shape\":[" + count + "],\"data_offsets\":[0," + count + "]}}", 0);
        Path path = folder.resolve("large.safetensors");
        try (RandomAccessFile out = new RandomAccessFile(path.toFile(), "rw")) {
            out.write(head);
            // Sparse: the length alone costs no blocks.
            out.setLength(head.length + count);
            out.seek(head.length + count - 1);
            out.write(42);
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            StoredTensor tensor = file.find("w").orElseThrow();
            assertEquals(42, tensor.getAsLong(count - 1));
            fault("TFX0332", tensor::toFloats);
        }
    }
}
