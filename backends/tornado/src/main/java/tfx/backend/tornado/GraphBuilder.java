package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.compiler.schedule.ElementType;

/** Makes the graphs of a {@link DeviceGraph}: writes, compiles and loads the classes that are missing, and lays out records. */
final class GraphBuilder {
    private final Platform platform;
    private final Driver driver;
    private final Slabs slabs;
    private final Object inbox;
    private final Map<String, Made> made = new HashMap<>();
    private final Scratch scratch;

    /** A class of generated kernels, loaded. */
    record Made(Template.Source source, Task task) {}

    /** A form for steps of many rows, and the kernels that have many there. */
    record Wide(int rows, Set<Integer> many) {}

    /**
     * Graphs that are ready.
     *
     * @param args the record of every task, of the form that is run
     * @param kernels the ids of the tasks
     */
    record Built(Driver.Graph graph, List<Form> forms, List<Slab> slabs, MemorySegment args, List<String> kernels) {
        Form form(int rows) {
            return forms.stream()
                    .skip(1)
                    .filter(form -> form.rows() == rows)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A task before its class is loaded. */
    private record Job(int number, int piece, Template template, CallRecord.Call sample, boolean many) {}

    GraphBuilder(Platform platform, Slabs slabs, Object inbox) {
        this.platform = platform;
        this.driver = platform.driver();
        this.slabs = slabs;
        this.inbox = inbox;
        this.scratch = new Scratch(slabs);
    }

    /** The names of all classes there are. */
    List<String> classes() {
        return made.values().stream().map(there -> there.source.name()).toList();
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
            Template whole, @Nullable Cut cut, @Nullable Split split) {}

    /** What a piece of a kernel is called with where the kernel is. */
    CallRecord.Call arguments(List<Numbered> kernels, Call call, int piece) {
        return switch (piece) {
            case Form.WHOLE -> call.arguments();
            case Form.PARTS, Form.JOIN -> scratch.arguments(call);
            default -> scratch.arguments(kernels.get(call.number()).cut(), call, piece);
        };
    }

    Built build(List<Numbered> kernels, List<@Nullable Call> samples, List<Wide> wide) {
        for (Wide form : wide) {
            form.many().stream()
                    .map(number -> kernels.get(number).cut())
                    .filter(Objects::nonNull)
                    .forEach(cut -> scratch.reserve(cut, form.rows()));
        }
        for (int k = 0; k < kernels.size(); k++) {
            if (samples.get(k) != null && kernels.get(k).split() != null) {
                scratch.reserve(kernels.get(k).split(), platform.few());
            }
        }
        List<List<Object>> plans = new ArrayList<>();
        plans.add(jobs(kernels, samples, new Wide(0, Set.of())));
        wide.forEach(form -> plans.add(jobs(kernels, samples, form)));
        load(plans.stream()
                .flatMap(List::stream)
                .filter(Job.class::isInstance)
                .map(Job.class::cast)
                .toList());

        List<Slab> inGraph = used(samples);
        List<Double> literals = new ArrayList<>();
        List<Form> forms = new ArrayList<>();
        List<List<Slotted>> all = new ArrayList<>();
        all.add(uploads(inGraph, forms));
        for (int f = 0; f < plans.size(); f++) {
            all.add(form(plans.get(f), f == 0 ? 0 : wide.get(f - 1).rows(), forms, literals));
        }
        int size = all.stream()
                .flatMap(List::stream)
                .mapToInt(task -> task.place() == null ? 0 : task.place().at() + Math.max(1, task.size()))
                .max()
                .orElse(1);
        Object argsArray = driver.array(ElementType.I32, size);
        Object literalArray = driver.array(ElementType.F64, Math.max(1, literals.size()));
        for (int k = 0; k < literals.size(); k++) {
            driver.data(literalArray).setAtIndex(ValueLayout.JAVA_DOUBLE, k, literals.get(k));
        }
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
                        .toList());
    }

    private List<Slotted> uploads(List<Slab> inGraph, List<Form> forms) {
        Form.Layout layout = new Form.Layout();
        List<Slotted> tasks = new ArrayList<>();
        for (Slab slab : inGraph) {
            if (slab.use != Slab.Use.INBOX) {
                Made kernel = made.get(Uploads.key(slab.type));
                int number = -1 - slabs.all().indexOf(slab);
                Form.Place place = layout.add(number, Form.WHOLE, List.of(), Uploads.ENTRIES);
                tasks.add(new Slotted(
                        place, Uploads.ENTRIES, 0, kernel, List.of(inbox, slab.array), null, groups(kernel)));
            }
        }
        forms.add(new Form(0, layout.places()));
        return tasks;
    }

    private int groups(Made kernel) {
        return kernel.source.written().groups().applyAsInt(driver.units());
    }

    /** Jobs and products of matrices of a form, in their order. */
    private List<Object> jobs(List<Numbered> kernels, List<@Nullable Call> samples, Wide form) {
        List<Object> jobs = new ArrayList<>();
        for (int k = 0; k < kernels.size(); k++) {
            Call sample = samples.get(k);
            if (sample == null) {
                continue;
            }
            Template whole = kernels.get(k).whole();
            Cut cut = kernels.get(k).cut();
            Split split = kernels.get(k).split();
            boolean many = form.many().contains(k);
            if (!many && split != null) {
                jobs.add(new Job(k, Form.PARTS, split.parts(), scratch.arguments(sample), false));
                jobs.add(new Job(k, Form.JOIN, split.join(), scratch.arguments(sample), false));
                continue;
            }
            if (!many || cut == null) {
                jobs.add(new Job(k, Form.WHOLE, whole, sample.arguments(), many && whole.differs(platform)));
                continue;
            }
            for (int n = 0; n < cut.factors().size(); n++) {
                Cut.Factor factor = cut.factors().get(n);
                jobs.add(new Job(k, n, factor.rows().template(), scratch.arguments(cut, sample, n), false));
                jobs.add(scratch.product(cut, sample, n, form.rows()));
            }
            int last = cut.factors().size();
            jobs.add(new Job(k, last, cut.rest().template(), scratch.arguments(cut, sample, last), false));
        }
        return jobs;
    }

    private List<Slotted> form(List<Object> jobs, int rows, List<Form> forms, List<Double> literals) {
        Form.Layout layout = new Form.Layout();
        List<Slotted> tasks = new ArrayList<>();
        for (Object next : jobs) {
            if (next instanceof Driver.Multiply product) {
                tasks.add(new Slotted(null, 0, 0, null, List.of(), product, 0));
                continue;
            }
            Job job = (Job) next;
            Made kernel = made.get(classKey(job));
            List<CallRecord.Entry> entries = kernel.source.entries();
            Form.Place place = layout.add(job.number, job.piece, entries, entries.size());
            List<Slab> all = slabs.all();
            List<Object> arrays = Arrays.stream(slabsOf(job.sample))
                    .distinct()
                    .mapToObj(s -> all.get(s).array)
                    .toList();
            tasks.add(new Slotted(place, entries.size(), literals.size(), kernel, arrays, null, groups(kernel)));
            Arrays.stream(job.template.literals()).forEach(literals::add);
        }
        forms.add(new Form(rows, layout.places()));
        return tasks;
    }

    private int[] slabsOf(CallRecord.Call call) {
        List<Slab> all = slabs.all();
        return Arrays.stream(call.tensors())
                .mapToInt(tensor -> all.indexOf(slabs.of(tensor)))
                .toArray();
    }

    /** What the class depends on: the kernel's key, and which of its operands share slabs. */
    private String classKey(Job job) {
        return key(job.template, job.sample, job.many);
    }

    private String key(Template template, CallRecord.Call sample, boolean many) {
        return template.key()
                + Arrays.toString(parameters(slabsOf(sample)))
                + (many ? "many" : "")
                + (aligned(sample) ? "words" : "");
    }

    /** Whether all weights of short elements begin where a word begins. */
    private boolean aligned(CallRecord.Call sample) {
        for (int k = 0; k < sample.tensors().length; k++) {
            Slab slab = slabs.of(sample.tensors()[k]);
            if (slab.use == Slab.Use.WEIGHTS
                    && slab.type == ElementType.BF16
                    && sample.bases()[k] % Operands.WORD != 0) {
                return false;
            }
        }
        return true;
    }

    /** Which parameter, counted by first appearance, holds each operand. */
    private static int[] parameters(int[] slabs) {
        List<Integer> distinct = Arrays.stream(slabs).distinct().boxed().toList();
        return Arrays.stream(slabs).map(distinct::indexOf).toArray();
    }

    /** Writes, compiles and loads the classes that are not there yet, in one go. */
    private void load(List<Job> jobs) {
        Map<String, Template.Source> sources = new LinkedHashMap<>();
        for (Slab slab : slabs.all()) {
            String upload = Uploads.key(slab.type);
            if (slab.use != Slab.Use.INBOX && !made.containsKey(upload) && !sources.containsKey(upload)) {
                sources.put(upload, Uploads.source(platform, slab.type));
            }
        }
        for (Job job : jobs) {
            String key = classKey(job);
            if (!made.containsKey(key) && !sources.containsKey(key)) {
                String name = platform.unique(
                        Template.readable(job.template.request().kernel().name()));
                sources.put(key, write(name, job.template, job.sample, job.many));
            }
        }
        Map<String, String> texts = new LinkedHashMap<>();
        sources.values().forEach(source -> texts.put(source.name(), source.text()));
        Map<String, Task> tasks = platform.load(texts);
        sources.forEach((key, source) -> made.put(key, new Made(source, tasks.get(source.name()))));
    }

    private Template.Source write(String name, Template template, CallRecord.Call sample, boolean many) {
        List<Slab> all = slabs.all();
        int[] of = slabsOf(sample);
        List<ElementType> types = Arrays.stream(of)
                .distinct()
                .mapToObj(slab -> all.get(slab).type)
                .toList();
        return template.write(name, platform, parameters(of), types, many, aligned(sample));
    }

    /** The source of a kernel as it is, or would be where each type of operand lay in one slab. */
    String source(Template template, CallRecord.@Nullable Call sample) {
        if (sample != null) {
            Made there = made.get(key(template, sample, false));
            return there != null
                    ? there.source.text()
                    : write("Kernel", template, sample, false).text();
        }
        List<ElementType> types = template.types().stream().distinct().toList();
        int[] parameters = template.types().stream().mapToInt(types::indexOf).toArray();
        return template.write("Kernel", platform, parameters, types, false, true)
                .text();
    }
}
