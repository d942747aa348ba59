package tfx.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.backend.cpu.Ceilings;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.model.Benchmark;
import tfx.runtime.model.Benchmark.Phase;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.model.RandomWeights;

/** {@code tfx bench}: tokens per second, and how far that is from what the machine can do. */
@CommandLine.Command(
        name = "bench",
        description = {
            "Tokens per second of prefill and decoding, against the machine's measured ceilings.",
            "Without weights they are drawn as the model declares them."
        })
final class BenchCommand extends Command {
    private static final int MOST_TOKENS = 1 << 24;
    private static final int MOST_RUNS = 10_000;

    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "Tokens of the prompt; default 128.")
    private @Nullable Integer promptTokens;

    @Option(names = "--decode-tokens", paramLabel = "N", description = "Tokens decoded after it; default 32.")
    private @Nullable Integer decodeTokens;

    @Option(names = "--runs", paramLabel = "N", description = "Measured runs, after one that warms up; default 5.")
    private int runs = 5;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "How drawn weights are stored: f32, f16 or bf16 (default).")
    private String type = "bf16";

    @Option(names = "--seed", paramLabel = "N", description = "The same seed draws the same weights; default 0.")
    private long seed;

    BenchCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        ElementType stored = Flags.dtype("--dtype", type);
        Flags.within("--runs", runs, 1, MOST_RUNS);
        String device = engine.device();
        int threads = engine.threads();
        try (LoadedModel loaded =
                LoadedModel.load(model.request(), n -> console().diagnose(List.of(n)))) {
            loaded.requireTokens();
            int most = (int) Math.min(loaded.context(), MOST_TOKENS);
            int decode = decodeTokens == null
                    ? Math.clamp(most / 2, 1, 32)
                    : Flags.within("--decode-tokens", decodeTokens, 1, most - 1);
            int prompt = promptTokens == null
                    ? Math.clamp(most - decode, 1, 128)
                    : Flags.within("--prompt-tokens", promptTokens, 1, most - decode);
            long start = System.nanoTime();
            if (loaded.hasWeights()) {
                try (LoadedModel.Running running =
                        waiting("preparing", () -> loaded.start(device, threads, List.of()))) {
                    measure(loaded, running, start, prompt, decode);
                }
            } else {
                try (RandomWeights drawn =
                                waiting("drawing weights", () -> RandomWeights.declared(loaded, stored, seed));
                        LoadedModel.Running running =
                                waiting("preparing", () -> loaded.start(device, threads, List.of(), drawn::tensor))) {
                    measure(loaded, running, start, prompt, decode);
                }
            }
        }
        return FINE;
    }

    private void measure(LoadedModel loaded, LoadedModel.Running running, long start, int prompt, int decode) {
        double load = (System.nanoTime() - start) / 1e9;
        List<Phase> phases;
        try (Progress progress = new Progress(console(), "bench")) {
            phases = Benchmark.run(
                    running.engine(),
                    (int) Math.min(loaded.vocabulary(), Integer.MAX_VALUE),
                    prompt,
                    decode,
                    runs,
                    progress::at);
        }
        Ceilings ceilings = running.engine().name().equals("cpu")
                ? waiting("ceilings of the machine", () -> Ceilings.measure(running.workers()))
                : null;
        BenchReport report = new BenchReport(loaded, running, phases, ceilings, load);
        show(report.document(), report::text);
    }
}
