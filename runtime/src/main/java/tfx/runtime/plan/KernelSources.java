package tfx.runtime.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import tfx.compiler.schedule.Backend;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.ir.Size;
import tfx.ir.Value;

/** What a backend makes of a schedule, without weights to run it on. */
public final class KernelSources {
    private KernelSources() {}

    /**
     * The code of equal kernels.
     *
     * @param kernels their names
     */
    public record Source(List<String> kernels, String text) {}

    /**
     * The distinct sources, those of kernels at load time first. Parameters are taken to lie row-major.
     *
     * @param parameters how a parameter's elements are stored
     * @param real the type of computed values
     */
    public static List<Source> of(
            Schedule schedule,
            Backend backend,
            Function<Value.Parameter, ElementType> parameters,
            ElementType real,
            ElementType integer) {
        List<Kernel> kernels = Stream.concat(schedule.loadTime().stream(), schedule.kernels().stream())
                .toList();
        Function<Value, Backend.Layout> layout = value -> {
            Placement placement = schedule.placements().get(value);
            int axis = placement == null ? -1 : placement.sequenceAxis();
            return switch (value) {
                case Value.Parameter parameter ->
                    new Backend.Layout(parameters.apply(parameter), Strides.of(extents(parameter), -1));
                case Value.Input input
                when input.kind() == Value.Kind.INTEGER -> new Backend.Layout(integer, Strides.known(value, axis));
                default -> new Backend.Layout(real, Strides.known(value, axis));
            };
        };
        List<Backend.CompiledKernel> compiled = backend.compileAll(kernels.stream()
                .map(kernel -> new Backend.Request(
                        kernel,
                        kernel.operands().stream().map(layout).toList(),
                        real,
                        schedule.length(),
                        schedule.kept(kernel.output())))
                .toList());
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (int k = 0; k < kernels.size(); k++) {
            names.computeIfAbsent(compiled.get(k).source(), source -> new ArrayList<>())
                    .add(kernels.get(k).name());
        }
        return names.entrySet().stream()
                .map(entry -> new Source(List.copyOf(entry.getValue()), entry.getKey()))
                .toList();
    }

    private static long[] extents(Value.Parameter parameter) {
        return parameter.shape().stream().mapToLong(Size::constant).toArray();
    }
}
