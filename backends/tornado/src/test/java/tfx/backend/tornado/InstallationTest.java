package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

class InstallationTest {
    @TempDir
    Path home;

    private void jar(String name) throws IOException {
        Path jars = Files.createDirectories(home.resolve("share/java/tornado"));
        Files.writeString(jars.resolve(name), "");
    }

    private Diagnostic fault() {
        return assertThrows(TfxException.class, () -> Installation.at(home, 25))
                .diagnostics()
                .getFirst();
    }

    @Test
    void anInstallationForThisJavaIsRead() throws IOException {
        jar("tornado-api-5.2.0-jdk25.jar");
        Files.createDirectories(home.resolve("etc"));
        Files.writeString(home.resolve("etc/tornado.backend"), "tornado.backends=opencl-backend,cuda-backend\n");
        Installation found = Installation.at(home, 25);
        assertEquals("5.2.0", found.version());
        assertEquals(List.of("opencl", "cuda"), found.backends());
    }

    @Test
    void aBackendThatItWasBuiltWithoutIsSaid() throws IOException {
        jar("tornado-api-5.2.0-jdk25.jar");
        Files.createDirectories(home.resolve("etc"));
        Files.writeString(home.resolve("etc/tornado.backend"), "tornado.backends=opencl-backend\n");
        Installation found = Installation.at(home, 25);
        found.require("");
        found.require("opencl");
        Diagnostic fault = assertThrows(TfxException.class, () -> found.require("cuda"))
                .diagnostics()
                .getFirst();
        assertEquals("TFX0542", fault.code());
        assertTrue(fault.message().contains("without cuda; it has opencl"), fault.message());
    }

    @Test
    void aFolderWithoutTheApiIsNone() {
        assertEquals("TFX0540", fault().code());
    }

    @Test
    void anotherJavaIsSaid() throws IOException {
        jar("tornado-api-1.1.1.jar");
        assertEquals("TFX0541", fault().code());
        assertTrue(fault().message().contains("JDK 21"), fault().message());
        Files.delete(home.resolve("share/java/tornado/tornado-api-1.1.1.jar"));
        jar("tornado-api-6.0.0-jdk29.jar");
        assertTrue(fault().message().contains("JDK 29"), fault().message());
    }
}
