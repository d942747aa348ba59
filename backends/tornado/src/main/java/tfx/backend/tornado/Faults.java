package tfx.backend.tornado;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** What TornadoVM throws where kernels are compiled or run, as the user should see it. */
final class Faults {
    /** Its messages hold colours, the terminator of a compiler's log, and that there is no falling back to Java, as we want it. */
    private static final Pattern NOISE = Pattern.compile("\u001b\\[[0-9;]*m|\0|Bailout is disabled\\. *\\RReason: ");

    /** And whole stack traces, each an array of frames in a line of its own. */
    private static final Pattern FRAMES =
            Pattern.compile("^(Stacktrace: )?\\[[^\\]\\n]*\\(\\w+\\.java:\\d+\\)[^\\]\\n]*\\]$", Pattern.MULTILINE);

    /** In what TornadoVM, CUDA and OpenCL say when the device's memory is full. */
    private static final Pattern FULL = Pattern.compile(
            "OutOfMemory|OUT_OF_MEMORY|Unable to allocate|cuMemAlloc|MEM_OBJECT_ALLOCATION_FAILURE|CL_OUT_OF_RESOURCES");

    private static final String LESS = "use a smaller model, a shorter sequence or a smaller batch, or --device cpu";

    private Faults() {}

    /**
     * What a device has to do with memory.
     *
     * @param held bytes that the model and its sequences take there
     * @param memory bytes that there are
     */
    record Room(String device, long held, long memory) {
        /** TFX0545: more is wanted than there is. */
        TfxException tooSmall() {
            return new TfxException(Diagnostic.error(
                    "TFX0545",
                    device,
                    "the model and its sequences need at least " + mebibytes(held) + " MiB on the device, which has "
                            + mebibytes(memory) + " MiB",
                    LESS));
        }

        /** TFX0545: the driver gave less than there is. */
        private TfxException refused(String words) {
            return new TfxException(Diagnostic.error(
                    "TFX0545",
                    device,
                    "the model and its sequences need at least " + mebibytes(held)
                            + " MiB on the device, and its driver gave no more; it has " + mebibytes(memory)
                            + " MiB, for everything that runs there: " + words,
                    "end what else uses the device, or " + LESS));
        }

        private static long mebibytes(long bytes) {
            return (bytes + (1 << 20) - 1) >> 20;
        }
    }

    /** TFX0543: TornadoVM is there and does not run. */
    static TfxException start(Path home, Throwable cause) {
        return new TfxException(Diagnostic.error(
                "TFX0543",
                home.toString(),
                "TornadoVM does not start: " + cause,
                "check the device's driver; one installation serves one kind of device"));
    }

    /** TFX0543: TornadoVM runs and finds nothing to run on. */
    static TfxException noDevice(Path home, String wanted) {
        return new TfxException(Diagnostic.error(
                "TFX0543",
                home.toString(),
                "TornadoVM finds no " + (wanted.isEmpty() ? "" : wanted + " ") + "device on this machine",
                "check the device's driver, see tfx doctor, or use --device cpu"));
    }

    /**
     * A fault as an error: TFX0545 where memory is full, TFX0544 where it names a kernel, which the compiler says where one does not
     * compile, else TFX0547.
     *
     * @param kernels that were to run
     * @param source where the source of one lies; asked only where the user is told
     */
    static TfxException of(RuntimeException fault, Room room, List<String> kernels, Function<String, Path> source) {
        if (fault instanceof TfxException known) {
            return known;
        }
        String all = messages(fault);
        if (full(fault, all)) {
            return room.refused(all);
        }
        String kernel = kernels.stream().filter(all::contains).findFirst().orElse(null);
        if (kernel == null) {
            return new TfxException(Diagnostic.error(
                    "TFX0547",
                    room.device(),
                    "the device failed: " + all,
                    "see the output above; -Dtornado.fullDebug=True in TFX_JAVA_OPTS says more"));
        }
        return new TfxException(Diagnostic.error(
                "TFX0544",
                kernel,
                "this kernel cannot be compiled for " + room.device() + ": " + all,
                "please report it with its source, " + source.apply(kernel)));
    }

    private static boolean full(Throwable fault, String messages) {
        for (Throwable t = fault; t != null; t = t.getCause()) {
            if (FULL.matcher(t.getClass().getSimpleName()).find()) {
                return true;
            }
        }
        return FULL.matcher(messages).find();
    }

    private static String messages(Throwable fault) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = fault; t != null; t = t.getCause()) {
            String plain = NOISE.matcher(String.valueOf(t.getMessage())).replaceAll("");
            String message = FRAMES.matcher(plain).replaceAll("").strip();
            if (all.indexOf(message) < 0) {
                all.append(all.isEmpty() ? "" : ": ").append(message);
            }
        }
        return all.toString();
    }
}
