package tfx.runtime.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tfx.fuzz.SafetensorsFuzz;
import tfx.runtime.weights.SafetensorsWriter.Entry;
import tfx.source.TfxException;

class SafetensorsPropertyTest {
    private static final byte[] SAMPLE = Bytes.file("""
            {"__metadata__":{"format":"pt","k":"v"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
            "b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},"é":{"dtype":"I64","shape":[1],"data_offsets":[26,34]}}""", 34);

    private record Drawn(String name, DType dtype, long[] shape, byte[] data) {}

    @Provide
    Arbitrary<List<Drawn>> tensors() {
        Arbitrary<long[]> shapes =
                Arbitraries.longs().between(0, 7).array(long[].class).ofMaxSize(4);
        Arbitrary<String> names = Arbitraries.strings()
                .ofMaxLength(12)
                .filter(s -> StandardCharsets.UTF_8.newEncoder().canEncode(s) && !s.equals("__metadata__"));
        Arbitrary<Drawn> tensor = Combinators.combine(names, Arbitraries.of(DType.class), shapes, Arbitraries.longs())
                .as((name, dtype, shape, seed) -> {
                    int bytes = dtype.bytes();
                    for (long dim : shape) {
                        bytes = Math.toIntExact(bytes * dim);
                    }
                    byte[] data = new byte[bytes];
                    new Random(seed).nextBytes(data);
                    return new Drawn(name, dtype, shape, data);
                });
        return tensor.list().ofMaxSize(6).uniqueElements(Drawn::name);
    }

    @Property(tries = 100)
    void whatIsWrittenIsReadBack(@ForAll("tensors") List<Drawn> drawn) throws IOException {
        Path folder = Files.createTempDirectory("tfx-write");
        Path path = folder.resolve("out.safetensors");
        List<Entry> entries = new ArrayList<>();
        drawn.forEach(d -> entries.add(new Entry(d.name, d.dtype, d.shape, () -> MemorySegment.ofArray(d.data))));
        try {
            SafetensorsWriter.write(path, Map.of("k \"é\"", "v\n"), entries);
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                assertEquals(drawn.stream().map(Drawn::name).toList(), List.copyOf(file.names()));
                assertEquals(Map.of("k \"é\"", "v\n"), file.metadata());
                for (Drawn d : drawn) {
                    StoredTensor tensor = file.find(d.name).orElseThrow();
                    assertEquals(d.dtype, tensor.dtype());
                    assertArrayEquals(d.shape, tensor.shape());
                    assertArrayEquals(d.data, tensor.data().toArray(ValueLayout.JAVA_BYTE));
                }
            }
            assertEquals(List.of("out.safetensors"), list(folder));
        } finally {
            Files.deleteIfExists(path);
            Files.delete(folder);
        }
    }

    @Property(tries = 3000)
    void mutatedFilesAreReadOrRefused(@ForAll @Size(min = 1, max = 6) List<Integer> at, @ForAll long seed) {
        byte[] bytes = SAMPLE.clone();
        Random random = new Random(seed);
        String likely = "{}[]\",:0123456789-.eE\\uF\u0000\u007f \n";
        for (int place : at) {
            int index = Math.floorMod(place, bytes.length);
            bytes[index] = random.nextBoolean()
                    ? (byte) random.nextInt(256)
                    : (byte) likely.charAt(random.nextInt(likely.length()));
        }
        SafetensorsFuzz.fuzzerTestOneInput(bytes);
    }

    @Property(tries = 300)
    void anyBytesAreReadOrRefused(@ForAll @Size(max = 64) byte[] header, @ForAll boolean framed) {
        SafetensorsFuzz.fuzzerTestOneInput(framed ? Bytes.file(header, 0) : header);
    }

    @Test
    void everyPrefixIsRefused() {
        for (int length = 0; length < SAMPLE.length; length++) {
            byte[] prefix = java.util.Arrays.copyOf(SAMPLE, length);
            Bytes.anyFault(() -> Bytes.open(prefix));
        }
        assertEquals(3, Bytes.open(SAMPLE).names().size());
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoOther(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("out.safetensors");
        SafetensorsWriter.write(path, Map.of(), List.of(Entry.floats("a", new long[] {2}, new float[] {1, 2})));
        byte[] before = Files.readAllBytes(path);
        Entry good = Entry.doubles("a", new long[] {1}, new double[] {1});
        Entry failing = new Entry("b", DType.F32, new long[] {1}, () -> {
            throw new IllegalStateException("stopped");
        });
        assertThrows(
                IllegalStateException.class, () -> SafetensorsWriter.write(path, Map.of(), List.of(good, failing)));
        assertThrows(
                IllegalArgumentException.class, () -> SafetensorsWriter.write(path, Map.of(), List.of(good, good)));
        Entry interrupting = new Entry("b", DType.I8, new long[] {1}, () -> {
            Thread.currentThread().interrupt();
            return MemorySegment.ofArray(new byte[1]);
        });
        assertThrows(TfxException.class, () -> SafetensorsWriter.write(path, Map.of(), List.of(good, interrupting)));
        assertTrue(Thread.interrupted());
        assertEquals(List.of("out.safetensors"), list(folder));
        assertArrayEquals(before, Files.readAllBytes(path));
        Bytes.fault(
                "TFX0330", () -> SafetensorsWriter.write(folder.resolve("no").resolve("x"), Map.of(), List.of(good)));
    }

    private static List<String> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }
}
