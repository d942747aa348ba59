package tfx.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.cpu.Ceilings;
import tfx.runtime.model.Benchmark.Phase;

/** Models that {@code bench} measured in one run, each beside the first: ratios of work and of time. */
final class BenchRatios {
    private final List<BenchReport> reports;
    private final @Nullable Ceilings ceilings;

    /** @param ceilings null where the device is not the one they are measured on */
    BenchRatios(List<BenchReport> reports, @Nullable Ceilings ceilings) {
        this.reports = reports;
        this.ceilings = ceilings;
    }

    String text() {
        StringBuilder out = new StringBuilder();
        reports.forEach(report -> out.append(report.head()).append('\n'));
        out.append(BenchReport.ceilings(ceilings));
        for (int phase = 0; phase < reports.getFirst().phases().size(); phase++) {
            Phase first = reports.getFirst().phases().get(phase);
            out.append('\n').append(first.name()).append(" of ").append(first.tokens());
            out.append(" tokens, median of ").append(first.seconds().length).append('\n');
            out.append(table(phase).render());
        }
        return out.toString();
    }

    private Table table(int phase) {
        Phase first = reports.getFirst().phases().get(phase);
        Table table = ceilings == null
                ? new Table("  model", "tokens/s", "a token", "x time", "x FLOPs", "x bytes")
                : new Table(
                        "  model",
                        "tokens/s",
                        "a token",
                        "x time",
                        "x FLOPs",
                        "x bytes",
                        "at best",
                        "at best/taken",
                        "x off its best");
        for (BenchReport report : reports) {
            Phase own = report.phases().get(phase);
            List<Object> cells = new ArrayList<>(List.of(
                    "  " + report.name(),
                    Units.digits(own.tokens() / own.median()),
                    Units.seconds(own.median() / own.tokens()),
                    ratio(time(own, first)),
                    ratio(flops(own, first)),
                    ratio(bytes(own, first))));
            if (ceilings != null) {
                cells.add(Units.seconds(bound(own) / own.tokens()));
                cells.add(Units.percent(bound(own) / own.median()));
                cells.add(ratio(distance(own, first)));
            }
            table.row(cells.toArray());
        }
        return table;
    }

    private static String ratio(double value) {
        return String.format(java.util.Locale.ROOT, "%.3f", value);
    }

    private static double time(Phase own, Phase first) {
        return own.median() / first.median();
    }

    private static double flops(Phase own, Phase first) {
        return own.cost().flops() / first.cost().flops();
    }

    private static double bytes(Phase own, Phase first) {
        return own.cost().bytes() / first.cost().bytes();
    }

    private double bound(Phase phase) {
        return ceilings == null ? 0 : phase.bound(ceilings.flops(), ceilings.bytes());
    }

    /** How many times as far a model is from its own roofline as the first is from its. */
    private double distance(Phase own, Phase first) {
        return time(own, first) / (bound(own) / bound(first));
    }

    Map<String, Object> document() {
        List<Map<String, Object>> models = new ArrayList<>();
        for (BenchReport report : reports) {
            Map<String, Object> document = report.document();
            Map<String, Object> beside = new LinkedHashMap<>();
            for (int phase = 0; phase < report.phases().size(); phase++) {
                Phase own = report.phases().get(phase);
                Phase first = reports.getFirst().phases().get(phase);
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("time", time(own, first));
                fields.put("flops", flops(own, first));
                fields.put("bytes", bytes(own, first));
                if (ceilings != null) {
                    fields.put("distance_from_roofline", distance(own, first));
                }
                beside.put(own.name(), fields);
            }
            document.put("beside_first", beside);
            models.add(document);
        }
        return Map.of("models", models);
    }
}
