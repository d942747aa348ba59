package tfx.backend.cpu;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * The kernel's tensors, lengths and literals as generated code names them: operand 3 has the base address {@code p3} and,
 * where its strides are known at run time only, {@code p3s0} and so on; the output is {@code out}.
 */
final class Operands {
    private final List<Value> values;
    private final List<Layout> layouts;
    private final ElementType output;
    private final int rank;
    private final String length;
    private final Map<Double, Integer> constants;

    Operands(
            List<Value> values,
            List<Layout> layouts,
            ElementType output,
            int rank,
            String length,
            Map<Double, Integer> constants) {
        this.values = values;
        this.layouts = layouts;
        this.output = output;
        this.rank = rank;
        this.length = length;
        this.constants = constants;
    }

    int number(Value value) {
        int number = values.indexOf(value);
        if (number < 0) {
            throw new IllegalArgumentException(
                    "the kernel reads " + value.name() + ", which is not among its operands");
        }
        return number;
    }

    ElementType type(Value value) {
        return layouts.get(number(value)).type();
    }

    ElementType output() {
        return output;
    }

    /** The stride if it is known now, or -1. */
    long stride(Value value, int dimension) {
        return layouts.get(number(value)).strides()[dimension];
    }

    String strideText(Value value, int dimension) {
        long stride = stride(value, dimension);
        return stride >= 0 ? stride + "L" : "p" + number(value) + "s" + dimension;
    }

    static boolean batched(Value value) {
        return !(value instanceof Value.Parameter);
    }

    String constant(double value) {
        Integer slot = constants.get(value);
        return slot == null ? literal(value) : "k" + slot;
    }

    private static String literal(double value) {
        return Double.isNaN(value)
                ? "Double.NaN"
                : Double.isInfinite(value)
                        ? (value > 0 ? "Double.POSITIVE_INFINITY" : "Double.NEGATIVE_INFINITY")
                        : Double.toString(value);
    }

    /** A length as a long expression over {@code end}, the sequence length. */
    String size(Size size) {
        if (size.isConstant()) {
            return size.constant() + "L";
        }
        if (!new TreeSet<>(List.of(length)).containsAll(size.symbols())) {
            throw new IllegalArgumentException(
                    "a size " + size + " depends on more than the sequence length " + length);
        }
        // Newton's forward differences at 0, 1, ...: exact for any polynomial, without asking for its coefficients.
        StringBuilder text = new StringBuilder();
        long[] row = new long[8];
        for (int i = 0; i < row.length; i++) {
            row[i] = size.evaluate(Map.of(length, (long) i));
        }
        String power = "";
        long factorial = 1;
        for (int order = 0; order < row.length; order++) {
            if (row[0] != 0) {
                String term = order == 0
                        ? row[0] + "L"
                        : order == 1 ? row[0] + "L * end" : row[0] + "L * (" + power + ") / " + factorial + "L";
                text.append(text.isEmpty() ? "" : " + ").append(term.equals("1L * end") ? "end" : term);
            }
            for (int i = 0; i + 1 < row.length; i++) {
                row[i] = row[i + 1] - row[i];
            }
            power = order == 0 ? "end" : power + " * (end - " + order + "L)";
            factorial *= order + 1;
            row[row.length - 1 - order] = 0;
        }
        return text.isEmpty() ? "0L" : "(" + text + ")";
    }

    /** Declarations at the top of a method that does not depend on the sequence of the batch. */
    void declare(Scope scope) {
        scope.line("final long start = f.start;");
        scope.line("final long end = f.end;");
        constants.forEach((value, slot) -> scope.line("final double k" + slot + " = f.constants[" + slot + "];"));
        for (int i = 0; i < values.size(); i++) {
            if (!batched(values.get(i))) {
                scope.line("final long p" + i + " = f.base[" + i + "];");
            }
            for (int d = 0; d < values.get(i).shape().size(); d++) {
                if (layouts.get(i).strides()[d] < 0) {
                    scope.line("final long p" + i + "s" + d + " = f.strides[" + i + "][" + d + "];");
                }
            }
        }
        for (int d = 0; d < rank; d++) {
            scope.line("final long outs" + d + " = f.strides[" + values.size() + "][" + d + "];");
        }
    }

    /** Declarations that depend on {@code b}, the sequence of the batch. */
    void declareBatch(Scope scope) {
        for (int i = 0; i < values.size(); i++) {
            if (batched(values.get(i))) {
                scope.line("final long p" + i + " = f.base[" + i + "] + b * f.batchBytes[" + i + "];");
            }
        }
        int out = values.size();
        scope.line("final long out = f.base[" + out + "] + b * f.batchBytes[" + out + "];");
    }

    /** Whether an output index runs over the step's positions instead of over all. */
    boolean stepped(List<Index> indices, Index index) {
        for (Index i : indices) {
            if (!i.size().isConstant() && i.size().equals(Size.symbol(length == null ? "" : length))) {
                return i == index;
            }
        }
        return false;
    }
}
