package tfx.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what a model runs. */
final class EngineOptions {
    private static final int MOST_THREADS = 1024;

    @Option(names = "--device", description = "cpu (default), reference, or gpu (gpu:cuda, gpu:ptx, gpu:opencl).")
    private String device = "cpu";

    @Option(names = "--threads", paramLabel = "N", description = "Threads; by default one a core.")
    private @Nullable Integer threads;

    String device() {
        return Flags.device(device);
    }

    int threads() {
        return threads == null
                ? Runtime.getRuntime().availableProcessors()
                : Flags.within("--threads", threads, 1, MOST_THREADS);
    }
}
