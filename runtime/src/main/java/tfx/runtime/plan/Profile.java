package tfx.runtime.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Costs;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Step;

/** How long an engine's kernels took, added up over layers and over the steps of one kind. Thread-safe. */
public final class Profile implements KernelListener {
    /**
     * Kernels of one name but for the numbers in it.
     *
     * @param kernel the name, {@code *} for every number: {@code layers.*.mlp.gate}
     * @param single whether of steps of one row (decoding), else of more (prefill)
     * @param flops what all calls took at least, as {@link Costs} counts
     * @param bytes what all calls read and wrote at least
     */
    public record Row(String kernel, boolean single, long calls, long nanos, double flops, double bytes) {}

    private record Call(Kernel kernel, Step step) {}

    private record Key(String kernel, boolean single) {}

    private static final class Sum {
        private long calls;
        private long nanos;
    }

    private final Engine engine;
    private final Map<Call, Sum> sums = new HashMap<>();

    Profile(Engine engine) {
        this.engine = engine;
    }

    /** From now on adds up the time of the engine's kernels. */
    public static Profile of(Engine engine) {
        Profile profile = new Profile(engine);
        engine.listen(profile);
        return profile;
    }

    @Override
    public synchronized void ran(Kernel kernel, Step step, long nanos) {
        Sum sum = sums.computeIfAbsent(new Call(kernel, step), call -> new Sum());
        sum.calls++;
        sum.nanos += nanos;
    }

    /** The rows, the one that took longest first. */
    public List<Row> rows() {
        return rows(List.of(this));
    }

    /** The rows of several engines, added up. */
    static List<Row> rows(Collection<Profile> profiles) {
        Map<Key, Row> rows = new LinkedHashMap<>();
        profiles.forEach(profile -> profile.add(rows));
        List<Row> sorted = new ArrayList<>(rows.values());
        sorted.sort(Comparator.comparing(Row::nanos).reversed());
        return sorted;
    }

    private synchronized void add(Map<Key, Row> rows) {
        sums.forEach((call, sum) -> {
            Costs.Cost cost = Costs.of(engine.schedule(), call.kernel(), call.step(), engine::type);
            String name = call.kernel().name().replaceAll("\\b\\d+\\b", "*");
            boolean single = call.step().end() - call.step().start() == 1;
            Row row = new Row(
                    name,
                    single,
                    sum.calls,
                    sum.nanos,
                    sum.calls * cost.flops(),
                    sum.calls * (cost.bytesRead() + cost.bytesWritten()));
            rows.merge(new Key(name, single), row, Profile::add);
        });
    }

    private static Row add(Row a, Row b) {
        return new Row(a.kernel, a.single, a.calls + b.calls, a.nanos + b.nanos, a.flops + b.flops, a.bytes + b.bytes);
    }
}
