package tfx.ir;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A length as a polynomial with integer coefficients over named symbols: {@code 64}, {@code t}, {@code heads * e + 1}.
 *
 * <p>Two sizes are equal exactly when they are equal for every value of their symbols, so equality of shapes is decided
 * by {@link #equals}. A program ready to run has only constants and its sequence lengths left.
 */
public final class Size {
    public static final Size ONE = of(1);
    public static final Size ZERO = of(0);

    /** Monomial (symbols with multiplicity, sorted) to its non-zero coefficient. */
    private final TreeMap<String, Long> terms;

    private Size(TreeMap<String, Long> terms) {
        this.terms = terms;
    }

    public static Size of(long value) {
        TreeMap<String, Long> terms = new TreeMap<>();
        if (value != 0) {
            terms.put("", value);
        }
        return new Size(terms);
    }

    /** A length known only by name. The name must not hold {@code '*'}. */
    public static Size symbol(String name) {
        TreeMap<String, Long> terms = new TreeMap<>();
        terms.put(name, 1L);
        return new Size(terms);
    }

    public boolean isConstant() {
        return terms.isEmpty() || (terms.size() == 1 && terms.containsKey(""));
    }

    /** The value of a constant size. */
    public long constant() {
        if (!isConstant()) {
            throw new IllegalStateException("not a constant: " + this);
        }
        return terms.getOrDefault("", 0L);
    }

    public Size plus(Size other) {
        TreeMap<String, Long> sum = new TreeMap<>(terms);
        other.terms.forEach((monomial, factor) -> add(sum, monomial, factor));
        return new Size(sum);
    }

    public Size minus(Size other) {
        return plus(other.times(of(-1)));
    }

    public Size times(Size other) {
        TreeMap<String, Long> product = new TreeMap<>();
        terms.forEach((a, fa) -> other.terms.forEach((b, fb) -> add(product, join(a, b), Math.multiplyExact(fa, fb))));
        return new Size(product);
    }

    /** The exact quotient, or null where {@code divisor} (a single monomial) does not divide every term. */
    public Size dividedBy(Size divisor) {
        if (terms.isEmpty()) {
            return ZERO;
        }
        if (equals(divisor)) {
            return ONE;
        }
        if (divisor.terms.size() != 1) {
            return null;
        }
        String by = divisor.terms.firstKey();
        long factor = divisor.terms.firstEntry().getValue();
        TreeMap<String, Long> quotient = new TreeMap<>();
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            List<String> symbols = new ArrayList<>(split(term.getKey()));
            for (String symbol : split(by)) {
                if (!symbols.remove(symbol)) {
                    return null;
                }
            }
            if (term.getValue() % factor != 0) {
                return null;
            }
            add(quotient, String.join("*", symbols), term.getValue() / factor);
        }
        return new Size(quotient);
    }

    /** The value under {@code lengths}, which must hold every symbol; throws {@link ArithmeticException} on overflow. */
    public long evaluate(Map<String, Long> lengths) {
        if (isConstant()) {
            return constant();
        }
        long sum = 0;
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            long product = term.getValue();
            for (String symbol : split(term.getKey())) {
                Long value = lengths.get(symbol);
                if (value == null) {
                    throw new IllegalArgumentException("no value for " + symbol);
                }
                product = Math.multiplyExact(product, value);
            }
            sum = Math.addExact(sum, product);
        }
        return sum;
    }

    /** Whether this is at most 0 whenever every symbol is at least 1; false where that cannot be told. */
    public boolean isNeverPositive() {
        long most = 0;
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            if (!term.getKey().isEmpty() && term.getValue() > 0) {
                return false;
            }
            most += term.getValue();
        }
        return most <= 0;
    }

    /** This size with symbols replaced. */
    public Size with(Map<String, Size> replacements) {
        Size sum = ZERO;
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            Size product = of(term.getValue());
            for (String symbol : split(term.getKey())) {
                Size by = replacements.get(symbol);
                product = product.times(by == null ? symbol(symbol) : by);
            }
            sum = sum.plus(product);
        }
        return sum;
    }

    /** A size that is at most this one wherever every symbol is at most what {@code most} says. */
    public Size lowered(Map<String, Size> most) {
        Size sum = ZERO;
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            Size product = of(term.getValue());
            for (String symbol : split(term.getKey())) {
                Size bound = term.getValue() < 0 ? most.get(symbol) : null;
                product = product.times(bound == null ? symbol(symbol) : bound);
            }
            sum = sum.plus(product);
        }
        return sum;
    }

    /** A lower bound, every symbol being at least 1; minus infinity where there is none. */
    public double least() {
        double sum = 0;
        for (Map.Entry<String, Long> term : terms.entrySet()) {
            boolean unbounded = term.getValue() < 0 && !term.getKey().isEmpty();
            sum += unbounded ? Double.NEGATIVE_INFINITY : term.getValue();
        }
        return sum;
    }

    /** The symbol where this size is nothing but one, else null. */
    public @Nullable String onlySymbol() {
        if (terms.size() != 1 || terms.firstEntry().getValue() != 1) {
            return null;
        }
        String monomial = terms.firstKey();
        return monomial.isEmpty() || monomial.contains("*") ? null : monomial;
    }

    /** The symbols this size depends on. */
    public java.util.Set<String> symbols() {
        java.util.Set<String> all = new java.util.TreeSet<>();
        terms.keySet().forEach(monomial -> all.addAll(split(monomial)));
        return all;
    }

    private static void add(TreeMap<String, Long> terms, String monomial, long factor) {
        long sum = Math.addExact(terms.getOrDefault(monomial, 0L), factor);
        if (sum == 0) {
            terms.remove(monomial);
        } else {
            terms.put(monomial, sum);
        }
    }

    private static List<String> split(String monomial) {
        return monomial.isEmpty() ? List.of() : List.of(monomial.split("\\*"));
    }

    private static String join(String a, String b) {
        List<String> all = new ArrayList<>(split(a));
        all.addAll(split(b));
        all.sort(null);
        return String.join("*", all);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Size size && size.terms.equals(terms);
    }

    @Override
    public int hashCode() {
        return terms.hashCode();
    }

    @Override
    public String toString() {
        if (terms.isEmpty()) {
            return "0";
        }
        StringBuilder out = new StringBuilder();
        terms.descendingMap().forEach((monomial, factor) -> {
            String sign = factor < 0 ? "-" : "+";
            out.append(out.isEmpty() ? (factor < 0 ? "-" : "") : " " + sign + " ");
            long magnitude = Math.abs(factor);
            if (monomial.isEmpty()) {
                out.append(magnitude);
            } else {
                out.append(magnitude == 1 ? "" : magnitude + " * ").append(monomial.replace("*", " * "));
            }
        });
        return out.toString();
    }
}
