package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.emulator.EmulatedDriver;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Models;

/** Which values go from kernel to kernel as those take them. */
class HandoverTest {
    private static final Schedule SCHEDULE =
            Scheduler.schedule(Passes.run(Models.decoder(new Models.Shape(97, 64, 2, 4, 2, 160))));

    static List<GraphBuilder.Numbered> kernels() {
        List<GraphBuilder.Numbered> all = new ArrayList<>();
        for (Kernel kernel : SCHEDULE.kernels()) {
            List<Layout> layouts = kernel.operands().stream()
                    .map(value -> new Layout(type(value), Cut.strides(value.shape())))
                    .toList();
            boolean kept = SCHEDULE.kept(kernel.output());
            Template template = new Template(new Request(kernel, layouts, ElementType.F32, SCHEDULE.length(), kept));
            all.add(new GraphBuilder.Numbered(template, Cut.of(template), null, null));
        }
        return all;
    }

    private static ElementType type(Value value) {
        return value instanceof Value.Parameter
                ? ElementType.BF16
                : value instanceof Value.Input input && input.kind() == Value.Kind.INTEGER
                        ? ElementType.I32
                        : ElementType.F32;
    }

    private static List<String> named(List<Handover> handovers, Handover.Kind kind) {
        return handovers.stream()
                .filter(handover -> handover.kind() == kind)
                .map(handover -> handover.value().name() + " " + handover.type())
                .toList();
    }

    @Test
    void rowsOfProductsComeInTheTypeOfTheWeights() {
        List<Handover> all = Handover.among(kernels());
        List<String> rows = new ArrayList<>();
        for (String layer : List.of("layers.0.", "layers.1.")) {
            for (String value :
                    List.of("input_layernorm", "self_attn.mixed", "post_attention_layernorm", "mlp.hidden")) {
                rows.add(layer + value + " BF16");
            }
        }
        rows.add("norm BF16");
        assertEquals(rows, named(all, Handover.Kind.ROWS));
        // Values of attention are kept as they come, so they are copied; what turns by position is read from the
        // product.
        List<String> products = new ArrayList<>();
        for (String layer : List.of("layers.0.self_attn.", "layers.1.self_attn.")) {
            products.add(layer + "q_proj.y F32");
            products.add(layer + "k_proj.y F32");
        }
        assertEquals(products, named(all, Handover.Kind.PRODUCT));
    }

    /** Every product of a residual stream is added to the value before, in the one room that the stream has. */
    @Test
    void aResidualStreamHasOnePlace() {
        List<Handover> all = Handover.among(kernels()).stream()
                .filter(handover -> handover.kind() == Handover.Kind.SUM)
                .toList();
        assertEquals(
                List.of("x", "layers.0.x", "layers.0.x", "layers.1.x", "layers.1.x"),
                all.stream().map(handover -> handover.value().name()).toList());
        for (int k = 0; k < all.size(); k++) {
            assertSame(k == 0 ? null : all.get(k - 1).value(), all.get(k).onto());
            assertEquals(all.getFirst().room(), all.get(k).room());
        }
    }

    /** Where a value is read after another took its place, or by others than the step's kernels, it keeps its own. */
    @Test
    void whatIsReadLaterIsNotAddedTo() {
        List<GraphBuilder.Numbered> kernels = kernels();
        Value first = kernels.getFirst().output();
        Residuals residuals = new Residuals();
        residuals.add(0, kernels.getFirst(), List.of(1, 11, 12));
        residuals.add(11, kernels.get(11), List.of(12));
        assertFalse(residuals.contains(first));
        residuals.add(0, kernels.getFirst(), List.of(1, 11));
        residuals.add(11, kernels.get(11), List.of(12));
        assertSame(first, residuals.onto(kernels.get(11).output()));
    }

    /** Whatever is in use at a time lies apart, but for what is added to. */
    @Test
    void roomsAreSharedOnlyOneAfterAnother() {
        List<Handover> all = Handover.among(kernels());
        for (Handover a : all) {
            for (Handover b : all) {
                if (!a.equals(b) && a.type() == b.type() && a.producer() <= b.producer()) {
                    boolean apart = a.readers().getLast() < b.producer() || sameStream(a, b);
                    assertTrue(apart || a.room() != b.room(), a + " " + b);
                }
            }
        }
    }

    private static boolean sameStream(Handover a, Handover b) {
        return a.kind() == Handover.Kind.SUM
                && b.kind() == Handover.Kind.SUM
                && a.readers().getLast() <= b.producer();
    }

    /** A step in which a reader takes fewer rows than there are makes them a value again. */
    @Test
    void whatAReaderTakesInPartIsNotHandedOver() {
        Handovers handovers = new Handovers(kernels());
        Handover first = Handover.among(kernels()).getFirst();
        Set<Integer> many = Set.of(first.producer(), first.readers().getFirst());
        Call producer = call(first.producer(), 0);
        assertEquals(
                false, handovers.refuse(List.of(producer, call(first.readers().getFirst(), 0)), 64, many));
        int before = handovers.of(64, many).size();
        assertEquals(
                true, handovers.refuse(List.of(producer, call(first.readers().getFirst(), 8)), 64, many));
        assertNotEquals(before, handovers.of(64, many).size());
        assertEquals(before, handovers.of(512, many).size());
    }

    /** Queries, keys and values lie one behind another and have the same rows, as the two factors of a gate do. */
    @Test
    void productsOfTheSameRowsAreOne() {
        Slabs slabs = new Slabs(
                new EmulatedDriver(),
                new Platform.Sizes(1 << 20, 1 << 20, 64, 1),
                new Slabs.Carrier() {
                    @Override
                    public void written(Slab slab, long first, long count) {}

                    @Override
                    public void read(Slab slab, long first, long count) {}
                },
                note -> {});
        Map<Value, Tensor> weights = new IdentityHashMap<>();
        for (Value.Parameter parameter : SCHEDULE.program().parameters()) {
            long[] shape = parameter.shape().stream().mapToLong(Size::constant).toArray();
            MemorySegment data = Arena.ofAuto().allocate(2 * Tensor.elements(shape), 8);
            weights.put(
                    parameter,
                    slabs.resident(new Tensor(data, ElementType.BF16, shape, Tensor.strides(shape), 0, 0, 0, -1)));
        }
        Tensor any = weights.values().iterator().next();
        List<GraphBuilder.Numbered> kernels = kernels();
        List<Call> samples = new ArrayList<>();
        Set<Integer> many = new HashSet<>();
        for (int k = 0; k < kernels.size(); k++) {
            List<Value> operands = kernels.get(k).whole().request().kernel().operands();
            Tensor[] tensors = operands.stream()
                    .map(value -> weights.getOrDefault(value, any))
                    .toArray(Tensor[]::new);
            long[] bases = Arrays.stream(tensors).mapToLong(slabs::base).toArray();
            samples.add(new Call(k, new CallRecord.Call(tensors, bases, new Step(1, 0, 9), Map.of())));
            many.add(k);
        }
        Map<Value, Handover> handed = new Handovers(kernels).of(9, many);
        Map<Joined.Factor, Joined> all = Joined.among(kernels, samples, many, handed, slabs);
        List<String> found = all.values().stream()
                .distinct()
                .map(joined -> joined.columns() + " of " + joined.parts().size() + " in " + joined.type() + " "
                        + joined.room())
                .sorted()
                .toList();
        // 64 queries, 32 keys and values, a gate and a factor of 160, in both layers; sums of a layer are read before
        // the next's.
        assertEquals(
                List.of("128 of 3 in F32 0", "128 of 3 in F32 0", "320 of 2 in BF16 0", "320 of 2 in BF16 0"), found);
    }

    private static Call call(int number, long start) {
        return new Call(number, new CallRecord.Call(new Tensor[0], new long[0], new Step(1, start, 9), Map.of()));
    }
}
