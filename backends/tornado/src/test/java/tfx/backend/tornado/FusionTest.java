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
}
