package tfx.backend.tornado;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** What TornadoVM throws where kernels are compiled or run, as the user should see it. */
final class Faults {
    /** Its messages hold colours and whole stack traces. */
    private static final Pattern NOISE = Pattern.compile("\u001b\\[[0-9;]*m|Stacktrace: \\[[^\\]]*\\](\\R|$)");

    private Faults() {}

    /**
     * A fault as an error: TFX0544 where it names a kernel, which TornadoVM does where one does not compile, else TFX0547.
     *
     * @param kernels that were to run
     * @param source where the source of one lies; asked only where the user is told
     */
    static TfxException of(RuntimeException fault, String device, List<String> kernels, Function<String, Path> source) {
        if (fault instanceof TfxException known) {
            return known;
        }
        String all = messages(fault);
        String kernel = kernels.stream().filter(all::contains).findFirst().orElse(null);
        if (kernel == null) {
            return new TfxException(Diagnostic.error(
                    "TFX0547",
                    device,
                    "the device failed: " + all,
                    "see the output above; -Dtornado.fullDebug=True in TFX_JAVA_OPTS says more"));
        }
        return new TfxException(Diagnostic.error(
                "TFX0544",
                kernel,
                "TornadoVM cannot compile this kernel for " + device + ": " + all,
                "please report it with its source, " + source.apply(kernel)));
    }

    private static String messages(Throwable fault) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = fault; t != null; t = t.getCause()) {
            String message =
                    NOISE.matcher(String.valueOf(t.getMessage())).replaceAll("").strip();
            all.append(all.isEmpty() ? "" : ": ").append(message);
        }
        return all.toString();
    }
}
