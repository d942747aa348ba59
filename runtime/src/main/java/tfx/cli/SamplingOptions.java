package tfx.cli;

import picocli.CommandLine.Option;
import tfx.runtime.model.Sampling;

/** How tokens are drawn. */
final class SamplingOptions {
    private static final double HOTTEST = 1e6;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "Divides the logits; 0 (default) takes the likeliest token.")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draws from the K likeliest tokens; 0 (default) from all.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draws from the likeliest tokens that together reach P; default 1.")
    private double topP = 1;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed draws the same text; default 0.")
    private long seed;

    Sampling sampling() {
        Flags.within("--temperature", temperature, 0, HOTTEST);
        Flags.within("--top-k", topK, 0, Integer.MAX_VALUE);
        if (!(topP > 0 && topP <= 1)) {
            throw Flags.outside("--top-p", Double.toString(topP), "a number above 0 and at most 1");
        }
        return new Sampling(temperature, topK, topP, seed);
    }
}
