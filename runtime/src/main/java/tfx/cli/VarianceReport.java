package tfx.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tfx.runtime.model.DepthVariance;

/** Variance by depth of several models: a table, a plot, a document. */
final class VarianceReport {
    /** A model at one setting. */
    record Line(DepthVariance variance, Map<String, String> setting) {
        String label() {
            StringBuilder label = new StringBuilder(variance.model());
            setting.forEach(
                    (name, value) -> label.append(", ").append(name).append('=').append(value));
            return label.toString();
        }
    }

    private final List<Line> lines;
    private final DepthVariance.Trial trial;

    VarianceReport(List<Line> lines, DepthVariance.Trial trial) {
        this.lines = lines;
        this.trial = trial;
    }

    String text() {
        StringBuilder out = new StringBuilder("variance of what is carried from layer to layer, over ")
                .append(trial.sequences())
                .append(" sequences of ")
                .append(trial.positions())
                .append(" random ids\n\n");
        out.append(legend().render()).append('\n').append(table().render()).append('\n');
        return out.append(new Plot(series()).render()).toString();
    }

    private List<List<Double>> series() {
        return lines.stream().map(line -> line.variance().byLayer()).toList();
    }

    private Table legend() {
        Table table = new Table("", "model", "value", "layers", "first", "last", "last/first");
        for (int i = 0; i < lines.size(); i++) {
            List<Double> all = lines.get(i).variance().byLayer();
            table.row(
                    Plot.letter(i),
                    lines.get(i).label(),
                    lines.get(i).variance().value(),
                    all.size(),
                    Plot.number(all.getFirst()),
                    Plot.number(all.getLast()),
                    Units.digits(all.getLast() / all.getFirst()));
        }
        return table;
    }

    /** The first layers, then every so many: powers of two and halves between, and each model's last. */
    private Table table() {
        TreeSet<Integer> depths = new TreeSet<>();
        int most = series().stream().mapToInt(List::size).max().orElse(0);
        for (int depth = 1; depth <= most; depth *= 2) {
            depths.add(depth);
            if (depth >= 4 && depth / 2 * 3 <= most) {
                depths.add(depth / 2 * 3);
            }
        }
        series().forEach(all -> depths.add(all.size()));
        List<String> header = new ArrayList<>(List.of("after layer"));
        for (int i = 0; i < lines.size(); i++) {
            header.add(String.valueOf(Plot.letter(i)));
        }
        Table table = new Table(header.toArray(String[]::new));
        for (int depth : depths) {
            List<Object> row = new ArrayList<>(List.of(depth));
            for (List<Double> all : series()) {
                row.add(depth <= all.size() ? Plot.number(all.get(depth - 1)) : "");
            }
            table.row(row.toArray());
        }
        return table;
    }

    Map<String, Object> document() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Line line : lines) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("model", line.variance().model());
            fields.put("set", line.setting());
            fields.put("value", line.variance().value());
            fields.put("variance_by_layer", line.variance().byLayer());
            all.add(fields);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("sequences", trial.sequences());
        document.put("positions", trial.positions());
        document.put("seed", trial.seed());
        document.put("models", all);
        return document;
    }
}
