package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Expr.Binary;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.Number;
import tfx.ir.Expr.Select;
import tfx.ir.Expr.Unary;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;

/** Evaluates what is known: constants, constant sizes, comparisons that index ranges decide. Keeps NaN and infinity as they are. */
final class Simplify {
    private Simplify() {}

    static Program program(Program program) {
        return Draft.rewriteExpressions(program, Simplify::expression);
    }

    static Expr expression(Expr expr) {
        return new UnaryOperator<Expr>() {
            @Override
            public Expr apply(Expr part) {
                return step(Exprs.map(part, this));
            }
        }.apply(expr);
    }

    private static Expr step(Expr expr) {
        return switch (expr) {
            case Expr.Length(Size size) when size.isConstant() -> new Number(size.constant());
            case Expr.At(Index index) when index.size().equals(Size.ONE) -> new Number(0);
            case Unary(Expr.UnaryOp op, Number(double value)) -> new Number(evaluate(op, value));
            case Binary(BinaryOp op, Number(double a), Number(double b)) -> new Number(evaluate(op, a, b));
            case Binary binary -> binary(binary);
            case Select(Number(double value), Expr then, Expr otherwise) -> value != 0 ? then : otherwise;
            case Select(Expr condition, Expr then, Expr otherwise) when then.equals(otherwise) -> then;
            case Expr.Reduce reduce -> withoutUnitIndices(reduce);
            default -> expr;
        };
    }

    private static Expr binary(Binary binary) {
        Expr left = binary.left();
        Expr right = binary.right();
        return switch (binary.op()) {
            // x + 0 is x for all x but -0, whose sign nothing here can observe but a division by it.
            case ADD -> isNumber(right, 0) ? left : isNumber(left, 0) ? right : binary;
            case SUB -> isNumber(right, 0) ? left : binary;
            case MUL -> isNumber(right, 1) ? left : isNumber(left, 1) ? right : binary;
            case DIV ->
                isNumber(right, 1)
                        ? left
                        : right instanceof Number(double by) ? byReciprocal(left, by, binary) : binary;
            case POW -> right instanceof Number(double power) ? power(left, power, binary) : binary;
            case AND ->
                isNumber(left, 0) || isNumber(right, 0)
                        ? Expr.FALSE
                        : isTrue(left) ? right : isTrue(right) ? left : binary;
            case OR ->
                isTrue(left) || isTrue(right)
                        ? Expr.TRUE
                        : isNumber(left, 0) ? right : isNumber(right, 0) ? left : binary;
            case LT, LE, EQ, NE -> comparison(binary);
            case FLOORDIV, MOD -> quotient(binary);
            case MIN, MAX -> binary;
        };
    }

    /** Division by a power of two is exact as a product; other divisors stay. */
    private static Expr byReciprocal(Expr left, double by, Expr otherwise) {
        double inverse = 1 / by;
        boolean exact = by != 0
                && Math.abs(Math.getExponent(by)) < 100
                && by == Math.copySign(Math.scalb(1.0, Math.getExponent(by)), by);
        return exact ? Exprs.mul(left, new Number(inverse)) : otherwise;
    }

    private static Expr power(Expr base, double power, Expr otherwise) {
        if (power == 0.5) {
            return new Unary(Expr.UnaryOp.SQRT, base);
        }
        if (power == 1) {
            return base;
        }
        if (power == 2 || power == 3 || power == 4) {
            Expr square = Exprs.mul(base, base);
            return power == 2 ? square : Exprs.mul(square, power == 3 ? base : square);
        }
        return otherwise;
    }

    private static Expr comparison(Binary binary) {
        Affine left = Affine.of(binary.left());
        Affine right = left == null ? null : Affine.of(binary.right());
        if (right == null) {
            return binary;
        }
        Affine one = new Affine(Map.of(), Size.ONE);
        Affine above = left.minus(right);
        Affine below = right.minus(left);
        boolean never = above.plus(one).isNeverPositive();
        boolean neverBelow = below.plus(one).isNeverPositive();
        return switch (binary.op()) {
            case LT -> never ? Expr.TRUE : below.isNeverPositive() ? Expr.FALSE : binary;
            case LE -> above.isNeverPositive() ? Expr.TRUE : neverBelow ? Expr.FALSE : binary;
            case EQ ->
                never || neverBelow
                        ? Expr.FALSE
                        : above.isNeverPositive() && below.isNeverPositive() ? Expr.TRUE : binary;
            case NE ->
                never || neverBelow
                        ? Expr.TRUE
                        : above.isNeverPositive() && below.isNeverPositive() ? Expr.FALSE : binary;
            default -> binary;
        };
    }

    /** Floored quotients and remainders of what lies within one multiple of the divisor. */
    private static Expr quotient(Binary binary) {
        if (!(binary.right() instanceof Number(double by)) || by < 1 || by != Math.rint(by)) {
            return binary;
        }
        Affine left = Affine.of(binary.left());
        if (left == null) {
            return binary;
        }
        boolean within = left.times(-1).isNeverPositive()
                && left.minus(new Affine(Map.of(), Size.of((long) by - 1))).isNeverPositive();
        if (within) {
            return binary.op() == BinaryOp.MOD ? binary.left() : new Number(0);
        }
        return by == 1 ? binary.op() == BinaryOp.MOD ? new Number(0) : binary.left() : binary;
    }

    private static Expr withoutUnitIndices(Expr.Reduce reduce) {
        if (reduce.indices().stream().noneMatch(index -> index.size().equals(Size.ONE))) {
            return reduce;
        }
        List<Index> kept = new ArrayList<>();
        Map<Index, Expr> by = new HashMap<>();
        for (Index index : reduce.indices()) {
            if (index.size().equals(Size.ONE)) {
                by.put(index, new Number(0));
            } else {
                kept.add(index);
            }
        }
        Expr domain = Exprs.substitute(reduce.domain(), by);
        Expr body = Exprs.substitute(reduce.body(), by);
        if (!kept.isEmpty()) {
            return new Expr.Reduce(reduce.monoid(), kept, domain, body);
        }
        return domain.equals(Expr.TRUE)
                ? body
                : new Select(domain, body, new Number(reduce.monoid().identity()));
    }

    private static boolean isNumber(Expr expr, double value) {
        return expr instanceof Number(double number) && number == value;
    }

    private static boolean isTrue(Expr expr) {
        return expr.equals(Expr.TRUE);
    }

    static double evaluate(Expr.UnaryOp op, double x) {
        return switch (op) {
            case NEG -> -x;
            case NOT -> x == 0 ? 1 : 0;
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case TANH -> Math.tanh(x);
            case ERF -> erf(x);
            case ABS -> Math.abs(x);
            case FLOOR -> Math.floor(x);
        };
    }

    static double evaluate(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case FLOORDIV -> Math.floor(a / b);
            case MOD -> a - b * Math.floor(a / b);
            case LT -> a < b ? 1 : 0;
            case LE -> a <= b ? 1 : 0;
            case EQ -> a == b ? 1 : 0;
            case NE -> a != b ? 1 : 0;
            case AND -> a != 0 && b != 0 ? 1 : 0;
            case OR -> a != 0 || b != 0 ? 1 : 0;
        };
    }

    /** The error function to double precision: its Taylor series near 0, a continued fraction of erfc beyond. */
    static double erf(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x) || a > 6) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        if (a < 2.5) {
            double term = x;
            double sum = x;
            for (int n = 1; n < 80 && Math.abs(term) > 1e-19 * Math.abs(sum); n++) {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return sum * 2 / Math.sqrt(Math.PI);
        }
        double fraction = 0;
        for (int n = 80; n > 0; n--) {
            fraction = n / 2.0 / (a + fraction);
        }
        return Math.signum(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
    }

    static @Nullable Double constant(Expr expr) {
        return expr instanceof Number(double value) ? value : null;
    }
}
