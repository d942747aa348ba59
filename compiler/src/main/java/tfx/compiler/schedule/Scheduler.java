package tfx.compiler.schedule;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Size;
import tfx.ir.Value;

/** Puts a program's values in order, one kernel each, and says how long each must live. */
public final class Scheduler {
    private Scheduler() {}

    /** The schedule of a program after all passes (of any program without stacks, in fact). */
    public static Schedule schedule(Program program) {
        List<Value> order = Programs.order(program);
        Causality causality = Dependence.analyse(program, order);
        Set<Value> perStep = new HashSet<>();
        List<Kernel> loadTime = new ArrayList<>();
        List<Kernel> kernels = new ArrayList<>();
        Map<Value, Integer> defined = new HashMap<>();
        for (Value value : order) {
            switch (value) {
                case Value.Input input -> perStep.add(input);
                case Value.Parameter parameter -> {}
                case Value.Stack stack ->
                    throw new IllegalStateException("stack " + stack + " in a program to schedule");
                case Value.Comprehension definition -> {
                    List<Value> operands = new ArrayList<>(Exprs.reads(definition.domain(), definition.body()));
                    boolean step = operands.stream().anyMatch(perStep::contains)
                            || mentionsLength(definition, program.length());
                    List<Kernel> into = step ? kernels : loadTime;
                    defined.put(definition, into.size());
                    into.add(new Kernel(definition.name(), definition, operands, definition.fused()));
                    if (step) {
                        perStep.add(definition);
                    }
                }
            }
        }
        return new Schedule(
                program,
                loadTime,
                kernels,
                placements(program, order, perStep, defined, kernels, causality),
                program.outputs(),
                causality);
    }

    private static Map<Value, Placement> placements(
            Program program,
            List<Value> order,
            Set<Value> perStep,
            Map<Value, Integer> defined,
            List<Kernel> kernels,
            Causality causality) {
        Map<Value, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < kernels.size(); i++) {
            for (Value operand : kernels.get(i).operands()) {
                lastUse.put(operand, i);
            }
        }
        Set<Value> outputs = new HashSet<>(program.outputs().values());
        Map<Value, Placement> placements = new LinkedHashMap<>();
        for (Value value : order) {
            if (value instanceof Value.Parameter) {
                continue;
            }
            long past = causality.past().getOrDefault(value, 0L);
            Storage storage = !perStep.contains(value)
                    ? Storage.LOAD_TIME
                    : past > 0 ? Storage.CACHE : outputs.contains(value) ? Storage.OUTPUT : Storage.ROWS;
            int at = perStep.contains(value) ? defined.getOrDefault(value, -1) : -1;
            placements.put(
                    value,
                    new Placement(
                            storage,
                            outputs.contains(value),
                            sequenceAxis(value, program.length()),
                            storage == Storage.CACHE ? past : 0,
                            at,
                            lastUse.getOrDefault(value, at)));
        }
        for (Value.Input input : program.inputs()) {
            placements.putIfAbsent(
                    input, new Placement(Storage.ROWS, false, sequenceAxis(input, program.length()), 0, -1, -1));
        }
        return placements;
    }

    /** The first dimension that is as long as the sequence, or -1. */
    public static int sequenceAxis(Value value, @Nullable String length) {
        List<Size> shape = value.shape();
        for (int i = 0; i < shape.size() && length != null; i++) {
            if (shape.get(i).equals(Size.symbol(length))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean mentionsLength(Value.Comprehension value, @Nullable String length) {
        if (length == null) {
            return false;
        }
        boolean[] found = {
            value.indices().stream().anyMatch(index -> index.size().symbols().contains(length))
        };
        for (Expr root : List.of(value.domain(), value.body())) {
            Exprs.forEach(
                    root,
                    part -> found[0] |= switch (part) {
                        case Expr.Length(Size size) -> size.symbols().contains(length);
                        case Expr.Reduce reduce ->
                            reduce.indices().stream()
                                    .anyMatch(i -> i.size().symbols().contains(length));
                        case Expr.Fold fold -> fold.index().size().symbols().contains(length);
                        default -> false;
                    });
        }
        return found[0];
    }
}
