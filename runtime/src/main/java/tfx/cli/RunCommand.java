package tfx.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.runtime.model.Generation;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.model.Sampling;
import tfx.runtime.text.StreamingDecoder;
import tfx.runtime.text.Tokenizer;

/** {@code tfx run}: continues a prompt, text as it comes. */
@CommandLine.Command(name = "run", description = "Continues a prompt.")
final class RunCommand extends Command {
    private static final int MOST_TOKENS = 1 << 24;

    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Mixin
    private final SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private final ProfileOptions profile = new ProfileOptions();

    @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "The text to continue.")
    private String prompt = "";

    @Option(names = "--max-tokens", paramLabel = "N", description = "The most tokens to make; default 50.")
    private int maxTokens = 50;

    RunCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        Flags.within("--max-tokens", maxTokens, 1, MOST_TOKENS);
        Sampling drawn = sampling.sampling();
        String device = engine.device();
        int threads = engine.threads();
        try (LoadedModel loaded =
                LoadedModel.load(model.request(), n -> console().diagnose(List.of(n)))) {
            loaded.requireTokens();
            loaded.requireWeights();
            // Two things that take their time and have nothing to do with each other.
            CompletableFuture<LoadedModel.Running> starting =
                    CompletableFuture.supplyAsync(() -> loaded.start(device, threads, List.of()));
            try (Tokenizer tokenizer = loaded.tokenizer();
                    LoadedModel.Running running = waiting("preparing", () -> joined(starting))) {
                return generate(loaded, tokenizer, running, drawn);
            }
        }
    }

    private static <T> T joined(CompletableFuture<T> work) {
        try {
            return work.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException fault) {
                throw fault;
            }
            throw e;
        }
    }

    private int generate(LoadedModel loaded, Tokenizer tokenizer, LoadedModel.Running running, Sampling drawn) {
        int[] ids = tokenizer.encode(prompt);
        profile.start(running.engine());
        StreamingDecoder decoder = new StreamingDecoder(tokenizer);
        List<Integer> made = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        boolean stream = !console().json();
        boolean[] begun = {false};
        Generation result =
                Generation.of(running.engine(), ids, maxTokens, loaded.context(), drawn, loaded.ends(), id -> {
                    if (stream && !begun[0]) {
                        console().out().print(prompt);
                        begun[0] = true;
                    }
                    made.add(id);
                    String piece = decoder.push(id);
                    text.append(piece);
                    if (stream) {
                        console().out().print(piece);
                        console().out().flush();
                    }
                });
        if (stream && !begun[0]) {
            console().out().print(prompt);
        }
        String rest = decoder.flush();
        text.append(rest);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("prompt", prompt);
        document.put("prompt_ids", ids);
        document.put("ids", made);
        document.put("text", text.toString());
        document.put("reason", result.reason());
        document.put("first_token_seconds", result.firstNanos() / 1e9);
        document.put("seconds", result.nanos() / 1e9);
        profile.add(document);
        show(document, () -> rest + "\n");
        profile.show(console());
        return FINE;
    }
}
