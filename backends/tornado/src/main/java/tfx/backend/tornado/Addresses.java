package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** Where elements of tensors lie in their slabs, as int expressions. */
final class Addresses {
    private final Emitter e;

    Addresses(Emitter emitter) {
        this.e = emitter;
    }

    /** The place of an element in its slab: what does not change in the innermost block is computed outside it. */
    String address(Expr.Read r) {
        Value value = r.value();
        StringBuilder inner = new StringBuilder();
        Set<Index> outerFree = new LinkedHashSet<>();
        if (Operands.batched(value)) {
            outerFree.add(Analysis.BATCH);
        }
        List<Integer> outer = new ArrayList<>();
        boolean costly = false;
        for (int d = 0; d < r.at().size(); d++) {
            Expr at = r.at().get(d);
            if (e.scope.binds(e.analysis.free(at))) {
                inner.append(" + ").append(term(r, d));
            } else {
                outer.add(d);
                outerFree.addAll(e.analysis.free(at));
                costly |= e.analysis.costly(at);
            }
        }
        String base = e.hoisted("int", outerFree, costly, () -> {
            int number = e.operands.number(value);
            StringBuilder text = new StringBuilder(e.operands.record.base(number));
            if (Operands.batched(value)) {
                text.append(" + batch * ").append(e.operands.record.batchStride(number));
            }
            for (int d : outer) {
                text.append(" + ").append(term(r, d));
            }
            return text.toString();
        });
        return base + inner;
    }

    private String term(Expr.Read r, int d) {
        Expr at = r.at().get(d);
        String index = e.scalars.integer(at);
        if (e.analysis.costly(at)) {
            // Where an id is wrong the runtime has said so before; nothing may read outside of the slab even so.
            String last = e.operands.size(r.value().shape().get(d)) + " - 1";
            String x = e.scalars.variable("int", index);
            index = "(" + x + " < 0 ? 0 : " + x + " > " + last + " ? " + last + " : " + x + ")";
        }
        String stride = e.operands.stride(r.value(), d);
        return stride.equals("1") ? index : index + " * " + stride;
    }
}
