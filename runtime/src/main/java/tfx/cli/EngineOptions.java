package tfx.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what a model runs. */
final class EngineOptions {
    private static final int MOST_THREADS = 1024;

    @Option(names = "--device", description = "reference (default) or cpu.")
    private String device = "reference";

    @Option(names = "--threads", paramLabel = "N", description = "Threads; by default one a core.")
    private @Nullable Integer threads;

    String device() {
        if (!device.equals("cpu") && !device.equals("reference")) {
            throw Flags.outside("--device", device, "cpu or reference");
        }
        return device;
    }

    int threads() {
        return threads == null
                ? Runtime.getRuntime().availableProcessors()
                : Flags.within("--threads", threads, 1, MOST_THREADS);
    }
}
