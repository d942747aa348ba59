package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * A value of many rows that one kernel hands to others of its step as they take it, so that it is neither converted nor copied
 * on the way: factors of rows are written in the type of the products that read them, by what computes them; a product that
 * is the value itself is read where the library wrote it; what products are added to takes them where it lies.
 *
 * @param producer number of the kernel that computes it
 * @param readers numbers of the kernels that read it, in order
 * @param type of its elements where it is handed over
 * @param onto of a sum: the value whose room it has, as it is that value with products added; null where it has none
 * @param columns elements of a row
 * @param room which of the rooms for its type it has: one that no other has between its producer and its last reader
 */
record Handover(
        int producer,
        List<Integer> readers,
        Value value,
        ElementType type,
        Kind kind,
        @Nullable Value onto,
        long columns,
        int room) {

    /** What a value is where it is handed over. */
    enum Kind {
        /** It is only read as factors of rows. */
        ROWS,
        /** A product as it comes from the library. */
        PRODUCT,
        /** It is one of {@link Residuals}: products are added to it, or were. */
        SUM
    }

    /** Whether the products of a value are added to another where it lies. */
    static boolean adds(Value value, Map<Value, Handover> handed) {
        Handover handover = handed.get(value);
        return handover != null && handover.onto != null && handed.containsKey(handover.onto);
    }

    /**
     * The type in which the products of a kernel come. Where nothing but the kernel reads them, element for element, and what it
     * computes of them is rounded itself, they are rounded as well: half as much is written and read.
     */
    static ElementType sums(Numbered kernel, Map<Value, Handover> handed) {
        Handover handover = handed.get(kernel.output());
        boolean rounded = handover != null && handover.kind == Kind.ROWS && handover.type == ElementType.BF16;
        return rounded && kernel.cut() != null && kernel.cut().rounds() ? ElementType.BF16 : ElementType.F32;
    }

    /** The values of a program's kernels that can be handed over, wherever their kernels have many rows. */
    static List<Handover> among(List<Numbered> kernels) {
        Map<Value, List<Integer>> readers = new IdentityHashMap<>();
        for (int k = 0; k < kernels.size(); k++) {
            for (Value operand : kernels.get(k).whole().request().kernel().operands()) {
                readers.computeIfAbsent(operand, value -> new ArrayList<>()).add(k);
            }
        }
        Map<Value, Integer> sums = new IdentityHashMap<>();
        Residuals residuals = new Residuals();
        for (int k = 0; k < kernels.size(); k++) {
            Value value = kernels.get(k).output();
            List<Integer> of = readers.getOrDefault(value, List.of());
            if (passed(kernels, k, of) && kind(kernels, k, of) == null && dense(kernels, of, value, 0)) {
                residuals.add(k, kernels.get(k), of);
            }
        }
        List<Handover> all = new ArrayList<>();
        Map<ElementType, List<Integer>> until = new EnumMap<>(ElementType.class);
        for (int k = 0; k < kernels.size(); k++) {
            Value value = kernels.get(k).output();
            List<Integer> of = readers.getOrDefault(value, List.of());
            if (!passed(kernels, k, of)) {
                continue;
            }
            Kind kind = residuals.contains(value) ? Kind.SUM : kind(kernels, k, of);
            if (kind == null) {
                continue;
            }
            ElementType held = kind == Kind.ROWS ? factors(kernels, of, value) : ElementType.F32;
            Value onto = kind == Kind.SUM ? residuals.onto(value) : null;
            int last = kind == Kind.SUM ? residuals.last(value) : of.getLast();
            int room = onto != null
                    ? sums.get(onto)
                    : Rooms.free(until.computeIfAbsent(held, t -> new ArrayList<>()), k, last);
            sums.put(value, room);
            List<Index> indices =
                    kernels.get(k).whole().request().kernel().output().indices();
            long columns = Product.count(indices.subList(1, indices.size()));
            all.add(new Handover(k, List.copyOf(of), value, held, kind, onto, columns, room));
        }
        return List.copyOf(all);
    }

    /** Whether a kernel computes rows that only later kernels of its step read. */
    private static boolean passed(List<Numbered> kernels, int k, List<Integer> readers) {
        Template whole = kernels.get(k).whole();
        return !whole.request().kept() && !readers.isEmpty() && readers.getFirst() > k && rows(whole);
    }

    /** What a value is for its readers, as far as those alone and its own kernel say. */
    private static @Nullable Kind kind(List<Numbered> kernels, int k, List<Integer> readers) {
        Value value = kernels.get(k).output();
        if (factors(kernels, readers, value) != null) {
            return Kind.ROWS;
        }
        Cut cut = kernels.get(k).cut();
        return cut != null && cut.bare() && dense(kernels, readers, value, 1) ? Kind.PRODUCT : null;
    }

    /** Whether a kernel computes rows of one length for a step's positions. */
    private static boolean rows(Template whole) {
        List<Index> indices = whole.request().kernel().output().indices();
        return indices.size() > 1
                && whole.emitter().operands.stepped(indices, indices.getFirst())
                && indices.stream().skip(1).allMatch(index -> index.size().isConstant());
    }

    /** The type of factors that every reader takes the value as, and nothing else; null where that is not so. */
    private static @Nullable ElementType factors(List<Numbered> kernels, List<Integer> readers, Value value) {
        ElementType type = null;
        for (int reader : readers) {
            Cut cut = kernels.get(reader).cut();
            ElementType there = cut == null ? null : cut.typeOfRows(value);
            if (there == null || (type != null && type != there)) {
                return null;
            }
            type = there;
        }
        return type;
    }

    /** Whether every reader was written for numbers that lie side by side, in the dimensions from {@code first} on. */
    private static boolean dense(List<Numbered> kernels, List<Integer> readers, Value value, int first) {
        List<Size> shape = value.shape();
        return readers.stream().allMatch(reader -> {
            Request request = kernels.get(reader).whole().request();
            Layout layout = request.layouts().get(request.kernel().operands().indexOf(value));
            long[] strides = Cut.strides(shape);
            return layout.type() == ElementType.F32
                    && Arrays.equals(layout.strides(), first, strides.length, strides, first, strides.length);
        });
    }
}
