package tfx.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what a model runs. */
final class EngineOptions {
    private static final int MOST_THREADS = 1024;
    private static final List<String> DEVICES =
            List.of("reference", "cpu", "gpu", "gpu:cuda", "gpu:ptx", "gpu:opencl", "gpu:emulator");

    @Option(names = "--device", description = "reference (default), cpu, or gpu (gpu:cuda, gpu:ptx, gpu:opencl).")
    private String device = "reference";

    @Option(names = "--threads", paramLabel = "N", description = "Threads; by default one a core.")
    private @Nullable Integer threads;

    String device() {
        if (!DEVICES.contains(device)) {
            throw Flags.outside("--device", device, "one of " + String.join(", ", DEVICES));
        }
        return device;
    }

    int threads() {
        return threads == null
                ? Runtime.getRuntime().availableProcessors()
                : Flags.within("--threads", threads, 1, MOST_THREADS);
    }
}
