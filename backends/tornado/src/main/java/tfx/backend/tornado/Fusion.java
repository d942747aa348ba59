package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * The kernels of a step of few rows in fewer launches, each of which costs more there than what it computes. What is cheap for
 * a row is computed where products read it, by every group; products of the same rows, and kernels of single elements, run side
 * by side. Values that nothing else reads lie in memory of their own, so that only what reads what matters for the order.
 */
final class Fusion {
    /** Kernels of one launch at most. */
    private static final int MOST = 4;
    /** How many launches back a kernel is moved at most. */
    private static final int BACK = 8;

    private final List<Numbered> kernels;
    private final Map<Integer, Step> steps;
    private final Platform platform;
    private final Map<Value, Integer> producers = new IdentityHashMap<>();
    private final Map<Value, Layout> layouts = new IdentityHashMap<>();
    private final Map<Value, Source> sources = new IdentityHashMap<>();
    /** By number: the kernels whose definitions were taken into one. */
    private final Map<Integer, List<Integer>> taken = new HashMap<>();
    /** By number: a kernel's output as it is computed now. */
    private final Map<Integer, Value.Comprehension> current = new HashMap<>();

    /** Where an operand of a launch comes from: an operand of a kernel, or its output. */
    record Source(int kernel, int operand) {
        static final int OUTPUT = -1;
    }

    /**
     * One launch.
     *
     * @param kernels the numbers of those whose outputs it computes
     * @param covers those and the kernels whose definitions were taken into them
     * @param sources of its operands, and behind them its outputs
     * @param split where its fold is divided among groups
     */
    record Unit(
            List<Integer> kernels,
            List<Integer> covers,
            Template template,
            List<Source> sources,
            @Nullable Split split) {
        /** Whether all kernels of a step that the launch stands for cover the same positions and sequences. */
        boolean fits(List<DeviceGraph.@Nullable Call> calls) {
            Step first = calls.get(kernels.getFirst()).arguments().step();
            for (int k : covers) {
                if (!calls.get(k).arguments().step().equals(first)) {
                    return false;
                }
            }
            return true;
        }
    }

    private record Draft(List<Integer> kernels, List<Value.Comprehension> outputs) {}

    private Fusion(List<Numbered> kernels, Map<Integer, Step> steps, Platform platform) {
        this.kernels = kernels;
        this.steps = steps;
        this.platform = platform;
        steps.keySet().forEach(n -> {
            Request request = request(n);
            producers.put(request.kernel().output(), n);
            current.put(n, kernels.get(n).whole().computed());
            for (int k = 0; k < request.kernel().operands().size(); k++) {
                Value value = request.kernel().operands().get(k);
                layouts.merge(value, request.layouts().get(k), Fusion::known);
                sources.putIfAbsent(value, new Source(n, k));
            }
        });
        producers.forEach((value, n) -> sources.put(value, new Source(n, Source.OUTPUT)));
    }

    /** What is known of a value by either of two readers. */
    private static Layout known(Layout left, Layout right) {
        long[] strides = left.strides().clone();
        for (int d = 0; d < strides.length; d++) {
            strides[d] = Math.max(strides[d], right.strides()[d]);
        }
        return new Layout(left.type(), strides);
    }

    private Request request(int number) {
        return kernels.get(number).whole().request();
    }

    /**
     * The launches for a step, in their order; null where a value's rows have no fixed size.
     *
     * @param steps what each kernel of the step covers, in their order
     */
    static @Nullable List<Unit> of(List<Numbered> kernels, Map<Integer, Step> steps, Platform platform) {
        Fusion fusion = new Fusion(kernels, steps, platform);
        boolean fixed = steps.keySet().stream().map(fusion::request).allMatch(r -> r.kept() || numbers(r) > 0);
        return fixed ? fusion.units() : null;
    }

    /** How many numbers one position of a kernel's output has; 0 where that depends on the sequence. */
    static long numbers(Request request) {
        List<Size> shape = request.kernel().output().shape();
        int axis = Scheduler.sequenceAxis(request.kernel().output(), request.length());
        long numbers = 1;
        for (int d = 0; d < shape.size(); d++) {
            if (d != axis) {
                numbers *= shape.get(d).isConstant() ? shape.get(d).constant() : 0;
            }
        }
        return numbers;
    }

    private List<Unit> units() {
        List<Integer> numbers = new ArrayList<>(steps.keySet());
        numbers.reversed().forEach(this::inline);
        List<Draft> drafts = new ArrayList<>();
        for (int n : numbers) {
            if (current.containsKey(n)) {
                place(new Draft(List.of(n), List.of(current.get(n))), drafts);
            }
        }
        return drafts.stream().map(this::unit).toList();
    }

    /** Takes the definition of a kernel into those that read it, where all of those are products of rows with it. */
    private void inline(int number) {
        Value value = request(number).kernel().output();
        Value.Comprehension definition = current.get(number);
        List<Integer> readers = current.keySet().stream()
                .filter(n -> Definitions.reads(current.get(n)).contains(value))
                .toList();
        if (request(number).kept() || readers.isEmpty() || !Definitions.cheap(definition)) {
            return;
        }
        Map<Integer, Value.Comprehension> replaced = new HashMap<>();
        for (int reader : readers) {
            Value.Comprehension after = Definitions.inlined(current.get(reader), value, definition);
            Template template = template(new Draft(List.of(reader), List.of(after)));
            if (steps.get(reader).batch() != steps.get(number).batch() || !products(template)) {
                return;
            }
            replaced.put(reader, after);
        }
        current.putAll(replaced);
        current.remove(number);
        for (int reader : readers) {
            List<Integer> all = taken.computeIfAbsent(reader, n -> new ArrayList<>());
            all.add(number);
            all.addAll(taken.getOrDefault(number, List.of()));
        }
    }

    /** Puts a kernel beside the first one that it can run beside, or behind all. */
    private void place(Draft draft, List<Draft> drafts) {
        Set<Value> read = Definitions.reads(draft.outputs().getFirst());
        int found = -1;
        Draft joined = draft;
        for (int at = drafts.size() - 1; at >= Math.max(0, drafts.size() - BACK); at--) {
            Draft before = drafts.get(at);
            if (before.kernels().stream()
                    .anyMatch(n -> read.contains(request(n).kernel().output()))) {
                break;
            }
            Draft both = beside(before, draft);
            if (both != null) {
                found = at;
                joined = both;
            }
        }
        if (found < 0) {
            drafts.add(draft);
        } else {
            drafts.set(found, joined);
        }
    }

    /** Two launches as one, or null. */
    private @Nullable Draft beside(Draft left, Draft right) {
        Request first = request(left.kernels().getFirst());
        Request second = request(right.kernels().getFirst());
        if (left.kernels().size() + right.kernels().size() > MOST
                || first.output() != second.output()
                || steps.get(left.kernels().getFirst()).batch()
                        != steps.get(right.kernels().getFirst()).batch()) {
            return null;
        }
        List<Index> indices = left.outputs().getFirst().indices();
        List<Integer> numbers = new ArrayList<>(left.kernels());
        numbers.addAll(right.kernels());
        List<Value.Comprehension> outputs = new ArrayList<>(left.outputs());
        for (Value.Comprehension output : right.outputs()) {
            outputs.add(
                    indices.isEmpty() || output.indices().isEmpty()
                            ? output
                            : Definitions.alike(output, indices.getFirst()));
        }
        Draft both = new Draft(numbers, outputs);
        List<Template> apart = List.of(template(left), template(right));
        boolean fit =
                apart.stream().allMatch(this::plain) || products(template(both)) || SideBySide.fit(apart, platform);
        return fit ? both : null;
    }

    private boolean products(Template template) {
        return RowProducts.find(template.emitter(), template.outputs(), platform) != null;
    }

    private boolean plain(Template template) {
        return template.outputs().stream()
                .allMatch(output -> Writers.of(template.emitter(), output, platform, false) instanceof CellWriter);
    }

    private static List<Value> operands(Draft draft) {
        Set<Value> all = new LinkedHashSet<>();
        draft.outputs().forEach(output -> all.addAll(Definitions.reads(output)));
        return List.copyOf(all);
    }

    private Template template(Draft draft) {
        List<Value> operands = operands(draft);
        List<Layout> known = operands.stream().map(layouts::get).toList();
        List<Request> requests = new ArrayList<>();
        for (int k = 0; k < draft.kernels().size(); k++) {
            Request whole = request(draft.kernels().get(k));
            ElementType type = whole.output();
            Value.Comprehension output = draft.outputs().get(k);
            requests.add(new Request(
                    new Kernel(output.name(), output, operands, List.of()), known, type, whole.length(), whole.kept()));
        }
        List<long[]> strides = draft.kernels().stream()
                .map(n -> layouts.get(request(n).kernel().output()))
                .map(layout -> layout == null ? new long[0] : layout.strides())
                .toList();
        return new Template(requests, strides);
    }

    private Unit unit(Draft draft) {
        Template template = template(draft);
        List<Source> all = new ArrayList<>();
        operands(draft).forEach(value -> all.add(sources.get(value)));
        draft.kernels().forEach(n -> all.add(new Source(n, Source.OUTPUT)));
        Split split = draft.kernels().size() == 1 ? Split.of(template, platform) : null;
        List<Integer> covers = new ArrayList<>(draft.kernels());
        draft.kernels().forEach(n -> covers.addAll(taken.getOrDefault(n, List.of())));
        return new Unit(draft.kernels(), List.copyOf(covers), template, all, split);
    }
}
