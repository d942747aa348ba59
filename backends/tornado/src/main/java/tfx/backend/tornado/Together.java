package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Job;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.Step;

/** The tasks of the form in which the kernels of a step of few rows run in few launches. */
final class Together {
    private final Platform platform;
    private final Scratch scratch;
    private final Arguments arguments;

    Together(Platform platform, Scratch scratch, Arguments arguments) {
        this.platform = platform;
        this.scratch = scratch;
        this.arguments = arguments;
    }

    /**
     * The records of all tasks, 0 for those that do not run. Another thread may ask while the device runs a step.
     *
     * @param calls by kernel
     */
    int[] records(GraphBuilder.Built built, List<@Nullable Call> calls) {
        int[] records = new int[built.size()];
        long earlier = calls.stream()
                .filter(Objects::nonNull)
                .mapToLong(call -> call.arguments().step().start())
                .min()
                .orElse(0);
        for (Form.Place place : built.forms().get(built.number(Form.TOGETHER)).places()) {
            Fusion.Unit unit = built.units().get(place.number());
            place.write(arguments(unit, calls, place.role(), earlier), records);
        }
        return records;
    }

    private CallRecord.Call arguments(Fusion.Unit unit, List<@Nullable Call> calls, Role role, long earlier) {
        CallRecord.Call whole = arguments.of(unit, calls, earlier);
        return role.equals(Role.WHOLE) ? whole : arguments.split(whole);
    }

    /** The launches for a step of few rows that runs these kernels; none where they cannot be brought together. */
    List<Fusion.Unit> units(List<Numbered> kernels, List<@Nullable Call> samples, List<Integer> step) {
        Map<Integer, Step> steps = new LinkedHashMap<>();
        step.forEach(n -> steps.put(n, samples.get(n).arguments().step()));
        List<Fusion.Unit> units = Fusion.of(kernels, steps, platform);
        if (units == null) {
            return List.of();
        }
        for (int n : step) {
            Request request = kernels.get(n).whole().request();
            if (!request.kept()) {
                scratch.reserve(n, request, platform.few());
            }
        }
        units.stream()
                .map(Fusion.Unit::split)
                .filter(Objects::nonNull)
                .forEach(split -> scratch.reserve(split, platform.few()));
        return units;
    }

    /** The tasks of launches, in their order. */
    List<Job> jobs(List<Fusion.Unit> units, List<@Nullable Call> samples) {
        List<Job> jobs = new ArrayList<>();
        for (int u = 0; u < units.size(); u++) {
            Fusion.Unit unit = units.get(u);
            if (unit.split() == null) {
                jobs.add(new Job(u, Role.WHOLE, unit.template(), arguments(unit, samples, Role.WHOLE, 0), false));
            } else {
                CallRecord.Call given = arguments(unit, samples, Role.STRETCHES, 0);
                jobs.add(new Job(u, Role.STRETCHES, unit.split().parts(), given, false));
                jobs.add(new Job(u, Role.JOIN, unit.split().join(), given, false));
            }
        }
        return jobs;
    }
}
