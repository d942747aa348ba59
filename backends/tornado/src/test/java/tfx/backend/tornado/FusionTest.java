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
        Expr sum = new Expr.Reduce(Expr.Monoid.SUM, List.of(l), Expr.TRUE, mul(at(WEIGHT, l), at(TABLE, T, l, C)));
        Kernel k = kernel("k", sum, TABLE);
        Kernel v = kernel("v", sum, TABLE);
        assertEquals(List.of(List.of(0, 1)), launches(k, v));
    }

    /** Norms of queries and of keys: each group has a row of one of them. */
    @Test
    void rowsThatAreReducedAreComputedSideBySide() {
        Kernel q = kernel("q", ofRow(ROWS), ROWS);
        Kernel k = kernel("k", ofRow(ROWS), ROWS);
        Kernel v = kernel("v", ofRow(ROWS), ROWS);
        Kernel o = kernel("o", ofRow(ROWS), ROWS);
        assertEquals(List.of(List.of(0, 1)), launches(q, k));
        assertEquals(List.of(List.of(0, 1, 2), List.of(3)), launches(q, k, v, o));
    }

    /** Those that others read come before them, in the first launch that has all they read themselves. */
    @Test
    void chainsRunAbreast() {
        Kernel q = kernel("q", ofRow(ROWS), ROWS);
        Kernel q2 = kernel("q2", ofRow(q.output()), q.output());
        Kernel k = kernel("k", ofRow(ROWS), ROWS);
        Kernel k2 = kernel("k2", ofRow(k.output()), k.output());
        assertEquals(List.of(List.of(0, 2), List.of(1, 3)), launches(q, q2, k, k2));
    }

    private static final Index T = new Index("t", Size.symbol("t"));
    private static final Index C = new Index("c", Size.of(16));
    private static final Value.Parameter WEIGHT = new Value.Parameter("weight", List.of(Size.of(3)));
    private static final Value.Input TABLE =
            new Value.Input("table", List.of(T.size(), Size.of(3), C.size()), Value.Kind.REAL);
    private static final Value.Input ROWS = new Value.Input("rows", List.of(T.size(), C.size()), Value.Kind.REAL);

    private static Expr at(Value value, Index... indices) {
        return new Expr.Read(
                value, Arrays.stream(indices).<Expr>map(Expr.At::new).toList());
    }

    private static Expr mul(Expr left, Expr right) {
        return new Expr.Binary(Expr.BinaryOp.MUL, left, right);
    }

    /** An element times the sum of its row. */
    private static Expr ofRow(Value rows) {
        Index i = new Index("i", C.size());
        return mul(at(rows, T, C), new Expr.Reduce(Expr.Monoid.SUM, List.of(i), Expr.TRUE, at(rows, T, i)));
    }

    private static Kernel kernel(String name, Expr body, Value operand) {
        Value.Comprehension output = new Value.Comprehension(name, List.of(T, C), Expr.TRUE, body);
        List<Value> operands = operand == TABLE ? List.of(WEIGHT, operand) : List.of(operand);
        return new Kernel(name, output, operands, List.of());
    }

    /** The kernels of each launch of a step; all are kept. */
    private static List<List<Integer>> launches(Kernel... kernels) {
        List<GraphBuilder.Numbered> numbered = new ArrayList<>();
        Map<Integer, Step> steps = new LinkedHashMap<>();
        for (Kernel kernel : kernels) {
            List<Layout> layouts = kernel.operands().stream()
                    .map(value -> new Layout(ElementType.F32, strides(value.shape())))
                    .toList();
            steps.put(numbered.size(), new Step(1, 5, 6));
            Request request = new Request(kernel, layouts, ElementType.F32, "t", true);
            numbered.add(GraphBuilder.Numbered.of(new Template(request), new Emulator()));
        }
        return Fusion.of(numbered, steps, new Emulator()).stream()
                .map(Fusion.Unit::kernels)
                .toList();
    }
}
