package tfx.backend.cpu;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * Any comprehension: rows of the output one after another, the innermost index over lanes where something lies adjacent along
 * it. Conditions that hold on one side of a lane only cut the row into pieces instead of masking.
 */
final class ElementwiseWriter {
    private static final long LANE_BLOCK = 4096;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;
    private final @Nullable Index lane;

    ElementwiseWriter(Emitter emitter, List<Index> indices, Expr body) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
        this.lane = !indices.isEmpty()
                        && e.loops.adjacent(body, indices.getLast())
                        && !e.loops.runsAcross(body, indices.getLast())
                ? indices.getLast()
                : null;
    }

    /** The bodies of {@link KernelCode}'s methods. */
    Methods write() {
        StringBuilder parts = new StringBuilder("final long start = f.start;\nfinal long end = f.end;\n");
        sizes(parts);
        parts.append("return (int) (((rows + chunk - 1) / chunk) * blocks);\n");
        Scope root = e.scope;
        e.operands.declare(root);
        StringBuilder sizes = new StringBuilder();
        sizes(sizes);
        root.code.append(sizes);
        root.line("final long first = part / blocks * chunk;");
        root.line("final long last = Math.min(rows, first + chunk);");
        root.line("final long block = part % blocks;");
        Set<Index> own = new LinkedHashSet<>(indices);
        own.add(Analysis.BATCH);
        if (lane != null) {
            own.remove(lane);
        }
        e.block("for (long row = first; row < last; row++) {", "}", own, false, null, null, this::row);
        String code = "final long tmp = Scratch.local(" + e.scratchBytes() + "L);\n" + root.code;
        return new Methods("return 1;\n", List.of(new Methods.Phase(parts.toString(), code)));
    }

    private void sizes(StringBuilder out) {
        StringBuilder rows = new StringBuilder("f.batch");
        for (int d = 0; d < indices.size(); d++) {
            Index index = indices.get(d);
            String size = e.operands.size(index.size());
            out.append("final long n")
                    .append(d)
                    .append(" = ")
                    .append(e.operands.stepped(indices, index) ? size + " - start" : size)
                    .append(";\n");
            if (index != lane) {
                rows.append(" * n").append(d);
            }
        }
        out.append("final long rows = ").append(rows).append(";\n");
        String width = lane == null ? "1L" : "n" + (indices.size() - 1);
        out.append("final long blocks = ")
                .append(
                        lane == null
                                ? "1L"
                                : "Math.max(1L, (" + width + " + " + (LANE_BLOCK - 1) + "L) / " + LANE_BLOCK + "L)")
                .append(";\n");
        out.append("final long chunk = ")
                .append(
                        loops(body)
                                ? lane == null ? "16L" : "1L"
                                : "Math.max(1L, " + 4 * LANE_BLOCK + "L / Math.max(1L, " + width + "))")
                .append(";\n");
    }

    private static boolean loops(Expr expr) {
        return expr instanceof Expr.Reduce
                || expr instanceof Expr.Fold
                || Analysis.parts(expr).stream().anyMatch(ElementwiseWriter::loops);
    }

    private void row() {
        Scope s = e.scope;
        s.line("long rest = row;");
        for (int d = indices.size() - 1; d >= 0; d--) {
            Index index = indices.get(d);
            if (index != lane) {
                String name = e.fresh("i");
                e.names.put(index, name);
                s.line("final long " + name + " = rest % n" + d
                        + (e.operands.stepped(indices, index) ? " + start;" : ";"));
                s.line("rest /= n" + d + ";");
            }
        }
        s.line("final long b = rest;");
        e.operands.declareBatch(s);
        if (lane == null) {
            String value = e.real(body);
            s.line("Memory.put" + e.operands.output() + "(" + LaneWriter.address(e, indices, null) + ", " + value
                    + ");");
            return;
        }
        int last = indices.size() - 1;
        String from = e.operands.stepped(indices, lane) ? "start" : "0L";
        s.line("final long low = " + from + " + block * " + LANE_BLOCK + "L;");
        s.line("final long high = Math.min(" + from + " + n" + last + ", low + " + LANE_BLOCK + "L);");
        LaneWriter.output(e, indices, lane, "low", "high", body, () -> {});
    }
}
