package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * Makes equal parts of a definition one object. Bound indices are renamed so that reductions over dimensions of one size bind
 * the same index object: reductions that are equal but for their index become equal, and neighbouring ones can share a loop.
 */
final class Share {
    private Share() {}

    static Program program(Program program) {
        return Draft.rewrite(program, Share::definition);
    }

    private static Draft.Definition definition(Value.Comprehension value) {
        if (!Work.reduces(value.body()) && !Work.reduces(value.domain())) {
            return new Draft.Definition(value.indices(), value.domain(), Exprs.share(value.body()), value.fused());
        }
        Renaming renaming = new Renaming();
        Expr domain = renaming.apply(value.domain(), Map.of(), Map.of());
        Expr body = renaming.apply(value.body(), Map.of(), Map.of());
        return new Draft.Definition(value.indices(), domain, Exprs.share(body), value.fused());
    }

    /** One per definition: the indices it hands out are bound nowhere else. */
    private static final class Renaming {
        private final Map<Size, List<Index>> pool = new HashMap<>();

        /** {@code depth}: how many indices of a size are bound around here. */
        Expr apply(Expr expr, Map<Index, Index> names, Map<Size, Integer> depth) {
            List<Index> binds = Exprs.binds(expr);
            if (binds.isEmpty()) {
                if (expr instanceof Expr.At(Index index)) {
                    Index name = names.get(index);
                    return name == null ? expr : new Expr.At(name);
                }
                return Exprs.map(expr, part -> apply(part, names, depth));
            }
            Map<Index, Index> inner = new HashMap<>(names);
            Map<Size, Integer> deeper = new HashMap<>(depth);
            List<Index> bound = new ArrayList<>();
            for (Index index : binds) {
                int level = deeper.merge(index.size(), 1, Integer::sum);
                List<Index> ofSize = pool.computeIfAbsent(index.size(), size -> new ArrayList<>());
                if (ofSize.size() < level) {
                    ofSize.add(new Index(index.name(), index.size()));
                }
                inner.put(index, ofSize.get(level - 1));
                bound.add(ofSize.get(level - 1));
            }
            return Exprs.bind(Exprs.map(expr, part -> apply(part, inner, deeper)), bound);
        }
    }
}
