package tfx.compiler.passes;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Value;

/**
 * Takes stacks away: a read whose leading index is a number reads that part; a reduction over the leading index is written
 * out; any other leading index becomes a choice among the parts.
 */
final class Stacks {
    private Stacks() {}

    static Program lower(Program program) {
        // Stacks may hold what other stacks are read by; every round takes one level away.
        Program current = program;
        while (holdsStack(current)) {
            current = Draft.rewriteExpressions(current, Stacks::lower);
        }
        return current;
    }

    private static boolean holdsStack(Program program) {
        return tfx.ir.Programs.order(program).stream()
                .anyMatch(value -> value instanceof Value.Comprehension c
                        && Exprs.reads(c.domain(), c.body()).stream().anyMatch(Value.Stack.class::isInstance));
    }

    private static Expr lower(Expr expr) {
        UnaryOperator<Expr> rewrite = new UnaryOperator<>() {
            @Override
            public Expr apply(Expr part) {
                return switch (part) {
                    case Expr.Reduce reduce
                    when overStack(reduce) != null -> apply(writtenOut(reduce, overStack(reduce)));
                    case Expr.Read(Value.Stack stack, List<Expr> at) -> {
                        List<Expr> rest =
                                at.subList(1, at.size()).stream().map(this).toList();
                        yield part(stack, apply(at.getFirst()), rest);
                    }
                    default -> Exprs.map(part, this);
                };
            }
        };
        return rewrite.apply(expr);
    }

    private static Expr part(Value.Stack stack, Expr leading, List<Expr> at) {
        if (Simplify.expression(leading) instanceof Expr.Number(double value)) {
            return new Expr.Read(stack.parts().get((int) value), at);
        }
        Expr choice = new Expr.Read(stack.parts().getLast(), at);
        for (int i = stack.parts().size() - 2; i >= 0; i--) {
            Expr chosen = new Expr.Binary(Expr.BinaryOp.EQ, leading, Exprs.number(i));
            choice = new Expr.Select(chosen, new Expr.Read(stack.parts().get(i), at), choice);
        }
        return choice;
    }

    /** A reduced index that some stack inside is read at, or null. */
    private static Index overStack(Expr.Reduce reduce) {
        Index[] found = {null};
        Exprs.forEach(reduce, part -> {
            if (part instanceof Expr.Read(Value.Stack stack, List<Expr> at)) {
                for (Index index : Exprs.free(at.getFirst())) {
                    if (reduce.indices().contains(index) && index.size().isConstant() && found[0] == null) {
                        found[0] = index;
                    }
                }
            }
        });
        return found[0];
    }

    private static Expr writtenOut(Expr.Reduce reduce, Index over) {
        List<Index> rest =
                reduce.indices().stream().filter(index -> index != over).toList();
        Expr.BinaryOp op = switch (reduce.monoid()) {
            case SUM -> Expr.BinaryOp.ADD;
            case PRODUCT -> Expr.BinaryOp.MUL;
            case MAX -> Expr.BinaryOp.MAX;
            case MIN -> Expr.BinaryOp.MIN;
        };
        Expr all = null;
        for (long i = 0; i < over.size().constant(); i++) {
            Map<Index, Expr> by = new HashMap<>();
            by.put(over, Exprs.number(i));
            Expr domain = Simplify.expression(Exprs.substitute(reduce.domain(), by));
            Expr body = Exprs.substitute(reduce.body(), by);
            Expr term = !rest.isEmpty()
                    ? new Expr.Reduce(reduce.monoid(), rest, domain, body)
                    : domain.equals(Expr.TRUE)
                            ? body
                            : new Expr.Select(
                                    domain, body, Exprs.number(reduce.monoid().identity()));
            all = all == null ? term : new Expr.Binary(op, all, term);
        }
        return all == null ? Exprs.number(reduce.monoid().identity()) : all;
    }
}
