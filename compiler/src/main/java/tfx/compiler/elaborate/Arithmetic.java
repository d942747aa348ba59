package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Int;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Real;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.elaborate.Datum.Truth;
import tfx.compiler.names.Fault;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Size;
import tfx.source.Span;

/** Operators on static values and tensors. */
final class Arithmetic {
    private final Run run;

    Arithmetic(Run run) {
        this.run = run;
    }

    /** A number or tensor as a tensor; TFX0106 for anything else. */
    static Term term(Datum datum, Span span) {
        return switch (datum) {
            case Term term -> term;
            case Int number -> Term.scalar(Exprs.length(number.size()), Kind.INTEGER);
            case Real number -> Term.scalar(new Expr.Number(number.value()), Kind.REAL);
            case Truth truth -> Term.scalar(truth.value() ? Expr.TRUE : Expr.FALSE, Kind.TRUTH);
            case Datum.Block block ->
                throw Fault.of(
                        "TFX0106",
                        span,
                        "a tensor is expected here and `" + block + "` is a block" + Calls.stillNeeds(block),
                        "call it");
            default -> throw Fault.of("TFX0106", span, "a tensor is expected here, not " + datum.kind(), "");
        };
    }

    static List<Dim> union(List<Dim> a, List<Dim> b) {
        if (a.containsAll(b)) {
            return a;
        }
        Set<Dim> all = new LinkedHashSet<>(a);
        all.addAll(b);
        return new ArrayList<>(all);
    }

    Datum unary(UnaryOp op, Datum operand, Kind result, Span span) {
        if (operand instanceof Int number) {
            if (op == UnaryOp.NEG) {
                return new Int(Size.ZERO.minus(number.size()));
            }
            if (op == UnaryOp.FLOOR) {
                return number;
            }
            if (number.size().isConstant()) {
                double value = Numbers.apply(op, number.size().constant());
                return op == UnaryOp.ABS ? new Int(Size.of((long) value)) : new Real(value);
            }
        }
        if (operand instanceof Real number) {
            if (op == UnaryOp.FLOOR && Math.abs(number.value()) < 1L << 53) {
                return new Int(Size.of((long) Math.floor(number.value())));
            }
            return new Real(Numbers.apply(op, number.value()));
        }
        Term term = term(operand, span);
        if (term.type() == Kind.TRUTH) {
            throw Fault.of("TFX0106", span, "a number is expected here, not a truth value", "");
        }
        boolean keeps = op == UnaryOp.NEG || op == UnaryOp.ABS || op == UnaryOp.FLOOR;
        return new Term(Exprs.unary(op, term.expr()), term.domain(), term.dims(), keeps ? keep(op, term) : result);
    }

    private static Kind keep(UnaryOp op, Term term) {
        return op == UnaryOp.FLOOR ? Kind.INTEGER : term.type();
    }

    Datum not(Datum operand, Span span) {
        if (operand instanceof Truth truth) {
            return new Truth(!truth.value());
        }
        Term term = truth(operand, span);
        return new Term(Exprs.unary(UnaryOp.NOT, term.expr()), term.domain(), term.dims(), Kind.TRUTH);
    }

    Term truth(Datum operand, Span span) {
        if (!(operand instanceof Truth) && !(operand instanceof Term term && term.type() == Kind.TRUTH)) {
            throw Fault.of(
                    "TFX0106",
                    span,
                    "a condition is expected here, not " + operand.kind(),
                    "compare it with something");
        }
        return term(operand, span);
    }

    Datum logic(BinaryOp op, Datum left, Datum right, Span leftSpan, Span rightSpan) {
        Term a = truth(left, leftSpan);
        Term b = truth(right, rightSpan);
        boolean both = op == BinaryOp.AND;
        if (a.expr() instanceof Expr.Number known) {
            return (known.value() != 0) == both ? right : left;
        }
        if (b.expr() instanceof Expr.Number known) {
            return (known.value() != 0) == both ? left : right;
        }
        return combine(op, a, b, Kind.TRUTH);
    }

    static Term combine(BinaryOp op, Term a, Term b, Kind type) {
        return new Term(
                Exprs.binary(op, a.expr(), b.expr()),
                Exprs.and(a.domain(), b.domain()),
                union(a.dims(), b.dims()),
                type);
    }

    /** {@code + - * / div mod ^}, {@code min} and {@code max}. */
    Datum number(BinaryOp op, Datum left, Datum right, Operands at) {
        Datum folded = statically(op, left, right, at);
        if (folded != null) {
            return folded;
        }
        Term a = numeric(left, at.left());
        Term b = numeric(right, at.right());
        boolean integers = a.type() == Kind.INTEGER && b.type() == Kind.INTEGER;
        if ((op == BinaryOp.FLOORDIV || op == BinaryOp.MOD) && !integers) {
            throw Fault.of("TFX0106", at.all(), "`div` and `mod` are for integers", "use `floor(a / b)`");
        }
        if ((op == BinaryOp.FLOORDIV || op == BinaryOp.MOD)
                && right instanceof Int divisor
                && divisor.size().equals(Size.ZERO)) {
            throw Fault.of(
                    "TFX0105", at.all(), "`" + at.left().text() + "` is divided by 0", "divide by another number");
        }
        Kind type = integers && op != BinaryOp.DIV && op != BinaryOp.POW ? Kind.INTEGER : Kind.REAL;
        return combine(op, a, b, type);
    }

    /** The places of an operation's operands, for messages. */
    record Operands(Span left, Span right, Span all) {}

    private static Term numeric(Datum datum, Span span) {
        Term term = term(datum, span);
        if (term.type() == Kind.TRUTH) {
            throw Fault.of(
                    "TFX0106", span, "a number is expected here, not a truth value", "`if c then 1 else 0` makes one");
        }
        return term;
    }

    private @Nullable Datum statically(BinaryOp op, Datum left, Datum right, Operands at) {
        if (left instanceof Int a && right instanceof Int b) {
            return integers(op, a.size(), b.size(), at);
        }
        Double a = real(left);
        Double b = real(right);
        return a == null || b == null ? null : new Real(Numbers.apply(op, a, b));
    }

    private @Nullable Datum integers(BinaryOp op, Size a, Size b, Operands at) {
        try {
            return switch (op) {
                case ADD -> new Int(a.plus(b));
                case SUB -> new Int(a.minus(b));
                case MUL -> new Int(a.times(b));
                case DIV -> {
                    Size quotient = run.sizes.divide(a, b);
                    if (quotient == null) {
                        throw inexact(a, b, at);
                    }
                    yield new Int(quotient);
                }
                case FLOORDIV, MOD -> {
                    if (!a.isConstant() || !b.isConstant()) {
                        yield null;
                    }
                    if (b.constant() == 0) {
                        throw inexact(a, b, at);
                    }
                    yield new Int(Size.of(
                            op == BinaryOp.MOD
                                    ? Math.floorMod(a.constant(), b.constant())
                                    : Math.floorDiv(a.constant(), b.constant())));
                }
                case POW -> power(a, b);
                case MIN ->
                    run.sizes.atMost(a, b) ? new Int(a) : run.sizes.atMost(b, a) ? new Int(b) : open("min", a, b);
                case MAX ->
                    run.sizes.atMost(a, b) ? new Int(b) : run.sizes.atMost(b, a) ? new Int(a) : open("max", a, b);
                default -> null;
            };
        } catch (ArithmeticException overflow) {
            throw Fault.of("TFX0114", at.all(), "the integer is too large", "lengths are at most 2^40");
        }
    }

    /** While checking, the lesser or greater of sizes that are not known is a size of its own. */
    private @Nullable Datum open(String which, Size a, Size b) {
        return run.check ? new Int(Size.symbol((which + "(" + a + ", " + b + ")").replace("*", "×"))) : null;
    }

    private static @Nullable Datum power(Size a, Size b) {
        if (!a.isConstant() || !b.isConstant()) {
            return null;
        }
        double value = Math.pow(a.constant(), b.constant());
        return b.constant() >= 0 && Math.abs(value) < 1L << 53 ? new Int(Size.of((long) value)) : new Real(value);
    }

    private RuntimeException inexact(Size a, Size b, Operands at) {
        String left = shown(at.left(), a);
        String right = shown(at.right(), b);
        String message =
                b.equals(Size.ZERO) ? left + " is divided by " + right : left + " is not divisible by " + right;
        return Fault.of(
                "TFX0105",
                at.all(),
                message,
                "a quotient of sizes must be exact; change one of them, or use `div` to round down");
    }

    private static String shown(Span span, Size size) {
        String text = span.text();
        String value = size.toString();
        return text.equals(value) ? value : text + " = " + value;
    }

    private static @Nullable Double real(Datum datum) {
        return switch (datum) {
            case Real number -> number.value();
            case Int number
            when number.size().isConstant() -> (double) number.size().constant();
            default -> null;
        };
    }

    /** {@code < <= > >= == !=}. */
    Datum compare(String operator, Datum left, Datum right, Operands at) {
        if (operator.equals("==") || operator.equals("!=")) {
            Boolean same = same(left, right);
            if (same != null) {
                return new Truth(same == operator.equals("=="));
            }
        }
        Double a = real(left);
        Double b = real(right);
        if (a != null && b != null) {
            return new Truth(
                    switch (operator) {
                        case "<" -> a < b;
                        case "<=" -> a <= b;
                        case ">" -> a > b;
                        case ">=" -> a >= b;
                        case "==" -> a.doubleValue() == b.doubleValue();
                        default -> a.doubleValue() != b.doubleValue();
                    });
        }
        Term x = numeric(left, at.left());
        Term y = numeric(right, at.right());
        return switch (operator) {
            case "<" -> combine(BinaryOp.LT, x, y, Kind.TRUTH);
            case "<=" -> combine(BinaryOp.LE, x, y, Kind.TRUTH);
            case ">" -> combine(BinaryOp.LT, y, x, Kind.TRUTH).reordered(union(x.dims(), y.dims()));
            case ">=" -> combine(BinaryOp.LE, y, x, Kind.TRUTH).reordered(union(x.dims(), y.dims()));
            case "==" -> combine(BinaryOp.EQ, x, y, Kind.TRUTH);
            default -> combine(BinaryOp.NE, x, y, Kind.TRUTH);
        };
    }

    /** Whether two static values are equal; null where that is not known before the run. */
    private static @Nullable Boolean same(Datum left, Datum right) {
        boolean numbers = (left instanceof Int || left instanceof Real || left instanceof Term)
                && (right instanceof Int || right instanceof Real || right instanceof Term);
        if (!numbers) {
            return left.equals(right);
        }
        return (left instanceof Int a && right instanceof Int b && a.size().equals(b.size())) ? Boolean.TRUE : null;
    }
}
