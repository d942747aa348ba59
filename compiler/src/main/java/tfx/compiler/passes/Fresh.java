package tfx.compiler.passes;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;

/** Gives every reduction an index object of its own, so that moving definitions into each other never confuses two. */
final class Fresh {
    private Fresh() {}

    static Program program(Program program) {
        return Draft.rewriteExpressions(program, expr -> Work.reduces(expr) ? fresh(expr, Map.of()) : expr);
    }

    private static Expr fresh(Expr expr, Map<Index, Index> names) {
        List<Index> binds = Exprs.binds(expr);
        if (binds.isEmpty()) {
            if (expr instanceof Expr.At(Index index)) {
                return names.containsKey(index) ? new Expr.At(names.get(index)) : expr;
            }
            return Exprs.map(expr, part -> fresh(part, names));
        }
        Map<Index, Index> inner = new HashMap<>(names);
        List<Index> bound = binds.stream()
                .map(index -> new Index(index.name(), index.size()))
                .toList();
        for (int i = 0; i < bound.size(); i++) {
            inner.put(binds.get(i), bound.get(i));
        }
        return Exprs.bind(Exprs.map(expr, part -> fresh(part, inner)), bound);
    }
}
