package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.common.Analysis.Linear;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;

/** Writes loops over the lanes of vectors that compute an expression and store it. */
final class LaneWriter {
    private LaneWriter() {}

    /** The address in the output of the element at {@code indices}, at 0 of {@code lane}. */
    static String address(Emitter e, List<Index> indices, @Nullable Index lane) {
        StringBuilder at = new StringBuilder("out");
        for (int d = 0; d < indices.size(); d++) {
            if (indices.get(d) != lane) {
                at.append(" + " + e.operands.output().bytes() + "L * outs" + d + " * " + e.names.get(indices.get(d)));
            }
        }
        return at.toString();
    }

    /** As {@link #over}, into a row of the output that runs along {@code lane}. */
    static void output(Emitter e, List<Index> indices, Index lane, String low, String high, Expr body, Runnable given) {
        String to = e.fresh("v");
        e.scope.line("final long " + to + " = " + address(e, indices, lane) + ";");
        String stride = e.operands.output().bytes() + "L * outs" + indices.indexOf(lane);
        over(
                e,
                lane,
                low,
                high,
                body,
                given,
                (vector, count) ->
                        e.scope.line("Memory.scatter(" + e.operands.output().ordinal() + ", " + to + " + " + stride
                                + " * " + e.names.get(lane) + ", " + stride + ", " + vector + ", " + count + ");"));
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
    static void over(Emitter e, Index lane, String low, String high, Expr body, Runnable given, Store store) {
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
