package tfx.compiler.elaborate;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Size;

/**
 * What is known of symbolic lengths: every symbol is at least 1, some have a most, and where a quotient of symbols was
 * asked for while checking, the dividend is the quotient times the divisor.
 */
final class Sizes {
    private final boolean check;
    private final Map<String, Size> most = new HashMap<>();
    private final Map<String, Size> quotients = new LinkedHashMap<>();

    Sizes(boolean check) {
        this.check = check;
    }

    void limit(String symbol, Size atMost) {
        most.put(symbol, atMost);
    }

    Map<String, Size> limits() {
        return most;
    }

    /** The exact quotient; null where it is not one. While checking, a new symbol where sizes are not known. */
    @Nullable
    Size divide(Size dividend, Size divisor) {
        Size a = normal(dividend);
        Size b = normal(divisor);
        if (b.equals(Size.ZERO)) {
            return null;
        }
        Size exact = a.dividedBy(b);
        if (exact != null || !check || (a.isConstant() && b.isConstant())) {
            return exact;
        }
        String name = "(" + dividend + " / " + divisor + ")";
        Size quotient = Size.symbol(name.replace("*", "×"));
        String symbol = a.onlySymbol();
        if (symbol != null && !b.symbols().contains(symbol) && !quotients.containsKey(symbol)) {
            quotients.put(symbol, quotient.times(b));
        }
        return quotient;
    }

    /** The size with every dividend written as quotient times divisor. */
    Size normal(Size size) {
        Size at = size;
        for (int i = 0; i < 8 && !quotients.isEmpty(); i++) {
            Size next = at.with(quotients);
            if (next.equals(at)) {
                break;
            }
            at = next;
        }
        return at;
    }

    private double least(Size size) {
        Size normal = normal(size);
        return Math.max(normal.least(), normal(normal.lowered(most)).least());
    }

    boolean same(Size a, Size b) {
        return a.equals(b) || (!quotients.isEmpty() && normal(a).equals(normal(b)));
    }

    /** Whether {@code a <= b} for all lengths that are allowed. */
    boolean atMost(Size a, Size b) {
        return a.equals(b) || least(b.minus(a)) >= 0;
    }

    /** Whether {@code a > b} for all lengths that are allowed. */
    boolean above(Size a, Size b) {
        return least(a.minus(b)) > 0;
    }
}
