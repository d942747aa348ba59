package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Job;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.backend.tornado.GraphBuilder.Wide;
import tfx.compiler.schedule.ElementType;

/** The tasks of the forms in which each kernel runs by itself, whole or taken apart; the counterpart of {@link Together}. */
final class Apart {
    private final Platform platform;
    private final Scratch scratch;
    private final Arguments arguments;

    Apart(Platform platform, Scratch scratch, Arguments arguments) {
        this.platform = platform;
        this.scratch = scratch;
        this.arguments = arguments;
    }

    /** How a fold of many rows is packed; null where it is not, or the model's weights are in F32, and so its factors too. */
    private static @Nullable Packed packed(List<Numbered> kernels, int number) {
        return kernels.stream().anyMatch(kernel -> kernel.whole().types().contains(ElementType.BF16))
                ? kernels.get(number).packed()
                : null;
    }

    /** Whether there is room for what the tasks of a kernel hand on in a call of many rows. */
    boolean holds(List<Numbered> kernels, Call call) {
        Packed packed = packed(kernels, call.number());
        return packed == null || scratch.holds(packed, call);
    }

    /** What a task of a kernel is called with where the kernel is called so in a form. */
    CallRecord.Call arguments(List<Numbered> kernels, Form form, Call given, Role role) {
        Call call = form.passing().handovers().isEmpty() ? given : arguments.handed(kernels, form.passing(), given);
        return switch (role.kind()) {
            case WHOLE -> call.arguments();
            case STRETCHES, JOIN -> arguments.split(call.arguments());
            case FACTORS, FRAGMENTS -> arguments.packed(call.arguments());
            case ROWS, REST -> arguments.cut(kernels.get(call.number()), form.passing(), call, role);
        };
    }

    /** Makes room for what the tasks of these forms hand on. */
    void reserve(List<Numbered> kernels, List<@Nullable Call> samples, List<Wide> wide) {
        for (Wide form : wide) {
            form.many().stream()
                    .map(kernels::get)
                    .filter(kernel -> kernel.cut() != null)
                    .forEach(kernel ->
                            scratch.reserve(kernel.cut(), form.passing().sums(kernel), form.rows()));
            form.passing().handovers().values().forEach(handover -> scratch.reserve(handover, form.rows()));
            form.passing().joined().values().forEach(joined -> scratch.reserve(joined, form.rows()));
            for (int k : form.many()) {
                Packed packed = packed(kernels, k);
                if (packed != null) {
                    scratch.reserve(packed, samples.get(k));
                }
            }
        }
        for (int k = 0; k < kernels.size(); k++) {
            if (samples.get(k) != null && kernels.get(k).split() != null) {
                scratch.reserve(kernels.get(k).split(), platform.few());
            }
        }
    }

    /** Jobs and products of matrices of a form, in their order. */
    List<Object> jobs(List<Numbered> kernels, List<@Nullable Call> samples, Wide form) {
        List<Object> jobs = new ArrayList<>();
        for (int k = 0; k < kernels.size(); k++) {
            if (samples.get(k) != null) {
                Template whole = kernels.get(k).whole();
                Call sample = arguments.handed(kernels, form.passing(), samples.get(k));
                Split split = kernels.get(k).split();
                if (form.many().contains(k)) {
                    many(kernels, samples, sample, form, jobs);
                } else if (split != null) {
                    jobs.add(new Job(k, Role.STRETCHES, split.parts(), arguments.split(sample.arguments()), false));
                    jobs.add(new Job(k, Role.JOIN, split.join(), arguments.split(sample.arguments()), false));
                } else {
                    jobs.add(new Job(k, Role.WHOLE, whole, sample.arguments(), false));
                }
            }
        }
        return jobs;
    }

    /** The same of one kernel where it has many rows. */
    private void many(List<Numbered> kernels, List<@Nullable Call> samples, Call sample, Wide form, List<Object> jobs) {
        int k = sample.number();
        Numbered kernel = kernels.get(k);
        Passing passing = form.passing();
        Handover handover = passing.handovers().get(kernel.output());
        ElementType type = handover == null ? kernel.whole().request().output() : handover.type();
        Packed packed = packed(kernels, k);
        if (packed != null) {
            jobs.add(new Job(k, Role.FACTORS, packed.factors(), arguments.packed(sample.arguments()), false));
            jobs.add(new Job(k, Role.FRAGMENTS, packed.fold().as(type), arguments.packed(sample.arguments()), false));
            return;
        }
        Cut cut = kernel.cut();
        if (cut == null) {
            jobs.add(wide(k, Role.WHOLE, kernel.whole().as(type), sample.arguments()));
            return;
        }
        for (int n = 0; n < cut.factors().size(); n++) {
            Cut.Factor factor = cut.factors().get(n);
            Joined.Factor which = new Joined.Factor(k, n);
            Joined joined = passing.joined().get(which);
            if (passing.rows(factor) == null) {
                jobs.add(wide(
                        k,
                        Role.rows(n),
                        factor.rows().template(),
                        arguments.cut(kernel, passing, sample, Role.rows(n))));
            }
            if (joined == null || joined.first().equals(which)) {
                jobs.add(arguments.product(kernels, samples, which, passing, form.rows()));
            }
        }
        boolean there = handover != null && handover.kind() == Handover.Kind.PRODUCT;
        if (!there && !passing.adds(kernel)) {
            boolean rounded = passing.sums(kernel) == ElementType.BF16;
            Template rest = rounded ? cut.fromRounded() : cut.rest().template().as(type);
            jobs.add(wide(k, Role.REST, rest, arguments.cut(kernel, passing, sample, Role.REST)));
        }
    }

    private Job wide(int number, Role role, Template template, CallRecord.Call sample) {
        return new Job(number, role, template, sample, template.differs(platform));
    }
}
