package tfx.cli;

import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Costs.Cost;
import tfx.compiler.schedule.Storage;
import tfx.runtime.model.Explanation;
import tfx.runtime.model.Explanation.Tensor;
import tfx.runtime.model.Explanation.Work;
import tfx.runtime.model.Repeats.Group;

/** An explanation as one HTML file: no script, nothing fetched. */
final class ExplanationPage {
    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>%s</title>
            <style>
            body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #222 }
            h1 { margin-bottom: .2em } h2 { margin-top: 2em; border-bottom: 1px solid #ccc }
            table { border-collapse: collapse; margin: .6em 0 } th { text-align: left; font-weight: 600; color: #555 }
            th, td { padding: .15em .9em .15em 0; vertical-align: top } tbody tr:hover { background: #f4f6f8 }
            td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
            code, pre { font: 13px/1.4 ui-monospace, monospace } pre { white-space: pre-wrap; margin: .3em 0; color: #444 }
            .bar { background: linear-gradient(#7aa6d8, #7aa6d8) no-repeat left / var(--share) 100%% }
            .note { color: #777 } summary { cursor: pointer }
            </style></head><body>
            """;

    private final Explanation of;
    private final StringBuilder out = new StringBuilder();

    private ExplanationPage(Explanation of) {
        this.of = of;
    }

    static String of(Explanation explanation) {
        ExplanationPage page = new ExplanationPage(explanation);
        page.head();
        page.work();
        page.parameters();
        page.kernels("Kernels at load time", explanation.loading());
        page.kernels("Kernels of a step", explanation.kernels());
        page.values();
        return page.out.append("</body></html>\n").toString();
    }

    private void head() {
        out.append(HEAD.formatted(escape(of.model())));
        out.append("<h1>").append(escape(of.model())).append("</h1>\n");
        out.append("<p>").append(Units.count(of.count())).append(" parameters, ");
        out.append(Units.bytes(of.parameterBytes())).append(" as ");
        out.append(of.stored().toString().toLowerCase(java.util.Locale.ROOT)).append("</p>\n");
        open();
        of.inputs().forEach(input -> row("input", code(input.name() + input.shape())));
        of.outputs().forEach(output -> row("output", code(output.name() + output.shape())));
        of.arguments().forEach((name, value) -> row(code(name), code(String.valueOf(value))));
        close();
    }

    private void work() {
        heading("Work of a sequence of " + of.length());
        open("", "FLOPs", "bytes", "of parameters", "FLOP/byte");
        work("prefill, whole", of.prefill());
        work("decode, one token", of.decode());
        close();
        out.append("<p>Cache: ").append(Units.bytes(of.cachePerToken())).append(" a token, ");
        out.append(Units.bytes(of.cache())).append(" at ").append(of.length()).append(".</p>\n");
        if (of.repeated() != null) {
            out.append("<p>Every step computes the whole sequence again: ").append(escape(of.repeated()));
            out.append("</p>\n");
        }
    }

    private void work(String name, Cost cost) {
        row(
                name,
                Units.flops(cost.flops()),
                Units.bytes(cost.bytes()),
                Units.bytes(cost.parameterBytes()),
                Units.digits(cost.flops() / Math.max(1, cost.bytes())));
    }

    private void parameters() {
        heading("Parameters");
        open("block", "numbers", "share");
        for (Map.Entry<String, Long> block : of.blocks().entrySet()) {
            double share = (double) block.getValue() / Math.max(1, of.count());
            row(code(block.getKey()), Units.count(block.getValue()), bar(share));
        }
        close();
        open("parameter", "shape", "each", "times");
        for (Group<Tensor> group : of.parameters()) {
            Tensor tensor = group.first();
            row(
                    code(group.name()),
                    code(tensor.shape()),
                    Units.count(tensor.elements()),
                    String.valueOf(group.count()));
        }
        of.tied().forEach((name, holder) -> row(code(name), "tied to " + code(holder), "", ""));
        close();
    }

    private void values() {
        heading("Values, as probes name them");
        open("value", "shape");
        of.values().forEach(group -> row(code(group.name()), code(group.first().shape())));
        close();
    }

    private void kernels(String title, List<Group<Work>> groups) {
        if (groups.isEmpty()) {
            return;
        }
        double bytes = groups.stream()
                .mapToDouble(group -> group.count() * group.first().decode().bytes())
                .sum();
        heading(title);
        out.append("<p class=note>FLOPs and bytes of one kernel in decoding; the bar is all its repetitions' share of ")
                .append("the bytes.</p>\n");
        open("kernel", "shape", "times", "FLOPs", "bytes", "share", "fused into it");
        for (Group<Work> group : groups) {
            Work work = group.first();
            String cached = work.storage() == Storage.CACHE ? " <span class=note>cached</span>" : "";
            row(
                    "<details><summary>" + code(group.name()) + cached + "</summary><pre>" + escape(work.definition())
                            + "</pre></details>",
                    code(work.shape()),
                    String.valueOf(group.count()),
                    Units.flops(work.decode().flops()),
                    Units.bytes(work.decode().bytes()),
                    bar(group.count() * work.decode().bytes() / Math.max(1, bytes)),
                    code(String.join(", ", ExplanationText.fused(work))));
        }
        close();
    }

    private void heading(String title) {
        out.append("<h2>").append(escape(title)).append("</h2>\n");
    }

    private void open(String... headings) {
        out.append("<table>");
        if (headings.length > 0) {
            out.append("<thead><tr>");
            for (String heading : headings) {
                out.append("<th>").append(escape(heading)).append("</th>");
            }
            out.append("</tr></thead>");
        }
        out.append("<tbody>\n");
    }

    private void close() {
        out.append("</tbody></table>\n");
    }

    /** Cells as HTML; those that begin with a digit are amounts. */
    private void row(String... cells) {
        out.append("<tr>");
        for (String cell : cells) {
            boolean amount = !cell.isEmpty() && Character.isDigit(cell.charAt(0));
            out.append(amount ? "<td class=n>" : "<td>").append(cell).append("</td>");
        }
        out.append("</tr>\n");
    }

    private static String bar(double share) {
        String percent = Units.percent(share);
        return "<div class=bar style=\"--share:" + percent + ";min-width:8em\">" + percent + "</div>";
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "<code>" + escape(text) + "</code>";
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
