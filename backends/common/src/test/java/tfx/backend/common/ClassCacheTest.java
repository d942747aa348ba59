package tfx.backend.common;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassCacheTest {
    private static final byte[] BYTES = {1, 2, 3, 4, 5, 6, 7, 8};

    @TempDir
    private Path folder;

    private int compiled;

    private byte[] get(ClassCache cache, String source, String option) {
        return cache.get(Map.of("A", source), List.of(option), () -> {
                    compiled++;
                    return Map.of("p.A", BYTES);
                })
                .get("p.A");
    }

    @Test
    @DisplayName("what was compiled once is read the next time, also by another process's cache")
    void once() {
        get(new ClassCache(folder), "class A {}", "-g");
        assertArrayEquals(BYTES, get(new ClassCache(folder), "class A {}", "-g"));
        assertEquals(1, compiled);
    }

    @Test
    @DisplayName("another source or option is another entry")
    void keys() {
        ClassCache cache = new ClassCache(folder);
        get(cache, "class A {}", "-g");
        get(cache, "class A { }", "-g");
        get(cache, "class A {}", "-g:none");
        assertEquals(3, compiled);
    }

    @Test
    @DisplayName("a damaged or shortened file is compiled again and replaced")
    void damaged() throws IOException {
        get(new ClassCache(folder), "class A {}", "-g");
        Path file = only();
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] other = whole.clone();
            other[i] ^= 0x55;
            Files.write(file, other);
            assertArrayEquals(BYTES, get(new ClassCache(folder), "class A {}", "-g"), "byte " + i);
        }
        for (int length : new int[] {0, 1, 20, whole.length / 2}) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertArrayEquals(BYTES, get(new ClassCache(folder), "class A {}", "-g"));
        }
        assertEquals(1 + whole.length + 4, compiled);
        assertArrayEquals(whole, Files.readAllBytes(file));
    }

    @Test
    @DisplayName("where nothing can be written everything is compiled")
    void unwritable() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        get(new ClassCache(file), "class A {}", "-g");
        get(new ClassCache(file), "class A {}", "-g");
        get(new ClassCache(null), "class A {}", "-g");
        assertEquals(3, compiled);
    }

    @Test
    @DisplayName("a folder holds a bounded number of files")
    void bounded() throws IOException {
        for (int i = 0; i < 80; i++) {
            get(new ClassCache(folder), "class A { int a = " + i + "; }", "-g");
        }
        try (var files = Files.list(folder)) {
            assertTrue(files.count() <= 64);
        }
    }

    private Path only() throws IOException {
        try (var files = Files.list(folder)) {
            return files.findFirst().orElseThrow();
        }
    }
}
