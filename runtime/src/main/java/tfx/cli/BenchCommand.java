package tfx.cli;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.backend.cpu.Ceilings;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.model.Benchmark;
import tfx.runtime.model.Benchmark.Phase;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.model.ModelRequest;
import tfx.runtime.model.RandomWeights;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** {@code tfx bench}: tokens per second, and how far that is from what the machine can do. */
@CommandLine.Command(
        name = "bench",
        description = {
            "Tokens per second of prefill and decoding, against the machine's measured ceilings.",
            "Without weights they are drawn as the model declares them. Several models take turns in one run; each is shown",
            "beside the first, with the ratios of their work and of their times."
        })
final class BenchCommand extends Command {
    private static final int MOST_TOKENS = 1 << 24;
    private static final int MOST_RUNS = 10_000;

    @Mixin
    private final ModelsOptions models = new ModelsOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Mixin
    private final ProfileOptions profile = new ProfileOptions();

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

    /** What is open, the last opened on top. */
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    BenchCommand(Console console) {
        super(console);
    }

    @Override
    int run() throws Exception {
        ElementType stored = Flags.dtype("--dtype", type);
        Flags.within("--runs", runs, 1, MOST_RUNS);
        String device = engine.device();
        int threads = engine.threads();
        try {
            List<LoadedModel> loaded = new ArrayList<>();
            List<ModelRequest> requests = models.requests();
            if (profile.wanted() && requests.size() > 1) {
                throw new TfxException(Diagnostic.error(
                        "TFX0621",
                        "--profile",
                        "the profile is of one model, and " + requests.size() + " are given",
                        "give one MODEL"));
            }
            for (ModelRequest request : requests) {
                loaded.add(keep(LoadedModel.load(request, n -> console().diagnose(List.of(n)))));
                loaded.getLast().requireTokens();
            }
            int most = (int) loaded.stream()
                    .mapToLong(model -> Math.min(model.context(), MOST_TOKENS))
                    .min()
                    .orElseThrow();
            int decode = decodeTokens == null
                    ? Math.clamp(most / 2, 1, 32)
                    : Flags.within("--decode-tokens", decodeTokens, 1, most - 1);
            int prompt = promptTokens == null
                    ? Math.clamp(most - decode, 1, 128)
                    : Flags.within("--prompt-tokens", promptTokens, 1, most - decode);
            List<BenchReport.Measured> ready = new ArrayList<>();
            for (LoadedModel model : loaded) {
                long start = System.nanoTime();
                LoadedModel.Running running = start(model, device, threads, stored);
                ready.add(new BenchReport.Measured(model, running, List.of(), (System.nanoTime() - start) / 1e9));
            }
            List<BenchReport.Measured> measured = measured(ready, prompt, decode);
            if (measured.size() == 1) {
                profile.start(measured.getFirst().running().engine());
                if (profile.wanted()) {
                    Benchmark.once(subject(measured.getFirst()), prompt, decode);
                }
            }
            report(measured);
            profile.show(console());
        } finally {
            while (!open.isEmpty()) {
                open.pop().close();
            }
        }
        return FINE;
    }

    private <T extends AutoCloseable> T keep(T resource) {
        open.push(resource);
        return resource;
    }

    private LoadedModel.Running start(LoadedModel model, String device, int threads, ElementType stored) {
        if (model.hasWeights()) {
            return keep(waiting("preparing", () -> model.start(device, threads, List.of())));
        }
        RandomWeights drawn = keep(waiting("drawing weights", () -> RandomWeights.declared(model, stored, seed)));
        return keep(waiting("preparing", () -> model.start(device, threads, List.of(), drawn::tensor)));
    }

    private static Benchmark.Subject subject(BenchReport.Measured one) {
        return new Benchmark.Subject(
                one.running().engine(), (int) Math.min(one.model().vocabulary(), Integer.MAX_VALUE));
    }

    private List<BenchReport.Measured> measured(List<BenchReport.Measured> ready, int prompt, int decode) {
        List<Benchmark.Subject> subjects =
                ready.stream().map(BenchCommand::subject).toList();
        List<List<Phase>> phases;
        try (Progress progress = new Progress(console(), "bench")) {
            phases = Benchmark.run(subjects, prompt, decode, runs, progress::at);
        }
        List<BenchReport.Measured> measured = new ArrayList<>();
        for (int i = 0; i < ready.size(); i++) {
            measured.add(ready.get(i).with(phases.get(i)));
        }
        return measured;
    }

    private void report(List<BenchReport.Measured> measured) {
        LoadedModel.Running first = measured.getFirst().running();
        Ceilings ceilings = first.engine().name().equals("cpu")
                ? waiting("ceilings of the machine", () -> Ceilings.measure(first.workers()))
                : null;
        List<BenchReport> reports =
                measured.stream().map(one -> new BenchReport(one, ceilings)).toList();
        if (reports.size() == 1) {
            Map<String, Object> document = reports.getFirst().document();
            profile.add(document);
            show(document, reports.getFirst()::text);
        } else {
            BenchRatios ratios = new BenchRatios(reports, ceilings);
            show(ratios.document(), ratios::text);
        }
    }
}
