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
 * is the value itself is read where the library wrote it.
 *
 * @param producer number of the kernel that computes it
 * @param readers numbers of the kernels that read it, in order
 * @param type of its elements where it is handed over
 * @param product whether it is a product as it comes from the library; else it is only read as factors of rows
 * @param columns elements of a row
 * @param room which of the rooms for its type it has: one that no other has between its producer and its last reader
 */
record Handover(
        int producer, List<Integer> readers, Value value, ElementType type, boolean product, long columns, int room) {

    /** The values of a program's kernels that can be handed over, wherever their kernels have many rows. */
    static List<Handover> among(List<Numbered> kernels) {
        Map<Value, List<Integer>> readers = new IdentityHashMap<>();
        for (int k = 0; k < kernels.size(); k++) {
            for (Value operand : kernels.get(k).whole().request().kernel().operands()) {
                readers.computeIfAbsent(operand, value -> new ArrayList<>()).add(k);
            }
        }
        List<Handover> all = new ArrayList<>();
        Map<ElementType, List<Integer>> until = new EnumMap<>(ElementType.class);
        for (int k = 0; k < kernels.size(); k++) {
            Template whole = kernels.get(k).whole();
            Value value = whole.request().kernel().output();
            List<Integer> of = readers.getOrDefault(value, List.of());
            if (whole.request().kept() || of.isEmpty() || of.getFirst() <= k || !rows(whole)) {
                continue;
            }
            ElementType type = factors(kernels, of, value);
            Cut cut = kernels.get(k).cut();
            boolean product = type == null && cut != null && cut.bare() && dense(kernels, of, value);
            if (type == null && !product) {
                continue;
            }
            ElementType held = product ? ElementType.F32 : type;
            List<Integer> rooms = until.computeIfAbsent(held, t -> new ArrayList<>());
            int room = 0;
            while (room < rooms.size() && rooms.get(room) >= k) {
                room++;
            }
            if (room == rooms.size()) {
                rooms.add(0);
            }
            rooms.set(room, of.getLast());
            List<Index> indices = whole.request().kernel().output().indices();
            long columns = Product.count(indices.subList(1, indices.size()));
            all.add(new Handover(k, List.copyOf(of), value, held, product, columns, room));
        }
        return List.copyOf(all);
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

    /** Whether every reader was written for rows whose numbers lie side by side. */
    private static boolean dense(List<Numbered> kernels, List<Integer> readers, Value value) {
        List<Size> shape = value.shape();
        return readers.stream().allMatch(reader -> {
            Request request = kernels.get(reader).whole().request();
            Layout layout = request.layouts().get(request.kernel().operands().indexOf(value));
            long[] strides = Cut.strides(shape);
            return layout.type() == ElementType.F32
                    && Arrays.equals(layout.strides(), 1, strides.length, strides, 1, strides.length);
        });
    }
}
