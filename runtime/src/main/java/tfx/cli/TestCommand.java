package tfx.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tfx.runtime.model.Difference;
import tfx.runtime.model.ModelRequest;
import tfx.runtime.model.TrialRun;
import tfx.runtime.model.TrialRun.Failed;

/** {@code tfx test}: an engine against the float64 reference on generated cases of a model. Exit code 1 where one fails. */
@CommandLine.Command(
        name = "test",
        description = {
            "Holds the compiled engine against the float64 reference on generated cases of this model.",
            "Sizes and weights are drawn where the model has none; lengths, batches and chunks always."
        })
final class TestCommand extends Command {
    private static final int MOST_CASES = 1_000_000;

    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Option(names = "--device", description = "Which engine is held against the reference; default cpu.")
    private String device = "cpu";

    @Option(names = "--cases", paramLabel = "N", description = "How many cases; default 10.")
    private int cases = 10;

    @Option(names = "--seed", paramLabel = "N", description = "The first case's seed; drawn anew where none is given.")
    private @Nullable Long seed;

    @Option(
            names = "--tolerance",
            paramLabel = "R",
            description = "The largest error allowed, relative to the reference's largest magnitude; default 1e-4.")
    private double tolerance = 1e-4;

    TestCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        Flags.within("--cases", cases, 1, MOST_CASES);
        Flags.within("--tolerance", tolerance, 0, 1e6);
        Flags.device(device);
        long first = seed == null ? System.nanoTime() % 1_000_000_007 : seed;
        ModelRequest request = model.request();
        TrialRun result;
        try (Progress progress = new Progress(console(), "test")) {
            result = TrialRun.of(request, device, cases, first, tolerance, progress::at);
        }
        show(document(result, first), () -> text(result, first));
        return result.failed() == null ? FINE : INPUT;
    }

    private Map<String, Object> document(TrialRun result, long first) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("device", device);
        document.put("seed", first);
        document.put("cases", result.cases());
        document.put("tolerance", tolerance);
        document.put("passed", result.failed() == null);
        document.put("largest_errors", result.errors());
        Failed failed = result.failed();
        if (failed != null) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("seed", failed.seed());
            fields.put("law", failed.law());
            fields.put("set", failed.trial().set());
            fields.put("batch", failed.trial().batch());
            fields.put("chunks", failed.trial().chunks());
            Difference difference = failed.difference();
            if (difference != null) {
                fields.put("output", failed.output());
                fields.put("shape", difference.shape());
                fields.put("worst", difference.worst());
                fields.put("expected", difference.expected());
                fields.put("actual", difference.actual());
                fields.put("max_abs", difference.maxAbs());
                fields.put("max_rel", difference.maxRel());
            }
            if (failed.fault() != null) {
                fields.put("fault", failed.fault().toString());
            }
            document.put("failure", fields);
        }
        return document;
    }

    private String text(TrialRun result, long first) {
        StringBuilder out = new StringBuilder();
        if (!result.errors().isEmpty()) {
            Table table = new Table("law", "largest error");
            result.errors().forEach((law, error) -> table.row(law, number(error)));
            out.append(table.render());
        }
        Failed failed = result.failed();
        if (failed == null) {
            boolean magnified = result.errors().values().stream().anyMatch(error -> error > tolerance);
            return out.append(result.cases() + " cases hold on " + device + " within " + tolerance)
                    .append(magnified ? ", or what rounding alone makes of the model" : "")
                    .append(" (seed " + first + ")\n")
                    .toString();
        }
        out.append("FAILED: ").append(failed.law()).append('\n');
        out.append("  smallest case found: ").append(failed.trial()).append('\n');
        Difference difference = failed.difference();
        if (difference != null) {
            out.append("  ").append(failed.output()).append(Arrays.toString(difference.worst()));
            out.append(": expected ")
                    .append(difference.expected())
                    .append(", found ")
                    .append(difference.actual());
            out.append(" (error ").append(number(difference.maxRel())).append(")\n");
        } else {
            out.append("  the engine failed: ").append(failed.fault()).append('\n');
        }
        return out.append("  again with: --seed ")
                .append(failed.seed())
                .append(" --cases 1\n")
                .toString();
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
    }
}
