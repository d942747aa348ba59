package tfx.cli;

import java.util.List;
import tfx.compiler.schedule.Costs.Cost;
import tfx.compiler.schedule.Storage;
import tfx.runtime.model.Explanation;
import tfx.runtime.model.Explanation.Tensor;
import tfx.runtime.model.Explanation.Work;
import tfx.runtime.model.Repeats.Group;

/** An explanation for a terminal. */
final class ExplanationText {
    private final Explanation of;
    private final StringBuilder out = new StringBuilder();

    private ExplanationText(Explanation of) {
        this.of = of;
    }

    static String of(Explanation explanation) {
        ExplanationText text = new ExplanationText(explanation);
        text.head();
        text.parameters();
        text.values();
        text.work();
        text.loading();
        text.kernels();
        return text.out.toString();
    }

    private void head() {
        out.append(of.model()).append('\n');
        Table table = new Table("", "");
        of.arguments().forEach((name, value) -> table.row("  " + name, " " + value));
        of.inputs().forEach(input -> table.row("  input", " " + input.name() + input.shape()));
        of.outputs().forEach(output -> table.row("  output", " " + output.name() + output.shape()));
        out.append(table.rows());
    }

    private void section(String title) {
        out.append('\n').append(title).append('\n');
    }

    private void parameters() {
        section("parameters: " + Units.count(of.count()) + ", " + Units.bytes(of.parameterBytes()) + " as "
                + of.stored().toString().toLowerCase(java.util.Locale.ROOT));
        Table blocks = new Table("  block", "numbers", "share");
        of.blocks()
                .forEach((name, count) -> blocks.row(
                        "  " + name, Units.count(count), Units.percent((double) count / Math.max(1, of.count()))));
        out.append(blocks.render()).append('\n');
        Table tensors = new Table("  parameter", "shape", "each", "times");
        for (Group<Tensor> group : of.parameters()) {
            tensors.row(
                    "  " + group.name(),
                    group.first().shape(),
                    Units.count(group.first().elements()),
                    group.count());
        }
        of.tied().forEach((name, holder) -> tensors.row("  " + name, "tied to " + holder, "", ""));
        out.append(tensors.render());
    }

    private void values() {
        section("values, as probes name them");
        Table values = new Table("  value", "shape");
        of.values()
                .forEach(group -> values.row("  " + group.name(), group.first().shape()));
        out.append(values.render());
    }

    private void work() {
        section("work of a sequence of " + of.length());
        Table work = new Table("", "FLOPs", "bytes", "of parameters", "FLOPs a token", "FLOP/byte");
        row(work, "  prefill, whole", of.prefill(), of.length());
        row(work, "  decode, one token", of.decode(), 1);
        out.append(work.render());
        out.append("  cache: ").append(Units.bytes(of.cachePerToken())).append(" a token, ");
        out.append(Units.bytes(of.cache())).append(" at ").append(of.length()).append('\n');
        if (of.repeated() != null) {
            out.append("  every step computes the whole sequence again: ")
                    .append(of.repeated())
                    .append('\n');
        }
    }

    private static void row(Table table, String name, Cost cost, long tokens) {
        table.row(
                name,
                Units.flops(cost.flops()),
                Units.bytes(cost.bytes()),
                Units.bytes(cost.parameterBytes()),
                Units.flops(cost.flops() / tokens),
                Units.digits(cost.flops() / Math.max(1, cost.bytes())));
    }

    /** Values of weights and constants alone: computed once, when the model is loaded. */
    private void loading() {
        if (of.loading().isEmpty()) {
            return;
        }
        section("kernels at load time: " + count(of.loading()));
        Table table = new Table("  kernel", "shape", "times", "computes, of the first");
        for (Group<Work> group : of.loading()) {
            Work work = group.first();
            table.row("  " + group.name(), work.shape(), group.count(), rightSide(work.definition()));
        }
        out.append(table.render());
    }

    private static String rightSide(String definition) {
        return definition.substring(definition.indexOf(" = ") + 3).strip();
    }

    private void kernels() {
        section("kernels of a step: " + count(of.kernels()) + "; FLOPs and bytes of each in decoding");
        Table table = new Table("  kernel", "shape", "times", "FLOPs", "bytes", "", "fused into it");
        for (Group<Work> group : of.kernels()) {
            Work work = group.first();
            table.row(
                    "  " + group.name(),
                    work.shape(),
                    group.count(),
                    Units.flops(work.decode().flops()),
                    Units.bytes(work.decode().bytes()),
                    work.storage() == Storage.CACHE ? "cached" : "",
                    String.join(", ", fused(work)));
        }
        out.append(table.render());
    }

    private static int count(List<Group<Work>> groups) {
        return groups.stream().mapToInt(Group::count).sum();
    }

    /** Names fused into a kernel, without what they share with its own. */
    static List<String> fused(Work work) {
        String name = work.name();
        return work.fused().stream()
                .map(path -> {
                    int shared = 0;
                    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
                        if (path.startsWith(name.substring(0, dot + 1))) {
                            shared = dot + 1;
                        }
                    }
                    return path.substring(shared);
                })
                .toList();
    }
}
