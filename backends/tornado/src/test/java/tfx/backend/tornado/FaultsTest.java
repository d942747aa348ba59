package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tfx.source.TfxException;

/** What TornadoVM says when something fails becomes an error with what the user can do. */
class FaultsTest {
    private static TfxException fault(RuntimeException fault) {
        return Faults.of(
                fault,
                new Faults.Room("a device", 3L << 30, 2L << 30),
                List.of("Kernel7_q", "Kernel8_v"),
                kernel -> Path.of(kernel + ".java"));
    }

    @Test
    void aKernelThatDoesNotCompileIsNamedWithItsSource() {
        RuntimeException thrown = new IllegalStateException(
                "\u001b[31mUnable to compile task part0.k3_Kernel8_v - run\nStacktrace: [a.B.c(B.java:1), d.E(E.java:2)]");
        TfxException error = fault(new IllegalStateException("bailout", thrown));
        assertEquals("TFX0544", error.diagnostics().getFirst().code());
        String text = error.getMessage();
        assertTrue(text.contains("Kernel8_v.java"), text);
        assertTrue(text.contains("a device"), text);
        assertFalse(text.contains("B.java"), text);
        assertFalse(text.contains("\u001b"), text);
    }

    /** As TornadoVM 5.2 words it: frames between the reason and the end of the colour, a compiler's log with its terminator. */
    @Test
    void whatTheCompilerSaysIsKeptAndFramesAreNot() {
        String log = "run.cu(12): error: identifier \"x\" is undefined\n    a[3] = x;\n           ^\n";
        String frames =
                "[tornado.runtime@5.2.0-jdk25/a.B$C.lambda$d$0(B.java:1), java.base/e.F.g(Native Method), h.I(I.java:22)]";
        RuntimeException thrown =
                new IllegalStateException("\u001b[31mBailout is disabled. \nReason: \u001b[31mUnable to compile task"
                        + " part0.k3_Kernel8_v - run\nThe internal error is: \u001b[31mError during code compilation\n"
                        + log
                        + "\0\u001b[0m\nStacktrace: " + frames + "\u001b[0m\u001b[0m");
        assertEquals(
                "Kernel8_v: error [TFX0544] this kernel cannot be compiled for a device: Unable to compile task"
                        + " part0.k3_Kernel8_v - run\nThe internal error is: Error during code compilation\n"
                        + log.strip()
                        + "\n  mend: please report it with its source, Kernel8_v.java",
                fault(thrown).getMessage().strip());
        for (String named : List.of("", "Kernel8_v")) {
            String text = fault(new IllegalStateException(
                            "\u001b[31m[Internal Error] Unable to compile " + named + "\n" + frames + "\u001b[0m"))
                    .getMessage();
            assertTrue(text.contains("[Internal Error] Unable to compile"), text);
            assertFalse(text.contains("B.java"), text);
            assertFalse(text.contains("[tornado"), text);
        }
    }

    @Test
    void aCauseThatIsInTheMessageAlreadyIsNotRepeated() {
        RuntimeException cause = new IllegalStateException("CUDA_ERROR_ILLEGAL_ADDRESS");
        String text = fault(new IllegalStateException("Bailout from LAUNCH Bytecode: \nReason: " + cause, cause))
                .getMessage();
        assertEquals(text.indexOf("CUDA_ERROR"), text.lastIndexOf("CUDA_ERROR"), text);
    }

    @Test
    void anyOtherFaultIsTheDevices() {
        TfxException error = fault(new IllegalStateException("CUDA_ERROR_ILLEGAL_ADDRESS"));
        assertEquals("TFX0547", error.diagnostics().getFirst().code());
        assertTrue(error.getMessage().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), error.getMessage());
    }

    @Test
    void memoryThatTheDriverDoesNotGiveIsSaidWithTheSizes() {
        RuntimeException thrown = new IllegalStateException(
                "[ERROR] Unable to allocate 1.0 GiB on the CUDA device (cuMemAlloc status=2)");
        for (RuntimeException fault :
                List.of(thrown, new IllegalStateException("Kernel7_q", thrown), new CudaOutOfMemoryException())) {
            TfxException error = fault(fault);
            assertEquals("TFX0545", error.diagnostics().getFirst().code());
            assertTrue(error.getMessage().contains("3072 MiB"), error.getMessage());
            assertTrue(error.getMessage().contains("2048 MiB"), error.getMessage());
        }
    }

    private static final class CudaOutOfMemoryException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @Test
    void noDeviceIsSaid() {
        assertEquals(
                "TFX0543",
                Faults.noDevice(Path.of("sdk"), "cuda").diagnostics().getFirst().code());
        TfxException start = Faults.start(Path.of("sdk"), new UnsatisfiedLinkError("libcuda.so.1"));
        assertEquals("TFX0543", start.diagnostics().getFirst().code());
        assertTrue(start.getMessage().contains("libcuda.so.1"), start.getMessage());
    }

    @Test
    void anErrorStaysWhatItIs() {
        TfxException error = fault(new IllegalStateException("x"));
        assertSame(error, fault(error));
    }
}
