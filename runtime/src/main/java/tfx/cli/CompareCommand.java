package tfx.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.runtime.model.Comparison;
import tfx.runtime.model.Difference;
import tfx.runtime.weights.Checkpoint;

/** {@code tfx compare}: a model's values against a dump, a row per tensor; exit code 1 where one is too far off. */
@CommandLine.Command(name = "compare", description = "Compares a model's values with those of a dump.")
final class CompareCommand extends Command {
    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Option(
            names = "--against",
            required = true,
            paramLabel = "DUMP",
            description = "Inputs, outputs and named values (.safetensors).")
    private Path against = Path.of("");

    @Option(
            names = "--tolerance",
            paramLabel = "R",
            description =
                    "The largest difference allowed, relative to the reference's largest magnitude; default 1e-4.")
    private double tolerance = 1e-4;

    CompareCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        Flags.within("--tolerance", tolerance, 0, 1e6);
        String device = engine.device();
        int threads = engine.threads();
        try (Checkpoint dump = Checkpoint.open(against)) {
            Comparison comparison = waiting(
                    "comparing",
                    () -> Comparison.of(
                            model.request(),
                            dump,
                            device,
                            threads,
                            n -> console().diagnose(List.of(n))));
            boolean fine = comparison.within(tolerance);
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("device", device);
            document.put("tolerance", tolerance);
            document.put("passed", fine);
            document.put("tensors", comparison.rows().stream().map(this::fields).toList());
            document.put("not_compared", comparison.others());
            show(document, () -> text(comparison, fine));
            return fine ? FINE : INPUT;
        }
    }

    private Map<String, Object> fields(Comparison.Row row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("tensor", row.tensor());
        fields.put("model", row.model());
        fields.put("value", row.path());
        fields.put("passed", row.within(tolerance));
        Difference difference = row.difference();
        if (difference == null) {
            fields.put("fault", row.fault());
            return fields;
        }
        fields.put("shape", difference.shape());
        fields.put("max_abs", difference.maxAbs());
        fields.put("max_rel", difference.maxRel());
        fields.put("worst", difference.worst());
        fields.put("expected", difference.expected());
        fields.put("actual", difference.actual());
        return fields;
    }

    private String text(Comparison comparison, boolean fine) {
        Table table = new Table("tensor", "value", "max abs", "max rel", "worst", "");
        String first = comparison.rows().getFirst().model();
        for (Comparison.Row row : comparison.rows()) {
            String value = row.path() + (row.model().equals(first) ? "" : " of " + row.model());
            Difference d = row.difference();
            if (d == null) {
                table.row(row.tensor(), value, "", "", row.fault(), "FAILED");
            } else {
                table.row(
                        row.tensor(),
                        value,
                        number(d.maxAbs()),
                        number(d.maxRel()),
                        Arrays.toString(d.worst()),
                        row.within(tolerance) ? "ok" : "FAILED");
            }
        }
        String others =
                comparison.others().isEmpty() ? "" : "not compared: " + String.join(", ", comparison.others()) + "\n";
        return table.render() + others + (fine ? "all within " : "not all within ") + tolerance + "\n";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }
}
