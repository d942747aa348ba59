package tfx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tfx.backend.cpu.Ceilings;
import tfx.compiler.schedule.Costs;
import tfx.ir.Value;
import tfx.runtime.model.Benchmark.Phase;
import tfx.runtime.model.LoadedModel;

/** What {@code bench} measured, as text and as a document. */
final class BenchReport {
    /**
     * A model on its engine.
     *
     * @param phases what was measured of it
     * @param loadSeconds until it was ready
     */
    record Measured(LoadedModel model, LoadedModel.Running running, List<Phase> phases, double loadSeconds) {
        Measured with(List<Phase> measured) {
            return new Measured(model, running, measured, loadSeconds);
        }
    }

    private final LoadedModel model;
    private final LoadedModel.Running running;
    private final List<Phase> phases;
    private final @Nullable Ceilings ceilings;
    private final double loadSeconds;

    /** @param ceilings null where the device is not the one they are measured on */
    BenchReport(Measured measured, @Nullable Ceilings ceilings) {
        this.model = measured.model();
        this.running = measured.running();
        this.phases = measured.phases();
        this.ceilings = ceilings;
        this.loadSeconds = measured.loadSeconds();
    }

    List<Phase> phases() {
        return phases;
    }

    String name() {
        return model.elaborated().model().name();
    }

    /** What was measured, in a line. */
    String head() {
        StringBuilder out = new StringBuilder();
        out.append(name()).append(": ");
        out.append(Units.count(parameters())).append(" parameters, ");
        out.append(Units.bytes(bytes())).append(" as ").append(type());
        out.append(model.hasWeights() ? "" : ", drawn at random").append("; ");
        out.append(running.engine().name()).append(", ").append(threads());
        out.append(threads() == 1 ? " thread" : " threads");
        return out.toString();
    }

    /** What the machine can do; empty where that is not known. */
    static String ceilings(@Nullable Ceilings ceilings) {
        return ceilings == null
                ? ""
                : "ceilings of this machine: " + Units.flops(ceilings.flops()) + "/s of multiply-adds, "
                        + Units.bytes(ceilings.bytes()) + "/s of reads\n";
    }

    String text() {
        StringBuilder out = new StringBuilder(head()).append('\n');
        out.append("ready in ").append(Units.seconds(loadSeconds));
        peakMemory(out);
        out.append(ceilings(ceilings));
        out.append('\n').append(speeds().render());
        if (ceilings != null) {
            out.append('\n').append(shares(ceilings).render());
        }
        return out.toString();
    }

    private Table speeds() {
        Table table = new Table("", "tokens", "tokens/s", "slowest", "fastest", "a token", "runs");
        for (Phase phase : phases) {
            table.row(
                    phase.name(),
                    phase.tokens(),
                    Units.digits(phase.tokens() / phase.median()),
                    Units.digits(phase.tokens() / phase.most()),
                    Units.digits(phase.tokens() / phase.least()),
                    Units.seconds(phase.median() / phase.tokens()),
                    phase.seconds().length);
        }
        return table;
    }

    private Table shares(Ceilings most) {
        Table table = new Table(
                "a token", "FLOPs", "of the ceiling", "bytes", "of the ceiling", "at best", "taken", "at best/taken");
        for (Phase phase : phases) {
            double flops = phase.cost().flops();
            double bytes = phase.cost().bytes();
            double bound = phase.bound(most.flops(), most.bytes());
            table.row(
                    phase.name(),
                    Units.flops(flops / phase.tokens()),
                    Units.percent(flops / phase.median() / most.flops()),
                    Units.bytes(bytes / phase.tokens()),
                    Units.percent(bytes / phase.median() / most.bytes()),
                    Units.seconds(bound / phase.tokens()),
                    Units.seconds(phase.median() / phase.tokens()),
                    Units.percent(bound / phase.median()));
        }
        return table;
    }

    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("model", model.elaborated().model().name());
        document.put("parameters", parameters());
        document.put("parameter_bytes", bytes());
        document.put("type", type());
        document.put("random_weights", !model.hasWeights());
        document.put("device", running.engine().name());
        document.put("threads", threads());
        document.put("ready_seconds", loadSeconds);
        document.put("peak_memory_bytes", peakMemory());
        if (ceilings != null) {
            document.put("ceiling_flops_per_second", ceilings.flops());
            document.put("ceiling_bytes_per_second", ceilings.bytes());
        }
        phases.forEach(phase -> document.put(phase.name(), document(phase)));
        return document;
    }

    private Map<String, Object> document(Phase phase) {
        double median = phase.median();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("tokens", phase.tokens());
        fields.put("tokens_per_second", phase.tokens() / median);
        fields.put("tokens_per_second_least", phase.tokens() / phase.most());
        fields.put("tokens_per_second_most", phase.tokens() / phase.least());
        fields.put("median_seconds", median);
        fields.put("seconds", java.util.Arrays.stream(phase.seconds()).boxed().toList());
        fields.put("flops", phase.cost().flops());
        fields.put("bytes", phase.cost().bytes());
        if (ceilings != null) {
            double bound = phase.bound(ceilings.flops(), ceilings.bytes());
            fields.put("share_of_flops", phase.cost().flops() / median / ceilings.flops());
            fields.put("share_of_bytes", phase.cost().bytes() / median / ceilings.bytes());
            fields.put("roofline_seconds", bound);
            fields.put("share_of_roofline", bound / median);
        }
        return fields;
    }

    private int threads() {
        return running.workers().count();
    }

    private String type() {
        return running.engine().schedule().program().parameters().stream()
                .map(parameter -> running.engine().type(parameter).toString().toLowerCase(Locale.ROOT))
                .distinct()
                .sorted()
                .reduce((a, b) -> a + " and " + b)
                .orElse("nothing");
    }

    private long parameters() {
        return sum(Costs::count);
    }

    private long bytes() {
        return sum(parameter ->
                Costs.count(parameter) * running.engine().type(parameter).bytes());
    }

    /** Over all parameters, tied ones once. */
    private long sum(ToLongFunction<Value.Parameter> amount) {
        Map<String, String> tied = model.tied();
        return running.engine().schedule().program().parameters().stream()
                .filter(parameter -> !tied.containsKey(parameter.name()))
                .mapToLong(amount)
                .sum();
    }

    private static void peakMemory(StringBuilder out) {
        long bytes = peakMemory();
        out.append(bytes == 0 ? "" : "; at most " + Units.bytes(bytes) + " of memory")
                .append('\n');
    }

    /** The most memory this process has held at once; 0 where the system does not tell. */
    private static long peakMemory() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException notThisSystem) {
            return 0;
        }
    }
}
