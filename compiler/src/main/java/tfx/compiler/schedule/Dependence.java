package tfx.compiler.schedule;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tfx.compiler.passes.Affine;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * Proves from index arithmetic which rows along the sequence a value needs of those it reads. Reading row a for row r, the
 * predicates around the read (domains of reductions, conditions of choices) are facts {@code f <= 0}; that a is not after r
 * holds if a - r, or a - r less one or two facts, is never positive over the ranges of the indices.
 */
final class Dependence {
    private final String length;
    private final Map<Value, Long> past = new HashMap<>();
    private @Nullable String reason;
    private Value.Comprehension current;
    private @Nullable Index row;

    private Dependence(String length) {
        this.length = length;
    }

    static Causality analyse(Program program, List<Value> order) {
        if (program.length() == null) {
            return new Causality(false, "the program has no sequence length", Map.of());
        }
        Dependence dependence = new Dependence(program.length());
        for (Value value : order) {
            if (value instanceof Value.Comprehension definition && dependence.reason == null) {
                dependence.visit(definition);
            }
        }
        return dependence.reason == null
                ? new Causality(true, null, dependence.past)
                : new Causality(false, dependence.reason, Map.of());
    }

    private void visit(Value.Comprehension definition) {
        current = definition;
        int axis = Scheduler.sequenceAxis(definition, length);
        row = axis < 0 ? null : definition.indices().get(axis);
        List<Affine> facts = new ArrayList<>();
        assume(definition.domain(), true, facts);
        walk(definition.domain(), facts);
        walk(definition.body(), facts);
    }

    private void walk(Expr expr, List<Affine> facts) {
        switch (expr) {
            case Expr.Read read -> {
                read(read, facts);
                read.at().forEach(at -> walk(at, facts));
            }
            case Expr.Length(Size size) ->
                fail(size.symbols().contains(length), "depends on the length of the whole sequence");
            case Expr.Reduce reduce -> {
                List<Affine> inner = with(facts, reduce.domain(), true);
                reduce.indices().forEach(index -> bounded(index, inner));
                walk(reduce.domain(), inner);
                walk(reduce.body(), inner);
            }
            case Expr.Fold fold -> {
                List<Affine> inner = with(facts, fold.domain(), true);
                bounded(fold.index(), inner);
                walk(fold.domain(), inner);
                fold.accumulators().forEach(accumulator -> walk(accumulator.body(), inner));
                walk(fold.result(), facts);
            }
            case Expr.Select select -> {
                walk(select.condition(), facts);
                walk(select.then(), with(facts, select.condition(), true));
                walk(select.otherwise(), with(facts, select.condition(), false));
            }
            default -> Exprs.parts(expr, part -> walk(part, facts));
        }
    }

    /** A reduction along the sequence takes in later points as the sequence grows unless its domain stops it at the row. */
    private void bounded(Index index, List<Affine> facts) {
        if (index.size().symbols().contains(length)
                && !(row != null && notAfter(Affine.of(new Expr.At(index)), facts))) {
            fail(
                    true,
                    "reduces over all of " + index + ", and no predicate says that it is not after "
                            + (row == null ? "the row" : row));
        }
    }

    private void read(Expr.Read read, List<Affine> facts) {
        int axis = Scheduler.sequenceAxis(read.value(), length);
        if (axis < 0) {
            return;
        }
        if (row == null) {
            fail(true, "has no row of its own along the sequence but reads rows of " + read.value());
            return;
        }
        Expr at = read.at().get(axis);
        if (at.equals(new Expr.At(row))) {
            return;
        }
        Affine place = Affine.of(at);
        if (place == null || !notAfter(place, facts)) {
            fail(
                    true,
                    "reads " + read.value() + " at row " + tfx.ir.Printer.print(at)
                            + ", which is not proven to be at or before " + row);
            return;
        }
        past.merge(read.value(), distance(place, facts), Math::max);
    }

    private boolean notAfter(@Nullable Affine place, List<Affine> facts) {
        return place != null && proven(place.minus(row()), facts);
    }

    private static boolean proven(Affine goal, List<Affine> facts) {
        if (goal.isNeverPositive()) {
            return true;
        }
        for (int i = 0; i < facts.size(); i++) {
            Affine less = goal.minus(facts.get(i));
            if (less.isNeverPositive()) {
                return true;
            }
            for (int j = i + 1; j < facts.size(); j++) {
                if (less.minus(facts.get(j)).isNeverPositive()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** How far before the row {@code place} may lie. */
    private long distance(Affine place, List<Affine> facts) {
        Affine back = row().minus(place);
        long least = bound(back).orElse(Placement.ALL);
        for (Affine fact : facts) {
            least = Math.min(least, bound(back.minus(fact)).orElse(Placement.ALL));
        }
        return least;
    }

    private static OptionalLong bound(Affine affine) {
        Size largest = affine.largest();
        return largest.isConstant() ? OptionalLong.of(Math.max(0, largest.constant())) : OptionalLong.empty();
    }

    private Affine row() {
        return new Affine(Map.of(row, 1L), Size.ZERO);
    }

    private void fail(boolean really, String what) {
        if (really && reason == null) {
            reason = current + " " + what;
        }
    }

    private static List<Affine> with(List<Affine> facts, Expr predicate, boolean holds) {
        List<Affine> all = new ArrayList<>(facts);
        assume(predicate, holds, all);
        return all;
    }

    /** Adds what follows from {@code predicate} being true, or being false, as affine expressions that are at most 0. */
    private static void assume(Expr predicate, boolean holds, List<Affine> facts) {
        if (predicate instanceof Expr.Unary(Expr.UnaryOp op, Expr operand) && op == Expr.UnaryOp.NOT) {
            assume(operand, !holds, facts);
            return;
        }
        if (!(predicate instanceof Expr.Binary(BinaryOp op, Expr left, Expr right))) {
            return;
        }
        if (op == (holds ? BinaryOp.AND : BinaryOp.OR)) {
            assume(left, holds, facts);
            assume(right, holds, facts);
            return;
        }
        Affine l = Affine.of(left);
        Affine r = l == null ? null : Affine.of(right);
        if (r == null) {
            return;
        }
        Affine one = new Affine(Map.of(), Size.ONE);
        Affine difference = l.minus(r);
        switch (op) {
            case LE -> facts.add(holds ? difference : difference.times(-1).plus(one));
            case LT -> facts.add(holds ? difference.plus(one) : difference.times(-1));
            case EQ, NE -> {
                if (holds == (op == BinaryOp.EQ)) {
                    facts.add(difference);
                    facts.add(difference.times(-1));
                }
            }
            default -> {}
        }
    }
}
