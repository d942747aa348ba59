package tfx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.runtime.model.Growth;
import tfx.runtime.model.ModelRequest;

/** {@code tfx grow}: a larger checkpoint of a model, as the model's own variant for growth says. */
@CommandLine.Command(
        name = "grow",
        description = "Writes a larger checkpoint that computes the same function before it is trained on.",
        footer = {
            "",
            "What grows, and in which ways, is declared beside the model: a variant with a formal `slots`.",
            "For TokenFormer (stdlib/models/tokenformer.tfx) --slots N gives every projection with fewer than N slots",
            "N of them. --method exact (the default) keeps the function for any N: new keys are zero, and the",
            "configuration written says how many slots the scale counts. --method tiled keeps it without that key,",
            "for multiples of the old slots. --method released is the published procedure, which does not keep it."
        })
final class GrowCommand extends Command {
    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Option(names = "--slots", required = true, paramLabel = "N", description = "How many slots a projection gets.")
    private int slots;

    @Option(names = "--method", paramLabel = "NAME", description = "The way, as the model names it.")
    private @Nullable String method;

    @Option(names = "--seed", paramLabel = "N", description = "Of what is drawn at random; default 0.")
    private long seed;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Where to write (.safetensors).")
    private Path out = Path.of("");

    GrowCommand(Console console) {
        super(console);
    }

    @Override
    int run() throws IOException {
        Flags.within("--slots", slots, 1, Integer.MAX_VALUE);
        ModelRequest request = model.request();
        if (Files.isDirectory(out) || !out.toString().endsWith(".safetensors")) {
            throw Flags.outside("--out", out.toString(), "a file name that ends in .safetensors");
        }
        for (Path source : sources(request)) {
            if (Files.exists(out) && Files.exists(source) && Files.isSameFile(out, source)) {
                throw Flags.outside("--out", out.toString(), "another file than the weights that are read");
            }
        }
        Map<String, Object> formals = new LinkedHashMap<>();
        formals.put("slots", (long) slots);
        if (method != null) {
            formals.put("method", method);
        }
        Growth.Report report =
                Growth.write(request, formals, seed, out, n -> console().diagnose(List.of(n)));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("out", out.toString());
        document.put("variant", report.variant());
        document.put("parameters_before", report.before());
        document.put("parameters_after", report.after());
        document.put("configuration", report.configuration());
        document.put(
                "changes", report.changes().stream().map(GrowCommand::fields).toList());
        show(document, () -> text(report));
        return FINE;
    }

    private static List<Path> sources(ModelRequest request) {
        Path weights = request.weights() != null ? request.weights() : Path.of(request.model());
        return List.of(weights, weights.resolve(tfx.runtime.weights.Checkpoint.SINGLE_FILE));
    }

    private static Map<String, Object> fields(Growth.Change change) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("parameter", change.path());
        fields.put("before", change.before());
        fields.put("after", change.after());
        return fields;
    }

    /** One row for the parameters of all layers that change alike. */
    private String text(Growth.Report report) {
        Map<String, Integer> rows = new LinkedHashMap<>();
        for (Growth.Change change : report.changes()) {
            String row = change.path().replaceAll("\\.\\d+\\.", ".*.") + "|" + Arrays.toString(change.before()) + "|"
                    + Arrays.toString(change.after());
            rows.merge(row, 1, Integer::sum);
        }
        Table table = new Table("parameter", "before", "after", "count");
        rows.forEach((row, count) -> {
            String[] cells = row.split("\\|");
            table.row(cells[0], cells[1], cells[2], count);
        });
        StringBuilder text = new StringBuilder(table.render());
        report.configuration()
                .forEach((key, value) -> text.append("configuration: ")
                        .append(key)
                        .append(" = ")
                        .append(value)
                        .append('\n'));
        return text.append("parameters: ")
                .append(report.before())
                .append(" before, ")
                .append(report.after())
                .append(" in ")
                .append(out)
                .append('\n')
                .toString();
    }
}
