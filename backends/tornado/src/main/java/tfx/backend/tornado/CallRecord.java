package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Size;

/**
 * The numbers of one call that change from step to step, as a kernel finds them behind its place in the arguments of the whole
 * graph. TornadoVM bakes scalar arguments into the code, so they travel in an array. The first is how much there is to do:
 * 0 for a kernel that a step leaves out.
 */
final class CallRecord {
    /**
     * Everything the numbers are computed from. The outputs are the last of the tensors; bases count from their slab's begin.
     *
     * @param earlier no kernel of the execution writes a position before this one; 0 where that is not known
     */
    record Call(Tensor[] tensors, long[] bases, Step step, Map<String, Long> lengths, long earlier) {
        Call(Tensor[] tensors, long[] bases, Step step, Map<String, Long> lengths) {
            this(tensors, bases, step, lengths, 0);
        }
    }

    /** One number of a call. */
    interface Entry {
        long of(Call call);
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final List<String> declarations = new ArrayList<>();
    private final int operands;
    private final int first;

    /**
     * @param operands how many tensors come before the outputs
     * @param first where it begins, behind the place that the kernel is given
     */
    CallRecord(int operands, int first) {
        this.operands = operands;
        this.first = first;
    }

    /** The text of where number {@code k} is. */
    String place(int k) {
        return "at + " + (first + k);
    }

    /** The name of a variable that holds the number; its declaration is added where it is new. */
    private String entry(String name, Entry entry) {
        if (entries.putIfAbsent(name, entry) == null) {
            declarations.add("final int " + name + " = args.get(" + place(entries.size() - 1) + ");");
        }
        return name;
    }

    /** How many points the kernel computes for an output, however it cuts them. */
    String total(int output, Entry entry) {
        return entry(output == 0 ? "total" : "total" + output, entry);
    }

    String start() {
        return entry("start", call -> call.step().start());
    }

    String end() {
        return entry("end", call -> call.step().end());
    }

    /** The position from which on kernels of this execution may write. */
    String earlier() {
        return entry("earlier", Call::earlier);
    }

    /** A length that depends on the sequence's. */
    String size(Size size) {
        for (Map.Entry<String, Entry> e : entries.entrySet()) {
            if (e.getValue() instanceof Length(Size known) && known.equals(size)) {
                return e.getKey();
            }
        }
        return entry("n" + entries.size(), new Length(size));
    }

    private record Length(Size size) implements Entry {
        @Override
        public long of(Call call) {
            return Math.max(0, size.evaluate(call.lengths()));
        }
    }

    /** Where the element at index 0 of tensor {@code number} lies in its slab; below 0 an output. */
    String base(int number) {
        return entry(name(number), call -> call.bases()[at(number)]);
    }

    String batchStride(int number) {
        return entry(name(number) + "b", call -> call.tensors()[at(number)].batchStride());
    }

    String stride(int number, int dimension) {
        return entry(
                name(number) + "s" + dimension,
                call -> call.tensors()[at(number)].strides()[dimension]);
    }

    private static String name(int number) {
        return number >= 0 ? "p" + number : number == Operands.OUTPUT ? "out" : "out" + (Operands.OUTPUT - number);
    }

    private int at(int number) {
        return number < 0 ? operands + Operands.OUTPUT - number : number;
    }

    List<String> declarations() {
        return declarations;
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }
}
