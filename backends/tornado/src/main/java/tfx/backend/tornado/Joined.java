package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Value;

/**
 * Products of the same rows with matrices that lie one behind another in a slab. They are one product with a matrix of all their
 * columns, which fills a device better than each by itself.
 *
 * @param parts in the order of their columns
 * @param columns of all parts
 * @param type of the sums
 * @param room which of the rooms for joined sums of its type it has: one that no other has until its last sum is read
 */
record Joined(List<Part> parts, long columns, ElementType type, int room) {

    /** A factor of a kernel. */
    record Factor(int kernel, int number) {}

    /** @param column the first column of its product among those of all */
    record Part(Factor factor, long column) {}

    /** A product before it is known what it is joined with. */
    private record Single(Factor factor, Slab slab, long first, long columns, ElementType sums, Cut.Factor of) {
        long pitch() {
            return of.matrix().columnStride();
        }

        boolean precedes(Single other) {
            return slab == other.slab
                    && of.matrix().depthStride() == 1
                    && other.of.matrix().depthStride() == 1
                    && pitch() == other.pitch()
                    && of.depth() == other.of.depth()
                    && sums == other.sums
                    && first + columns * pitch() == other.first;
        }
    }

    /** The part that is run first, for all of them. */
    Factor first() {
        return parts.stream()
                .map(Part::factor)
                .min(Comparator.comparing(Factor::kernel).thenComparing(Factor::number))
                .orElseThrow();
    }

    Part part(Factor factor) {
        return parts.stream().filter(p -> p.factor.equals(factor)).findFirst().orElseThrow();
    }

    /** The joined products among those of kernels that have many rows, by each of their factors. */
    static Map<Factor, Joined> among(
            List<Numbered> kernels,
            List<@Nullable Call> samples,
            Set<Integer> many,
            Map<Value, Handover> handovers,
            Slabs slabs) {
        Map<Value, List<Single>> byRows = new IdentityHashMap<>();
        List<Value> order = new ArrayList<>();
        many.stream().sorted().forEach(k -> {
            Cut cut = kernels.get(k).cut();
            boolean alone = cut == null || Handover.adds(kernels.get(k).output(), handovers);
            for (int n = 0; !alone && n < cut.factors().size(); n++) {
                Cut.Factor of = cut.factors().get(n);
                Handover rows = of.value() == null ? null : handovers.get(of.value());
                if (rows != null && rows.kind() == Handover.Kind.ROWS) {
                    int operand = of.matrix().operand();
                    CallRecord.Call call = samples.get(k).arguments();
                    long first = call.bases()[operand] + of.matrix().offset();
                    if (!byRows.containsKey(of.value())) {
                        order.add(of.value());
                    }
                    byRows.computeIfAbsent(of.value(), v -> new ArrayList<>())
                            .add(new Single(
                                    new Factor(k, n),
                                    slabs.of(call.tensors()[operand]),
                                    first,
                                    cut.columns(),
                                    Handover.sums(kernels.get(k), handovers),
                                    of));
                }
            }
        });
        Map<Factor, Joined> all = new HashMap<>();
        Map<ElementType, List<Integer>> until = new EnumMap<>(ElementType.class);
        for (Value rows : order) {
            for (List<Single> run : runs(byRows.get(rows))) {
                Joined joined = of(run, until, kernels, handovers);
                run.forEach(single -> all.put(single.factor, joined));
            }
        }
        return all;
    }

    /** Two or more products whose matrices follow one another. */
    private static List<List<Single>> runs(List<Single> products) {
        List<Single> sorted = new ArrayList<>(products);
        sorted.sort(Comparator.comparing(Single::first));
        List<List<Single>> runs = new ArrayList<>();
        for (Single next : sorted) {
            List<Single> last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.getLast().precedes(next)) {
                last.add(next);
            } else {
                runs.add(new ArrayList<>(List.of(next)));
            }
        }
        runs.removeIf(run -> run.size() < 2);
        return runs;
    }

    private static Joined of(
            List<Single> run,
            Map<ElementType, List<Integer>> until,
            List<Numbered> kernels,
            Map<Value, Handover> handovers) {
        int from = Integer.MAX_VALUE;
        int to = 0;
        long columns = 0;
        List<Part> parts = new ArrayList<>();
        for (Single single : run) {
            int kernel = single.factor.kernel();
            Handover sums = handovers.get(kernels.get(kernel).output());
            from = Math.min(from, kernel);
            boolean later = sums != null && sums.kind() == Handover.Kind.PRODUCT;
            to = Math.max(to, later ? sums.readers().getLast() : kernel);
            parts.add(new Part(single.factor, columns));
            columns += single.columns;
        }
        ElementType type = run.getFirst().sums;
        int room = Rooms.free(until.computeIfAbsent(type, t -> new ArrayList<>()), from, to);
        return new Joined(List.copyOf(parts), columns, type, room);
    }
}
