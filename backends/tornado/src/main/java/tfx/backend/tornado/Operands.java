package tfx.backend.tornado;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * The kernel's tensors, lengths and literals as generated code names them. Tensor 3 begins at {@code p3} of the slab that
 * parameter {@code s<k>} is; strides that are known are literals, all other numbers come from the {@link CallRecord}.
 */
final class Operands {
    /** Stands for the first output where a tensor's number is asked for; one less for each output behind it. */
    static final int OUTPUT = -1;

    /** Elements of 16 bits in a word: 2 to the power of 2. */
    static final int WORD = 4;

    final CallRecord record;
    private final List<Value> values;
    private final List<Layout> layouts;
    private final ElementType output;
    private final @Nullable String length;
    private final Map<Double, Integer> constants;
    private final int[] slabs;
    private final List<long[]> outputs;
    private final boolean aligned;
    private final java.util.Set<Integer> wide = new java.util.HashSet<>();
    private String read = Reads.PLAIN;
    private int current;

    /**
     * @param outputs the strides of each output, -1 where known only at run time; empty where none is known
     * @param aligned whether every matrix of weights begins where a word of its array begins
     * @param slabs which slab parameter holds each operand, and behind them each output
     * @param first where the record of a call and the literals begin, behind the place that the kernel is given
     */
    Operands(
            List<Value> values,
            List<Layout> layouts,
            ElementType output,
            @Nullable String length,
            Map<Double, Integer> constants,
            int[] slabs,
            List<long[]> outputs,
            boolean aligned,
            int first) {
        this.outputs = outputs;
        this.aligned = aligned;
        this.record = new CallRecord(values.size(), first);
        this.values = values;
        this.layouts = layouts;
        this.output = output;
        this.length = length;
        this.constants = constants;
        this.slabs = slabs;
    }

    int number(Value value) {
        int number = values.indexOf(value);
        if (number < 0) {
            throw new IllegalArgumentException("the kernel reads " + value + ", which is not among its operands");
        }
        return number;
    }

    ElementType type(Value value) {
        return layouts.get(number(value)).type();
    }

    /** What {@code reads} writes reads elements in a certain way, as {@link Reads} has them. */
    void reading(String how, Runnable reads) {
        String before = read;
        read = how;
        reads.run();
        read = before;
    }

    /** What {@code writes} writes computes output {@code number}. */
    void computing(int number, Runnable writes) {
        int before = current;
        current = number;
        writes.run();
        current = before;
    }

    /** Which of the outputs is computed, by number. */
    int current() {
        return current;
    }

    /** An element as a float, or as an int where the value holds integers. */
    String load(Value value, String at) {
        int number = number(value);
        if (wide.contains(slabs[number])) {
            // Places are not below 0, which the device's compiler would have to allow for where it divides.
            String word = "s" + slabs[number] + read + at + " >> 2)";
            return "BFloat16.bf16ToFloat((short) (" + word + " >> (" + at + " & 3) * 16))";
        }
        String element = "s" + slabs[number] + read + at + ")";
        return switch (layouts.get(number).type()) {
            case F32, I32 -> element;
            case BF16 -> "BFloat16.bf16ToFloat(" + element + ")";
            case F16 -> element + ".getFloat32()";
            default -> throw new IllegalArgumentException("no kernel reads " + type(value));
        };
    }

    /** Elements of a matrix that one load brings. */
    int elementsOfWord(Matrix matrix) {
        boolean whole = matrix.offset() % WORD == 0 && matrix.columnStride() % WORD == 0;
        return aligned && whole && layouts.get(matrix.operand()).type() == ElementType.BF16 ? WORD : 1;
    }

    /** Neighbouring columns of a matrix that one load brings, where its columns lie side by side. */
    int columnsOfWord(Matrix matrix, long columns) {
        boolean whole = matrix.offset() % WORD == 0 && matrix.depthStride() % WORD == 0 && columns % WORD == 0;
        return aligned && whole && layouts.get(matrix.operand()).type() == ElementType.BF16 ? WORD : 1;
    }

    /** From here on the slab of a matrix is an array of words, for every operand that lies in it. */
    void readWords(Matrix matrix, int each) {
        if (each > 1) {
            wide.add(slabs[matrix.operand()]);
        }
    }

    /** The same of the slabs of values and of the first output, whose rows lie whole words apart. */
    void takeWords(java.util.Collection<Value> values) {
        values.forEach(value -> wide.add(slabs[number(value)]));
        wide.add(slabs[this.values.size()]);
    }

    /** The word that element {@code at} of a value is the first of. */
    String wordOf(Value value, String at) {
        return slab(value) + read + "(" + at + ") >> 2)";
    }

    /** Writes four elements of the first output, of which the first is to be at {@code at}. */
    String storeWord(String at, List<String> numbers) {
        String word =
                "(long) " + pair(numbers.subList(2, 4)) + " << 32 | " + pair(numbers.subList(0, 2)) + " & 0xffffffffL";
        return "s" + slabs[values.size()] + ".set(" + at + " >> 2, " + word + ");";
    }

    private static String pair(List<String> numbers) {
        return "BFloat16.pack(" + numbers.getFirst() + ", " + numbers.getLast() + ")";
    }

    /** Which slab parameters are arrays of words. */
    java.util.Set<Integer> wide() {
        return wide;
    }

    /** The word of a matrix at {@code at}, an element where words hold one. */
    String word(Matrix matrix, int each, String at) {
        int number = matrix.operand();
        return each > 1 ? "s" + slabs[number] + read + at + ")" : load(values.get(number), at);
    }

    /** Element {@code k} of a word. */
    static String element(String word, int each, int k) {
        return each == 1
                ? word
                : "BFloat16.bf16ToFloat((short) " + (k == 0 ? word : "(" + word + " >> " + 16 * k + ")") + ")";
    }

    /** The slabs that hold nothing but weights. */
    java.util.Set<Integer> weights() {
        java.util.Set<Integer> weights = new java.util.HashSet<>();
        java.util.Set<Integer> others = new java.util.HashSet<>();
        for (int k = 0; k < slabs.length; k++) {
            boolean weight = k < values.size() && values.get(k) instanceof Value.Parameter;
            (weight ? weights : others).add(slabs[k]);
        }
        weights.removeAll(others);
        return weights;
    }

    /** The parameter that holds a value. */
    String slab(Value value) {
        return "s" + slabs[number(value)];
    }

    /** Writes an element of the output that is computed. */
    String store(String at, String value) {
        String number = switch (output) {
            case F32 -> value;
            case BF16 -> "BFloat16.bf16FromFloat(" + value + ")";
            default -> throw new IllegalArgumentException("no kernel writes " + output);
        };
        return "s" + slabs[values.size() + current] + ".set(" + at + ", " + number + ");";
    }

    /** Whether the elements of {@code value} along {@code dimension} lie side by side. */
    boolean adjacent(Value value, int dimension) {
        return layouts.get(number(value)).strides()[dimension] == 1;
    }

    /** A stride in elements, -1 where it is known only at run time. */
    long strideOf(Value value, int dimension) {
        return layouts.get(number(value)).strides()[dimension];
    }

    /** A stride of an output as an int expression; a literal where the layout is known. */
    String outputStride(int which, int dimension) {
        long[] known = outputs.get(OUTPUT - which);
        return known.length > 0 && known[dimension] >= 0
                ? Long.toString(known[dimension])
                : record.stride(which, dimension);
    }

    String stride(Value value, int dimension) {
        int number = number(value);
        long stride = strideOf(value, dimension);
        return stride >= 0 ? Long.toString(stride) : record.stride(number, dimension);
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
                ? "(0.0 / 0.0)"
                : Double.isInfinite(value) ? (value > 0 ? "(1.0 / 0.0)" : "(-1.0 / 0.0)") : Double.toString(value);
    }

    /** The declarations of the literals by which kernels that share a class differ. */
    void declareLiterals(Scope scope) {
        constants.forEach(
                (value, slot) -> scope.line("final double k" + slot + " = literals.get(" + record.place(slot) + ");"));
    }

    int literals() {
        return constants.size();
    }

    /** A length as an int expression. */
    String size(Size size) {
        return size.isConstant() ? Long.toString(size.constant()) : record.size(size);
    }

    /** Whether a value's elements that {@code at} names are of the position that {@code index} stands for. */
    boolean ofPosition(Value value, List<Expr> at, Index index) {
        int axis = value instanceof Value.Parameter ? -1 : Scheduler.sequenceAxis(value, length);
        return axis >= 0 && at.get(axis).equals(new Expr.At(index));
    }

    /** Whether an output index runs over the step's positions instead of over all. */
    boolean stepped(List<Index> indices, Index index) {
        for (Index i : indices) {
            if (length != null && i.size().equals(Size.symbol(length))) {
                return i == index;
            }
        }
        return false;
    }
}
