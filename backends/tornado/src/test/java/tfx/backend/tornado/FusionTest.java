package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.testing.Models;

/** The launches of a decoder's step: queries, keys and values at once, norms where they are read. */
class FusionTest {
    private static final int LAYERS = 3;

    private final Schedule schedule =
            Scheduler.schedule(Passes.run(Models.decoder(new Models.Shape(97, 64, LAYERS, 4, 2, 160))));
    private final List<GraphBuilder.Numbered> kernels = new ArrayList<>();
    private final Map<Integer, Step> steps = new LinkedHashMap<>();
    private final List<Fusion.Unit> units;

    FusionTest() {
        Platform platform = new Emulator();
        for (Kernel kernel : schedule.kernels()) {
            List<Layout> layouts = kernel.operands().stream()
                    .map(value -> new Layout(ElementType.F32, strides(value.shape())))
                    .toList();
            Request request =
                    new Request(kernel, layouts, ElementType.F32, schedule.length(), schedule.kept(kernel.output()));
            steps.put(kernels.size(), new Step(1, 5, 6));
            kernels.add(GraphBuilder.Numbered.of(new Template(request), platform));
        }
        units = Fusion.of(kernels, steps, platform);
    }

    private static long[] strides(List<Size> shape) {
        long[] strides = new long[shape.size()];
        long stride = 1;
        for (int d = strides.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride = shape.get(d).isConstant() && stride > 0
                    ? stride * shape.get(d).constant()
                    : -1;
        }
        return strides;
    }

    @Test
    void startsFewKernels() {
        assertTrue(units.size() <= 7 * LAYERS + 3, units.size() + " launches of " + kernels.size() + " kernels");
        assertTrue(units.stream().anyMatch(unit -> unit.kernels().size() == 3), "no three products at once");
    }

    @Test
    void computesEveryKernelOnce() {
        List<Integer> covered = new ArrayList<>();
        units.forEach(unit -> covered.addAll(unit.kernels()));
        assertEquals(covered.size(), new HashSet<>(covered).size());
        units.forEach(unit -> covered.addAll(unit.covers()));
        assertEquals(steps.keySet(), new HashSet<>(covered));
    }

    @Test
    void readsOnlyWhatIsThere() {
        Set<Integer> written = new HashSet<>();
        for (Fusion.Unit unit : units) {
            int operands = unit.sources().size() - unit.kernels().size();
            for (Fusion.Source source : unit.sources().subList(0, operands)) {
                assertTrue(
                        source.operand() != Fusion.Source.OUTPUT || written.contains(source.kernel()),
                        () -> unit.kernels() + " reads kernel " + source.kernel());
            }
            written.addAll(unit.kernels());
        }
    }

    @Test
    void keepsWhatOthersReadInItsPlace() {
        Set<Integer> written = new HashSet<>();
        units.forEach(unit -> written.addAll(unit.kernels()));
        for (int k = 0; k < kernels.size(); k++) {
            Value value = kernels.get(k).output();
            assertTrue(
                    !schedule.kept(value) || written.contains(k),
                    () -> value + " is not computed: " + Arrays.toString(written.toArray()));
        }
    }

    /** Mixtures of a few layers' keys and values: each element by itself, so that two of them are one launch. */
    @Test
    void elementsWithAFewTermsAreComputedSideBySide() {
        Index l = new Index("l", Size.of(3));
        Value.Input x = new Value.Input("x", List.of(Size.symbol("t"), l.size(), Size.of(16)), Value.Kind.REAL);
        List<GraphBuilder.Numbered> two = new ArrayList<>();
        Map<Integer, Step> ofTwo = new LinkedHashMap<>();
        for (String name : List.of("k", "v")) {
            Value.Parameter weight = new Value.Parameter(name + ".weight", List.of(l.size()));
            Index t = new Index("t", Size.symbol("t"));
            Index c = new Index("c", Size.of(16));
            Expr term = new Expr.Binary(
                    Expr.BinaryOp.MUL,
                    new Expr.Read(weight, List.of(new Expr.At(l))),
                    new Expr.Read(x, List.of(new Expr.At(t), new Expr.At(l), new Expr.At(c))));
            Expr sum = new Expr.Reduce(Expr.Monoid.SUM, List.of(l), Expr.TRUE, term);
            Value.Comprehension mixed = new Value.Comprehension(name, List.of(t, c), Expr.TRUE, sum);
            List<Layout> layouts = List.of(
                    new Layout(ElementType.F32, new long[] {1}), new Layout(ElementType.F32, new long[] {48, 16, 1}));
            Kernel kernel = new Kernel(name, mixed, List.of(weight, x), List.of());
            ofTwo.put(two.size(), new Step(1, 5, 6));
            two.add(GraphBuilder.Numbered.of(
                    new Template(new Request(kernel, layouts, ElementType.F32, "t", true)), new Emulator()));
        }
        List<Fusion.Unit> together = Fusion.of(two, ofTwo, new Emulator());
        assertEquals(
                List.of(List.of(0, 1)),
                together.stream().map(Fusion.Unit::kernels).toList());
    }
}
