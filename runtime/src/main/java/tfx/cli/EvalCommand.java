package tfx.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.runtime.model.Evaluation;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.text.Tokenizer;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** {@code tfx eval}: loss and perplexity on a text. */
@CommandLine.Command(name = "eval", description = "Loss and perplexity on a text, in windows without overlap.")
final class EvalCommand extends Command {
    private static final int MOST_WINDOW = 1 << 24;
    /** Of a text or token file: what is evaluated takes far longer to compute than to read. */
    private static final long MOST_BYTES = 256L << 20;

    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Mixin
    private final ProfileOptions profile = new ProfileOptions();

    @ArgGroup(multiplicity = "1")
    private Text text = new Text();

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "Tokens of a window; default the model's context, at most 512.")
    private @Nullable Integer window;

    private static final class Text {
        @Option(
                names = "--text",
                required = true,
                paramLabel = "FILE",
                description = "The text, UTF-8; a .json file that is a list of numbers holds token ids.")
        private @Nullable Path file;

        @Option(
                names = "--tokens",
                required = true,
                paramLabel = "FILE",
                description = "The text as a JSON list of token ids.")
        private @Nullable Path tokens;
    }

    EvalCommand(Console console) {
        super(console);
    }

    @Override
    int run() throws IOException {
        String device = engine.device();
        int threads = engine.threads();
        try (LoadedModel loaded =
                LoadedModel.load(model.request(), n -> console().diagnose(List.of(n)))) {
            loaded.requireTokens();
            loaded.requireWeights();
            long context = loaded.context();
            int size = window == null
                    ? (int) Math.min(context, 512)
                    : Flags.within("--window", window, 1, (int) Math.min(context, MOST_WINDOW));
            int[] ids = ids(loaded);
            try (LoadedModel.Running running = waiting("preparing", () -> loaded.start(device, threads, List.of()))) {
                profile.start(running.engine());
                Evaluation result;
                try (Progress progress = new Progress(console(), "eval")) {
                    result = Evaluation.of(running.engine(), ids, size, progress::at);
                }
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("loss", result.loss());
                document.put("perplexity", result.perplexity());
                document.put("tokens", result.tokens());
                document.put("window", size);
                profile.add(document);
                show(document, () -> text(result, size));
                profile.show(console());
            }
        }
        return FINE;
    }

    private static String text(Evaluation result, int window) {
        return String.format(
                Locale.ROOT,
                "loss %.5f  perplexity %.4f  over %d tokens in windows of %d",
                result.loss(),
                result.perplexity(),
                result.tokens(),
                window);
    }

    private int[] ids(LoadedModel loaded) throws IOException {
        if (text.tokens != null) {
            return read(readable(text.tokens), loaded.vocabulary());
        }
        Path file = readable(Objects.requireNonNull(text.file));
        if (isListOfNumbers(file)) {
            console()
                    .diagnose(List.of(new Diagnostic(
                            "TFX0620",
                            Diagnostic.Severity.NOTE,
                            null,
                            file.toString(),
                            "this is a JSON list of numbers, and is taken as token ids",
                            "to evaluate it as text, give it another name than .json")));
            return read(file, loaded.vocabulary());
        }
        try (Tokenizer tokenizer = loaded.tokenizer()) {
            return tokenizer.encode(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw fault(file, "the text is not UTF-8");
        }
    }

    private static Path readable(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new TfxException(Diagnostic.error(
                    "TFX0603",
                    file.toString(),
                    Files.isDirectory(file) ? "this is a folder" : "this is a device or a pipe, not a file",
                    "name a file"));
        }
        if (Files.size(file) > MOST_BYTES) {
            throw fault(file, "the file has " + Files.size(file) + " bytes; at most " + MOST_BYTES + " are read");
        }
        return file;
    }

    private static boolean isListOfNumbers(Path file) throws IOException {
        if (!file.toString().endsWith(".json")) {
            return false;
        }
        try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
            return json.nextToken() == JsonToken.START_ARRAY && json.nextToken() == JsonToken.VALUE_NUMBER_INT;
        } catch (JsonProcessingException noJson) {
            return false;
        }
    }

    private static int[] read(Path file, long vocabulary) throws IOException {
        IntStream.Builder ids = IntStream.builder();
        try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
            if (json.nextToken() != JsonToken.START_ARRAY) {
                throw fault(file, "this is not a JSON list of token ids");
            }
            while (json.nextToken() != JsonToken.END_ARRAY) {
                if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw fault(file, "this is not a JSON list of token ids");
                }
                long id = json.getLongValue();
                if (id < 0 || id >= vocabulary) {
                    throw fault(file, "the id " + id + " is outside the vocabulary of " + vocabulary);
                }
                ids.add((int) id);
            }
            if (json.nextToken() != null) {
                throw fault(file, "the text goes on after the list has ended");
            }
        } catch (JsonProcessingException e) {
            throw fault(
                    file,
                    "this is not JSON at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr());
        }
        return ids.build().toArray();
    }

    private static TfxException fault(Path file, String message) {
        return new TfxException(Diagnostic.error(
                "TFX0615", file.toString(), message, "give a text in UTF-8, or a JSON list of token ids"));
    }
}
