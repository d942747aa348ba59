package tfx.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import tfx.compiler.passes.Pass;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.ElementType;
import tfx.runtime.model.DepthVariance;
import tfx.runtime.model.Explanation;
import tfx.runtime.model.LoadedModel;
import tfx.runtime.model.ModelRequest;
import tfx.runtime.plan.KernelSources;
import tfx.runtime.weights.WholeFile;

/** {@code tfx explain}: what a model is, what it takes and what is made of it; needs no weights. */
@CommandLine.Command(
        name = "explain",
        description = "Shapes, parameters, work per token and the fused kernels of a model.")
final class ExplainCommand extends Command {
    private static final int MOST_LENGTH = 1 << 24;
    private static final String LAST = "last";
    private static final String ALL = "all";
    private static final String FIRST = "elaboration";

    @Mixin
    private final ModelsOptions models = new ModelsOptions();

    @Mixin
    private final VarianceOptions variance = new VarianceOptions();

    @Mixin
    private final EngineOptions engine = new EngineOptions();

    @Option(
            names = "--length",
            paramLabel = "N",
            description =
                    "Positions that costs are shown for; default 512 (128 with --variance), at most the model's context.")
    private @Nullable Integer length;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "How weights count where there are none: f32, f16 or bf16 (default).")
    private String type = "bf16";

    @Option(
            names = "--ir",
            arity = "0..1",
            paramLabel = "PASS",
            parameterConsumer = PassName.class,
            description =
                    "Prints the program after a pass, after `all` or (default) after the last; `elaboration` is before all.")
    private @Nullable String ir;

    @Option(names = "--kernels", description = "Prints the generated source of every kernel.")
    private boolean kernels;

    @Option(names = "--html", paramLabel = "FILE", description = "Writes a page of its own instead.")
    private @Nullable Path html;

    ExplainCommand(Console console) {
        super(console);
    }

    /** Takes a following word only where it names a pass, so that {@code --ir MODEL} means the model. */
    static final class PassName implements CommandLine.IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> words, ArgSpec option, CommandSpec command) {
            String next = words.isEmpty() ? "" : words.peek();
            option.setValue(stages().contains(stage(next)) || next.equals(ALL) ? stage(words.pop()) : LAST);
        }
    }

    private static List<String> stages() {
        List<String> names = new ArrayList<>(List.of(FIRST));
        Passes.all().stream().map(Pass::name).forEach(names::add);
        return names;
    }

    /** Passes of two words can be written with a hyphen. */
    private static String stage(String word) {
        return word.replace('-', ' ');
    }

    @Override
    int run() throws Exception {
        ElementType stored = Flags.dtype("--dtype", type);
        String device = engine.device();
        if (variance.wanted()) {
            return variance(device);
        }
        ModelRequest request = models.request("give one MODEL, or --variance");
        try (LoadedModel loaded = LoadedModel.load(request, n -> console().diagnose(List.of(n)))) {
            if (ir != null) {
                return ir(loaded, ir);
            }
            if (kernels) {
                return kernels(loaded, device, stored);
            }
            int most = (int) Math.min(loaded.context(), MOST_LENGTH);
            int positions = length == null ? Math.min(512, most) : Flags.within("--length", length, 1, most);
            Explanation explanation = Explanation.of(loaded, positions, stored);
            if (html != null) {
                String page = ExplanationPage.of(explanation);
                WholeFile.write(html, page);
                show(Map.of("html", html.toString()), () -> "wrote " + html);
            } else {
                show(ExplanationJson.of(explanation), () -> ExplanationText.of(explanation));
            }
        }
        return FINE;
    }

    private int variance(String device) {
        int positions = length == null ? 128 : Flags.within("--length", length, 1, MOST_LENGTH);
        DepthVariance.Trial trial =
                new DepthVariance.Trial(variance.sequences(), positions, variance.seed(), device, engine.threads());
        List<VarianceReport.Line> lines = variance.lines(
                models.requests(),
                request -> waiting(
                        "running",
                        () -> DepthVariance.of(request, trial, n -> console().diagnose(List.of(n)))));
        VarianceReport report = new VarianceReport(lines, trial);
        show(report.document(), report::text);
        return FINE;
    }

    private int ir(LoadedModel loaded, String wanted) {
        List<String> stages = switch (wanted) {
            case ALL -> stages();
            case LAST -> List.of(stages().getLast());
            default -> List.of(wanted);
        };
        List<Map<String, String>> document = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (String stage : stages) {
            String program = Explanation.ir(loaded, stage);
            String reason = Passes.all().stream()
                    .filter(pass -> pass.name().equals(stage))
                    .map(Pass::reason)
                    .findFirst()
                    .orElse("the model as it is written");
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("pass", stage);
            fields.put("reason", reason);
            fields.put("program", program);
            document.add(fields);
            text.append(text.isEmpty() ? "" : "\n").append("// ").append(stage);
            text.append(": ").append(reason).append('\n').append(program);
        }
        show(Map.of("ir", document), text::toString);
        return FINE;
    }

    private int kernels(LoadedModel loaded, String device, ElementType stored) {
        List<KernelSources.Source> sources = loaded.sources(device, stored);
        List<Map<String, Object>> document = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (KernelSources.Source source : sources) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kernels", source.kernels());
            fields.put("source", source.text());
            document.add(fields);
            text.append(text.isEmpty() ? "" : "\n");
            source.kernels().forEach(name -> text.append("// ").append(name).append('\n'));
            text.append(source.text());
        }
        show(Map.of("kernels", document), text::toString);
        return FINE;
    }
}
