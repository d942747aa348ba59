package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.common.Analysis.Linear;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
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
        int bytes = e.operands.output().bytes();
        StringBuilder at = new StringBuilder("out");
        for (int d = 0; d < indices.size(); d++) {
            if (indices.get(d) != lane) {
                at.append(" + ")
                        .append(bytes)
                        .append("L * outs")
                        .append(d)
                        .append(" * ")
                        .append(e.names.get(indices.get(d)));
            }
        }
        s.line("final long to = " + at + ";");
        if (lane == null) {
            String value = e.real(body);
            s.line("Memory.put" + e.operands.output() + "(to, " + value + ");");
            return;
        }
        int last = indices.size() - 1;
        String from = e.operands.stepped(indices, lane) ? "start" : "0L";
        s.line("final long low = " + from + " + block * " + LANE_BLOCK + "L;");
        s.line("final long high = Math.min(" + from + " + n" + last + ", low + " + LANE_BLOCK + "L);");
        overLanes(
                e,
                lane,
                "low",
                "high",
                body,
                () -> {},
                (vector, count) -> e.scope.line("Memory.scatter("
                        + e.operands.output().ordinal() + ", to + " + bytes + "L * outs" + last + " * "
                        + e.names.get(lane) + ", " + bytes + "L * outs" + last + ", " + vector + ", " + count + ");"));
    }

    /** Receives the text of a vector of results and of how many of its lanes count. */
    interface Store {
        void accept(String vector, String count);
    }

    /**
     * Computes {@code body} for {@code lane} from {@code low} to {@code high}, in pieces where conditions change.
     *
     * @param given makes known, at the start of the innermost block, what is computed already
     */
    static void overLanes(Emitter e, Index lane, String low, String high, Expr body, Runnable given, Store store) {
        List<Expr> conditions = new ArrayList<>();
        List<String> cuts = new ArrayList<>();
        collect(e, lane, body, conditions, cuts);
        String[] range = {low, high};
        Runnable loop = () -> {
            Scope outside = e.scope;
            e.loops.lanes(lane, range[0], range[1], () -> {
                for (Expr c : conditions) {
                    e.scope.known.put(c, outside.known.get(c));
                }
                given.run();
                String vector = e.vector(body);
                store.accept(
                        vector,
                        e.scope.mask == null ? "Lanes.LENGTH" : "(int) (" + range[1] + " - " + e.names.get(lane) + ")");
            });
        };
        if (conditions.isEmpty()) {
            loop.run();
            return;
        }
        String pieces = e.fresh("cuts");
        String k = e.fresh("j");
        e.scope.line("final long[] " + pieces + " = Lanes.pieces(" + low + ", " + high + ", " + String.join(", ", cuts)
                + ");");
        range[0] = e.fresh("l");
        range[1] = e.fresh("h");
        String head = "for (int " + k + " = 0; " + k + " + 1 < " + pieces + ".length; " + k + "++) {\nfinal long "
                + range[0] + " = " + pieces + "[" + k + "];\nfinal long " + range[1] + " = " + pieces + "[" + k
                + " + 1];\nif (" + range[0] + " == " + range[1] + ") {\ncontinue;\n}";
        e.names.put(lane, range[0]);
        e.block(head, "}", Set.of(lane), false, null, null, () -> {
            for (Expr c : conditions) {
                e.emit(c);
            }
            loop.run();
        });
    }

    private static void collect(Emitter e, Index lane, Expr expr, List<Expr> conditions, List<String> cuts) {
        if (expr instanceof Expr.Reduce || expr instanceof Expr.Fold) {
            return;
        }
        if (expr instanceof Expr.Select s) {
            e.analysis.conjuncts(s.condition()).forEach(c -> cut(e, lane, c, conditions, cuts));
        }
        Analysis.parts(expr).forEach(part -> collect(e, lane, part, conditions, cuts));
    }

    private static void cut(Emitter e, Index lane, Expr c, List<Expr> conditions, List<String> cuts) {
        if (conditions.contains(c)
                || !(c instanceof Expr.Binary(BinaryOp op, Expr l, Expr r))
                || !Emitter.comparison(op)
                || e.analysis.kind(l) != Kind.LONG
                || e.analysis.kind(r) != Kind.LONG
                || e.analysis.costly(c)) {
            return;
        }
        Linear difference = Analysis.combine(e.analysis.linear(r), e.analysis.linear(l), -1);
        Long factor = e.analysis.factor(difference, lane);
        if (factor == null || Math.abs(factor) != 1) {
            return;
        }
        String at = e.scalars.integer(e.analysis.rest(difference, lane, -factor));
        conditions.add(c);
        cuts.add(at);
        cuts.add(at + " + 1L");
    }
}
