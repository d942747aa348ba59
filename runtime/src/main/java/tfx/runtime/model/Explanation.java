package tfx.runtime.model;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.Costs.Cost;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Storage;
import tfx.ir.Printer;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.runtime.model.Repeats.Group;

/**
 * What a model is and what it takes, without running it.
 *
 * @param arguments the value that every formal took: a number, truth, or text
 * @param values named values that a probe may ask for, besides inputs and outputs
 * @param parameters tied ones left out
 * @param count numbers in all parameters, tied ones once
 * @param parameterBytes their size as stored
 * @param length positions in a sequence where costs speak of one
 * @param prefill of a whole sequence of that length, logits of every position included
 * @param decode of one position at the end of such a sequence
 * @param cachePerToken bytes that every further position keeps, as long as no window is full
 * @param cache bytes kept at that length
 * @param repeated why every step computes the whole sequence again; null where it does not
 */
public record Explanation(
        String model,
        Map<String, Object> arguments,
        List<Tensor> inputs,
        List<Tensor> outputs,
        List<Group<Tensor>> values,
        List<Group<Tensor>> parameters,
        Map<String, String> tied,
        long count,
        long parameterBytes,
        ElementType stored,
        long length,
        Cost prefill,
        Cost decode,
        long cachePerToken,
        long cache,
        List<Group<Work>> loading,
        List<Group<Work>> kernels,
        Schedule schedule,
        @Nullable String repeated) {

    /**
     * A value's shape.
     *
     * @param shape its dimensions by name: {@code t}, {@code d = 64}
     * @param elements how many it holds; 0 where that depends on the sequence
     */
    public record Tensor(String name, String shape, long elements) {}

    /**
     * A kernel and what it takes.
     *
     * @param prefill for the whole sequence; for a kernel at load time: once
     * @param decode for one position
     * @param definition what it computes, as IR
     */
    public record Work(
            String name,
            String shape,
            List<String> fused,
            Storage storage,
            Cost prefill,
            Cost decode,
            String definition) {}

    private static final ElementType COMPUTED = ElementType.F32;
    private static final ElementType ID = ElementType.I32;

    /**
     * Explains a model with sizes known.
     *
     * @param stored what parameters count as where there are no weights
     */
    public static Explanation of(LoadedModel model, long length, ElementType stored) {
        Elaborated elaborated = model.elaborated();
        Schedule schedule = Scheduler.schedule(Passes.run(model.program(), model.known()));
        Function<Value, ElementType> types = value -> switch (value) {
            case Value.Parameter parameter -> model.storedType(parameter.name()).orElse(stored);
            case Value.Input input -> input.kind() == Value.Kind.INTEGER ? ID : COMPUTED;
            default -> COMPUTED;
        };
        List<Cost> whole = Costs.of(schedule, new Step(1, 0, length), types);
        List<Cost> one = Costs.of(schedule, new Step(1, length - 1, length), types);
        boolean incremental = schedule.causality().incremental();
        List<Work> kernels = new ArrayList<>();
        for (int k = 0; k < whole.size(); k++) {
            kernels.add(work(schedule, schedule.kernels().get(k), whole.get(k), one.get(k)));
        }
        List<Work> loading = new ArrayList<>();
        for (Kernel kernel : schedule.loadTime()) {
            Cost once = Costs.of(schedule, kernel, new Step(1, 0, 1), types);
            loading.add(work(schedule, kernel, once, once));
        }
        Map<String, String> tied = model.tied();
        List<Tensor> parameters = elaborated.parameters().values().stream()
                .filter(info -> !tied.containsKey(info.value().name()))
                .map(info -> tensor(info.value(), info.dimensions()))
                .toList();
        long bytes = elaborated.parameters().values().stream()
                .filter(info -> !tied.containsKey(info.value().name()))
                .mapToLong(info ->
                        Costs.count(info.value()) * types.apply(info.value()).bytes())
                .sum();
        Map<String, Object> arguments = new LinkedHashMap<>();
        elaborated.arguments().forEach((name, datum) -> arguments.put(name, plain(datum)));
        return new Explanation(
                elaborated.model().name(),
                arguments,
                model.program().inputs().stream()
                        .map(v -> shown(elaborated, v.name(), v))
                        .toList(),
                shown(elaborated, model.program().outputs()),
                groups(values(model)),
                groups(parameters),
                tied,
                parameters.stream().mapToLong(Tensor::elements).sum(),
                bytes,
                parameters.isEmpty()
                        ? stored
                        : model.storedType(parameters.getFirst().name()).orElse(stored),
                length,
                sum(whole, "prefill"),
                sum(incremental ? one : whole, "decode"),
                kept(schedule, 1),
                kept(schedule, length),
                works(loading),
                works(kernels),
                schedule,
                incremental || schedule.length() == null
                        ? null
                        : schedule.causality().reason());
    }

    private static Object plain(Datum datum) {
        return switch (datum) {
            case Datum.Int(Size size) when size.isConstant() -> size.constant();
            case Datum.Real(double value) -> value;
            case Datum.Truth(boolean value) -> value;
            case Datum.Text(String value) -> value;
            default -> datum.toString();
        };
    }

    private static Work work(Schedule schedule, Kernel kernel, Cost whole, Cost one) {
        Value.Comprehension output = kernel.output();
        List<String> names =
                output.indices().stream().map(index -> index.name()).toList();
        return new Work(
                kernel.name(),
                shape(output, names),
                kernel.fused(),
                schedule.placements().get(output).storage(),
                whole,
                one,
                Printer.print(output));
    }

    private static List<Group<Work>> works(List<Work> all) {
        return Repeats.of(
                all,
                Work::name,
                (work, relative) -> List.of(
                        work.shape(),
                        work.fused().stream().map(relative).toList(),
                        work.storage(),
                        work.decode().flops(),
                        work.decode().bytes()));
    }

    private static List<Group<Tensor>> groups(List<Tensor> all) {
        return Repeats.of(all, Tensor::name, (tensor, relative) -> tensor.shape());
    }

    /** Every named value once; what a layer only passes on has several names, of which the first is shown. */
    private static List<Tensor> values(LoadedModel model) {
        Map<Value, Boolean> seen = new IdentityHashMap<>();
        model.program().outputs().values().forEach(value -> seen.put(value, true));
        model.program().inputs().forEach(value -> seen.put(value, true));
        List<Tensor> all = new ArrayList<>();
        model.program().named().forEach((name, value) -> {
            if (!(value instanceof Value.Parameter) && seen.put(value, true) == null) {
                all.add(shown(model.elaborated(), name, value));
            }
        });
        return all;
    }

    private static List<Tensor> shown(Elaborated elaborated, Map<String, Value> values) {
        return values.entrySet().stream()
                .map(entry -> shown(elaborated, entry.getKey(), entry.getValue()))
                .toList();
    }

    private static Tensor shown(Elaborated elaborated, String name, Value value) {
        List<String> names = elaborated.dimensions().get(name);
        if (names == null && value instanceof Value.Comprehension definition) {
            names = definition.indices().stream().map(index -> index.name()).toList();
        }
        return tensor(name, value, names == null ? List.of() : names);
    }

    private static Tensor tensor(Value value, List<String> names) {
        return tensor(value.name(), value, names);
    }

    private static Tensor tensor(String name, Value value, List<String> names) {
        boolean constant = value.shape().stream().allMatch(Size::isConstant);
        return new Tensor(name, shape(value, names), constant ? Costs.count(value) : 0);
    }

    private static String shape(Value value, List<String> names) {
        StringBuilder out = new StringBuilder("[");
        for (int k = 0; k < value.shape().size(); k++) {
            String size = value.shape().get(k).toString();
            String name = names.size() == value.shape().size() ? names.get(k) : size;
            out.append(k == 0 ? "" : ", ").append(name).append(name.equals(size) ? "" : " = " + size);
        }
        return out.append(']').toString();
    }

    private static Cost sum(List<Cost> costs, String name) {
        return costs.stream().reduce(new Cost(name, 0, 0, 0, 0), (a, b) -> a.plus(b, name));
    }

    /** Bytes that a sequence of that length keeps for its later steps. */
    private static long kept(Schedule schedule, long length) {
        long bytes = 0;
        for (Map.Entry<Value, Placement> entry : schedule.placements().entrySet()) {
            Placement placement = entry.getValue();
            if (placement.storage() != Storage.CACHE || placement.sequenceAxis() < 0) {
                continue;
            }
            long elements = 1;
            List<Size> shape = entry.getKey().shape();
            for (int k = 0; k < shape.size(); k++) {
                long extent = shape.get(k).evaluate(Map.of(schedule.length(), length));
                boolean bounded = k == placement.sequenceAxis() && placement.past() != Placement.ALL;
                elements *= bounded ? Math.min(extent, placement.past() + 1) : extent;
            }
            bytes += elements * COMPUTED.bytes();
        }
        return bytes;
    }

    /** The program after a pass, as text; {@code elaboration} is before all. */
    public static String ir(LoadedModel model, String stage) {
        Program program = model.program();
        if (stage.equals("elaboration")) {
            return Printer.print(program);
        }
        Program current = program;
        for (var pass : Passes.all(model.known())) {
            current = pass.rewrite().apply(current);
            if (pass.name().equals(stage)) {
                return Printer.print(current);
            }
        }
        throw new IllegalArgumentException("no pass " + stage);
    }

    /** Numbers in parameters by block: a layer's parts, and what stands outside of layers. */
    public Map<String, Long> blocks() {
        return parameters.stream()
                .collect(Collectors.groupingBy(
                        Explanation::block,
                        LinkedHashMap::new,
                        Collectors.summingLong(group -> group.first().elements() * group.count())));
    }

    private static String block(Group<Tensor> group) {
        String[] parts = group.name().split("\\.");
        int outer = group.layers().isEmpty() ? 1 : layer(group) + 2;
        return String.join(".", java.util.Arrays.copyOf(parts, Math.max(1, Math.min(outer, parts.length - 1))));
    }

    private static int layer(Group<Tensor> group) {
        String[] first = group.first().name().split("\\.");
        for (int i = 1; i < first.length; i++) {
            if (first[i].chars().allMatch(Character::isDigit)) {
                return i;
            }
        }
        return 0;
    }
}
