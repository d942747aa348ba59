package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Value;

/** Makes the graphs of a {@link DeviceGraph}: writes, compiles and loads the classes that are missing, and lays out records. */
final class GraphBuilder {
    private final Platform platform;
    private final Driver driver;
    private final Slabs slabs;
    private final Object inbox;
    private final KernelClasses classes;
    private final Scratch scratch;
    private final Apart apart;
    private final Together together;

    /** A form for steps of many rows, the kernels that have many there, and what they hand over. */
    record Wide(int rows, Set<Integer> many, Passing passing) {}

    private static final Wide FEW = new Wide(0, Set.of(), Passing.NONE);
    private static final Wide IN_FEW = new Wide(Form.TOGETHER, Set.of(), Passing.NONE);

    /**
     * Graphs that are ready.
     *
     * @param args the record of every task of every form; those of a form that does not run are not read
     * @param kernels the ids of the tasks
     * @param units the launches of {@link Form#TOGETHER}, where there is that form
     */
    record Built(
            Driver.Graph graph,
            List<Form> forms,
            List<Slab> slabs,
            MemorySegment args,
            List<String> kernels,
            List<Fusion.Unit> units) {
        /** How many numbers the records have. */
        int size() {
            return (int) (args.byteSize() / Integer.BYTES);
        }

        /** Which of the forms is for steps of so many rows. */
        int number(int rows) {
            int number = forms.size() - 1;
            while (forms.get(number).rows() != rows) {
                number--;
            }
            return number;
        }
    }

    /** A task before its class is loaded. */
    record Job(int number, Role role, KernelClasses.Wanted wanted) {
        Job(int number, Role role, Template template, CallRecord.Call sample, boolean many) {
            this(number, role, new KernelClasses.Wanted(template, sample, many));
        }
    }

    GraphBuilder(Platform platform, Slabs slabs, Object inbox) {
        this.platform = platform;
        this.driver = platform.driver();
        this.slabs = slabs;
        this.inbox = inbox;
        this.classes = new KernelClasses(platform, slabs);
        this.scratch = new Scratch(slabs);
        Arguments arguments = new Arguments(slabs, scratch);
        this.apart = new Apart(platform, scratch, arguments);
        this.together = new Together(platform, scratch, arguments);
    }

    Apart apart() {
        return apart;
    }

    Together together() {
        return together;
    }

    KernelClasses classes() {
        return classes;
    }

    /** The slabs that some kernel reads or writes. */
    List<Slab> used(List<@Nullable Call> samples) {
        Set<Slab> used = new java.util.HashSet<>(scratch.slabs());
        samples.stream()
                .filter(Objects::nonNull)
                .flatMap(call -> Arrays.stream(call.arguments().tensors()))
                .forEach(tensor -> used.add(slabs.of(tensor)));
        return slabs.all().stream().filter(used::contains).toList();
    }

    /** A kernel and the ways it can be taken apart, null where it cannot. */
    record Numbered(
            Template whole,
            @Nullable Cut cut,
            @Nullable Split split,
            @Nullable Packed packed) {
        static Numbered of(Template whole, Platform platform) {
            return new Numbered(
                    whole,
                    platform.driver().multiplies() ? Cut.of(whole) : null,
                    Split.of(whole, platform),
                    Packed.of(whole, platform));
        }

        Value output() {
            return whole.request().kernel().output();
        }
    }

    /** @param step the kernels of a step of few rows that are to run in few launches */
    Built build(List<Numbered> kernels, List<@Nullable Call> samples, List<Wide> wide, List<Integer> step) {
        apart.reserve(kernels, samples, wide);
        List<Fusion.Unit> units = together.units(kernels, samples, step);
        List<Wide> wanted = new ArrayList<>(List.of(FEW));
        wanted.addAll(wide);
        List<List<Object>> plans = new ArrayList<>();
        Beside beside = new Beside(kernels, platform);
        wanted.forEach(form -> plans.add(beside.launches(apart.jobs(kernels, samples, form))));
        if (!units.isEmpty()) {
            plans.add(together.jobs(units, samples).stream()
                    .<Object>map(Beside.Jobs::of)
                    .toList());
            wanted.add(IN_FEW);
        }
        classes.load(plans.stream()
                .flatMap(List::stream)
                .filter(Beside.Jobs.class::isInstance)
                .map(jobs -> ((Beside.Jobs) jobs).wanted())
                .toList());

        List<Slab> inGraph = used(samples);
        Form.Layout layout = new Form.Layout();
        List<Form> forms = new ArrayList<>();
        List<List<Slotted>> all = new ArrayList<>();
        all.add(uploads(inGraph, forms, layout));
        for (int f = 0; f < plans.size(); f++) {
            all.add(form(plans.get(f), wanted.get(f), forms, layout));
        }
        Object argsArray = driver.array(ElementType.I32, Math.max(1, layout.size()));
        Object literalArray = driver.array(ElementType.F64, Math.max(1, layout.size()));
        all.forEach(tasks -> tasks.forEach(task -> task.write(driver.data(literalArray))));
        List<Object> once = new ArrayList<>(List.of(literalArray));
        List<Object> always = new ArrayList<>(List.of(argsArray, inbox));
        inGraph.forEach(slab -> (slab.use == Slab.Use.INBOX ? always : once).add(slab.array));
        List<List<Driver.Launch>> launches = all.stream()
                .map(tasks -> tasks.stream()
                        .map(task -> task.launch(driver, argsArray, literalArray, once))
                        .toList())
                .toList();
        List<Object> back = inGraph.stream()
                .filter(slab -> slab.use == Slab.Use.WORK)
                .map(slab -> slab.array)
                .toList();
        return new Built(
                driver.graph(launches, once, always, back),
                List.copyOf(forms),
                inGraph,
                driver.data(argsArray),
                launches.stream()
                        .flatMap(List::stream)
                        .map(Driver.Launch::id)
                        .distinct()
                        .toList(),
                units);
    }

    private List<Slotted> uploads(List<Slab> inGraph, List<Form> forms, Form.Layout layout) {
        List<Slotted> tasks = new ArrayList<>();
        for (Slab slab : inGraph) {
            if (slab.use != Slab.Use.INBOX) {
                KernelClasses.Made kernel = classes.upload(slab.type);
                int number = -1 - slabs.all().indexOf(slab);
                Form.Place place = layout.place(number, Role.WHOLE, List.of(), Uploads.ENTRIES);
                tasks.add(new Slotted(
                        List.of(place), List.of(), kernel, List.of(inbox, slab.array), null, groups(kernel, null)));
            }
        }
        forms.add(new Form(0, places(tasks), Passing.NONE));
        return tasks;
    }

    private static List<Form.Place> places(List<Slotted> tasks) {
        return tasks.stream().flatMap(task -> task.places().stream()).toList();
    }

    /** @param few a call of the step that the kernel is for, where it has few rows */
    private int groups(KernelClasses.Made kernel, CallRecord.@Nullable Call few) {
        return kernel.source().written().groups().of(driver.units(), few);
    }

    private List<Slotted> form(List<Object> launches, Wide wide, List<Form> forms, Form.Layout layout) {
        List<Slotted> tasks = new ArrayList<>();
        for (Object next : launches) {
            if (next instanceof Driver.Multiply product) {
                tasks.add(new Slotted(List.of(), List.of(), null, List.of(), product, 0));
                continue;
            }
            Beside.Jobs jobs = (Beside.Jobs) next;
            KernelClasses.Made kernel = classes.of(jobs.wanted());
            List<Form.Place> places = new ArrayList<>();
            List<double[]> literals = new ArrayList<>();
            for (int k = 0; k < jobs.all().size(); k++) {
                Job job = jobs.all().get(k);
                Template.Text part = kernel.source().parts().get(k);
                places.add(layout.place(job.number, job.role, part.entries(), part.size()));
                literals.add(job.wanted.template().literals());
            }
            List<Object> arrays = classes.arrays(jobs.wanted());
            CallRecord.Call few =
                    wide.rows() == Form.TOGETHER ? jobs.wanted().getFirst().sample() : null;
            tasks.add(new Slotted(places, literals, kernel, arrays, null, groups(kernel, few)));
        }
        forms.add(new Form(wide.rows(), places(tasks), wide.passing()));
        return tasks;
    }
}
