package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
import tfx.source.Diagnostic;

/**
 * All kernels of a backend as one task graph, so that what they share stays on the device. One execution runs any of them in
 * their order: a kernel that is left out finds that it has nothing to do. The graph is made again where a kernel runs for the
 * first time or works in another slab than before; what kernels wrote goes to the host and back then.
 */
final class DeviceGraph implements Slabs.Carrier {
    /** Elements of what the host writes into device memory that travel with one execution. */
    private static final int INBOX = 1 << 14;

    private final Driver driver;
    private final Platform platform;
    private final Slabs slabs;
    private final List<Template> templates = new ArrayList<>();
    private final Map<String, Made> made = new HashMap<>();
    /** By kernel: the slabs of its operands and output in its last call, null before the first. */
    private final List<int[]> slabsOf = new ArrayList<>();

    private final List<Upload> uploads = new ArrayList<>();
    private final Object inbox;
    private List<Place> places = List.of();
    private List<Slab> inGraph = List.of();
    private MemorySegment args = MemorySegment.NULL;
    private Driver.@Nullable Graph graph;
    private List<String> kernels = List.of();
    private boolean stale;

    /** A class of generated kernels, loaded. */
    private record Made(Template.Source source, Task task) {}

    /** Where a kernel's record lies in the arguments; {@code number} is the kernel's, or -1 - s for the upload into slab s. */
    private record Place(int number, int at, List<CallRecord.Entry> entries) {}

    private record Upload(Slab slab, long first, long count) {}

    /** One run of a kernel that waits. */
    record Call(int number, CallRecord.Call arguments) {}

    DeviceGraph(Platform platform, long least, Consumer<Diagnostic> notes) {
        this.platform = platform;
        this.driver = platform.driver();
        this.slabs = new Slabs(driver, least, this, notes);
        this.inbox = driver.array(ElementType.F32, INBOX);
    }

    Slabs memory() {
        return slabs;
    }

    /** Adds a kernel behind those there are; gives its number. */
    synchronized int add(Template template) {
        templates.add(template);
        slabsOf.add(null);
        return templates.size() - 1;
    }

    /** The class of a kernel as it is, or would be where each type of operand lay in one slab. */
    synchronized String source(int number) {
        Template template = templates.get(number);
        int[] parameters = slabsOf.get(number);
        List<ElementType> types = new ArrayList<>();
        if (parameters == null) {
            template.types().stream().distinct().forEach(types::add);
            parameters = template.types().stream().mapToInt(types::indexOf).toArray();
            return template.write("Kernel", platform, parameters, types).text();
        }
        return made(number).source.text();
    }

    /** Runs calls in their order, in as few executions as that takes. */
    synchronized void run(List<Call> calls) {
        int next = 0;
        while (next < calls.size()) {
            int first = next;
            next++;
            while (next < calls.size()
                    && calls.get(next).number() > calls.get(next - 1).number()) {
                next++;
            }
            List<Call> ascending = calls.subList(first, next);
            ascending.forEach(this::locate);
            refresh();
            execute(ascending);
        }
    }

    private void locate(Call call) {
        List<Slab> all = slabs.all();
        int[] now = Arrays.stream(call.arguments().tensors())
                .mapToInt(tensor -> all.indexOf(slabs.of(tensor)))
                .toArray();
        if (!Arrays.equals(now, slabsOf.get(call.number()))) {
            slabsOf.set(call.number(), now);
            stale = true;
        }
    }

    private void execute(List<Call> calls) {
        args.fill((byte) 0);
        Map<Integer, Call> byNumber = new HashMap<>();
        calls.forEach(call -> byNumber.put(call.number(), call));
        boolean more = fill();
        while (more) {
            execute();
            args.fill((byte) 0);
            more = fill();
        }
        for (Place place : places) {
            Call call = byNumber.get(place.number());
            for (int k = 0; call != null && k < place.entries().size(); k++) {
                set(place.at() + k, Math.toIntExact(place.entries().get(k).of(call.arguments())));
            }
        }
        execute();
    }

    private void execute() {
        try {
            graph.execute();
        } catch (RuntimeException e) {
            throw platform.fault(e, kernels);
        }
    }

    /** Puts what waits to be uploaded into the inbox; whether it is full and more waits. */
    private boolean fill() {
        int used = 0;
        MemorySegment to = driver.data(inbox);
        java.util.Set<Slab> taken = new java.util.HashSet<>();
        while (!uploads.isEmpty()) {
            Upload next = uploads.getFirst();
            // One piece for each slab and execution: that is what the record of an upload holds.
            if (used == INBOX || !taken.add(next.slab())) {
                return true;
            }
            long count = Math.min(next.count(), INBOX - used);
            MemorySegment.copy(next.slab().data, next.first() * 4, to, used * 4L, count * 4);
            Place place = upload(next.slab());
            set(place.at(), (int) count);
            set(place.at() + 1, used);
            set(place.at() + 2, Math.toIntExact(next.first()));
            used += (int) count;
            uploads.removeFirst();
            if (count < next.count()) {
                uploads.addFirst(new Upload(next.slab(), next.first() + count, next.count() - count));
            }
        }
        return false;
    }

    private Place upload(Slab slab) {
        int number = -1 - slabs.all().indexOf(slab);
        return places.stream().filter(p -> p.number() == number).findFirst().orElseThrow();
    }

    private void set(int at, int value) {
        args.setAtIndex(ValueLayout.JAVA_INT, at, value);
    }

    @Override
    public synchronized void written(Slab slab, long first, long count) {
        // Before a graph has the slab, the process's side of it is what the graph begins with.
        if (graph != null && inGraph.contains(slab) && count > 0) {
            uploads.add(new Upload(slab, first, count));
        }
    }

    @Override
    public synchronized void read(Slab slab, long first, long count) {
        if (graph == null || !inGraph.contains(slab) || count == 0) {
            return;
        }
        if (!uploads.isEmpty()) {
            execute(List.of());
        }
        graph.read(slab.array, first, count);
    }

    private void refresh() {
        if (!stale && graph != null && inGraph.equals(used())) {
            return;
        }
        if (graph != null) {
            if (!uploads.isEmpty()) {
                execute(List.of());
            }
            for (Slab slab : inGraph) {
                if (slab.use == Slab.Use.WORK) {
                    graph.read(slab.array, 0, slab.elements());
                }
            }
            graph.close();
            graph = null;
        }
        build();
        stale = false;
    }

    /** The slabs that some kernel reads or writes, with those that the host writes into. */
    private List<Slab> used() {
        List<Slab> all = slabs.all();
        boolean[] used = new boolean[all.size()];
        slabsOf.stream()
                .filter(java.util.Objects::nonNull)
                .forEach(of -> Arrays.stream(of).forEach(slab -> used[slab] = true));
        List<Slab> some = new ArrayList<>();
        for (int s = 0; s < used.length; s++) {
            if (used[s]) {
                some.add(all.get(s));
            }
        }
        return some;
    }

    private void build() {
        load();
        inGraph = used();
        List<Slab> all = slabs.all();
        List<Place> order = new ArrayList<>();
        List<Driver.Launch> launches = new ArrayList<>();
        int at = 0;
        for (Slab slab : inGraph) {
            if (slab.use == Slab.Use.WORK) {
                order.add(new Place(-1 - all.indexOf(slab), at, List.of()));
                at += Uploads.ENTRIES;
            }
        }
        List<Double> literals = new ArrayList<>();
        List<Integer> firstLiterals = new ArrayList<>();
        order.forEach(place -> firstLiterals.add(0));
        for (int k = 0; k < templates.size(); k++) {
            if (slabsOf.get(k) != null) {
                List<CallRecord.Entry> entries = made(k).source.entries();
                order.add(new Place(k, at, entries));
                at += entries.size();
                firstLiterals.add(literals.size());
                Arrays.stream(templates.get(k).literals()).forEach(literals::add);
            }
        }
        Object argsArray = driver.array(ElementType.I32, Math.max(1, at));
        Object literalArray = driver.array(ElementType.F64, Math.max(1, literals.size()));
        for (int k = 0; k < literals.size(); k++) {
            driver.data(literalArray).setAtIndex(ValueLayout.JAVA_DOUBLE, k, literals.get(k));
        }
        List<Object> once = new ArrayList<>(List.of(literalArray));
        List<Object> always = new ArrayList<>(List.of(argsArray, inbox));
        inGraph.forEach(slab -> (slab.use == Slab.Use.INBOX ? always : once).add(slab.array));
        for (int k = 0; k < order.size(); k++) {
            Place place = order.get(k);
            Object slot = driver.array(ElementType.I32, 2);
            driver.data(slot).setAtIndex(ValueLayout.JAVA_INT, 0, place.at());
            driver.data(slot).setAtIndex(ValueLayout.JAVA_INT, 1, firstLiterals.get(k));
            once.add(slot);
            List<Object> arrays = new ArrayList<>(List.of(slot, argsArray, literalArray));
            Made kernel;
            if (place.number() < 0) {
                kernel = made.get(Uploads.NAME);
                arrays.add(inbox);
                arrays.add(all.get(-1 - place.number()).array);
            } else {
                kernel = made(place.number());
                Arrays.stream(slabsOf.get(place.number())).distinct().forEach(slab -> arrays.add(all.get(slab).array));
            }
            Written written = kernel.source.written();
            launches.add(new Driver.Launch(
                    "k" + k + "_" + kernel.source.name(),
                    kernel.task,
                    arrays.toArray(),
                    written.groups().applyAsInt(driver.units()),
                    written.group(),
                    written.barriers()));
        }
        places = List.copyOf(order);
        args = driver.data(argsArray);
        kernels = launches.stream().map(Driver.Launch::id).toList();
        List<Object> back = inGraph.stream()
                .filter(slab -> slab.use == Slab.Use.WORK)
                .map(slab -> slab.array)
                .toList();
        graph = driver.graph(launches, once, always, back);
    }

    private Made made(int number) {
        return made.get(classKey(number));
    }

    /** What the class depends on: the kernel's key, and which of its operands share slabs. */
    private String classKey(int number) {
        return templates.get(number).key() + Arrays.toString(parameters(slabsOf.get(number)));
    }

    /** Which parameter, counted by first appearance, holds each operand. */
    private static int[] parameters(int[] slabs) {
        List<Integer> distinct = Arrays.stream(slabs).distinct().boxed().toList();
        return Arrays.stream(slabs).map(distinct::indexOf).toArray();
    }

    /** Writes, compiles and loads the classes that are not there yet, in one go. */
    private void load() {
        Map<String, Template.Source> sources = new LinkedHashMap<>();
        if (!made.containsKey(Uploads.NAME)) {
            sources.put(Uploads.NAME, Uploads.source(platform));
        }
        for (int k = 0; k < templates.size(); k++) {
            if (slabsOf.get(k) == null) {
                continue;
            }
            String key = classKey(k);
            if (!made.containsKey(key) && !sources.containsKey(key)) {
                List<Slab> all = slabs.all();
                List<ElementType> types = Arrays.stream(slabsOf.get(k))
                        .distinct()
                        .mapToObj(slab -> all.get(slab).type)
                        .toList();
                Template template = templates.get(k);
                String name = platform.unique(
                        Template.readable(template.request().kernel().name()));
                sources.put(key, template.write(name, platform, parameters(slabsOf.get(k)), types));
            }
        }
        Map<String, String> texts = new LinkedHashMap<>();
        sources.values().forEach(source -> texts.put(source.name(), source.text()));
        Map<String, Task> tasks = platform.load(texts);
        sources.forEach((key, source) -> made.put(key, new Made(source, tasks.get(source.name()))));
    }

    synchronized void close() {
        if (graph != null) {
            graph.close();
            graph = null;
        }
    }
}
