package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend.Replay;
import tfx.ir.Value;
import tfx.source.Diagnostic;

/**
 * All kernels of a backend as graphs of tasks, so that what they share stays on the device. One execution runs any of them in
 * their order: a kernel that is left out finds that it has nothing to do. The graphs are made again where a kernel runs for the
 * first time or works in another slab than before, or a step has more rows than any before; what kernels wrote goes to the
 * host and back then.
 */
final class DeviceGraph implements Slabs.Carrier {
    private final Driver driver;
    private final Platform platform;
    private final Slabs slabs;
    private final GraphBuilder builder;
    private final List<GraphBuilder.Numbered> kernels = new ArrayList<>();
    /** By kernel: its last call, or one that steps foreseen behind it followed, in the same memory; null before the first. */
    private final List<@Nullable Call> samples = new ArrayList<>();
    /** The rows of the forms there are, and by each the kernels that have many rows there. */
    private final TreeSet<Integer> wide = new TreeSet<>();

    private final Map<Integer, Set<Integer>> many = new HashMap<>();
    private @Nullable Handovers handovers;
    /** The kernels that the form of few launches is for, and those of the last step of few rows. */
    private List<Integer> step = List.of();

    private List<Integer> last = List.of();
    private final Inbox inbox;
    private GraphBuilder.@Nullable Built built;
    /** What goes to the record of every task with the next execution. */
    private int[] args = {};

    private boolean stale;
    private final Ahead ahead = new Ahead(ForkJoinPool.commonPool());
    /** Of the last run, where it may go on as it was. */
    private @Nullable Further further;

    /** One run of a kernel that waits. */
    record Call(int number, CallRecord.Call arguments) {}

    DeviceGraph(Platform platform, Consumer<Diagnostic> notes) {
        this.platform = platform;
        this.driver = platform.driver();
        this.slabs = new Slabs(driver, platform.sizes(), this, notes);
        this.inbox = new Inbox(driver, slabs, platform.sizes().inbox());
        this.builder = new GraphBuilder(platform, slabs, inbox.array);
    }

    Slabs memory() {
        return slabs;
    }

    /** Adds a kernel behind those there are; gives its number. */
    synchronized int add(Template template) {
        kernels.add(GraphBuilder.Numbered.of(template, platform));
        samples.add(null);
        handovers = null;
        return kernels.size() - 1;
    }

    /** The class of a kernel as it is, or would be where each type of operand lay in one slab. */
    synchronized String source(int number) {
        Call sample = samples.get(number);
        return builder.classes().source(kernels.get(number).whole(), sample == null ? null : sample.arguments());
    }

    /**
     * Runs calls in their order, in as few executions as that takes.
     *
     * @return what runs them one step further where they came as foreseen, else null
     */
    synchronized @Nullable Replay run(List<Call> calls) {
        further = null;
        int next = 0;
        while (next < calls.size()) {
            int first = next;
            next++;
            while (next < calls.size()
                    && calls.get(next).number() > calls.get(next - 1).number()) {
                next++;
            }
            List<Call> ascending = calls.subList(first, next);
            Ahead.Foreseen foreseen = ahead.take(ascending);
            if (foreseen != null) {
                executeTogether(foreseen.calls(), foreseen.records());
                if (ascending.size() == calls.size()) {
                    further = new Further();
                    return further;
                }
                continue;
            }
            int rows = Form.bucket(Form.rows(ascending), platform.few());
            ascending.forEach(call -> locate(call, rows));
            if (handovers == null) {
                handovers = new Handovers(kernels);
                handovers.loosen(kernels, platform);
            }
            stale |= rows > 0 && handovers.refuse(ascending, rows, many.get(rows));
            List<Integer> numbers = numbers(ascending);
            together(numbers, rows);
            refresh();
            execute(ascending, rows, rows == 0 && numbers.equals(step));
        }
        return null;
    }

    /**
     * The steps behind one that was foreseen and asked for as it was. What moves with the step and what stays was seen right
     * then; nothing else changes, so the steps behind it need not be asked for.
     */
    private final class Further implements Replay {
        @Override
        public boolean next() {
            synchronized (DeviceGraph.this) {
                Ahead.Foreseen foreseen = further == this ? ahead.next() : null;
                if (foreseen == null) {
                    return false;
                }
                // A step that fails is none to go on from.
                further = null;
                executeTogether(foreseen.calls(), foreseen.records());
                further = this;
                return true;
            }
        }
    }

    /** The numbers of calls; the same list as for the step of few rows before where they are the same, as they mostly are. */
    private List<Integer> numbers(List<Call> calls) {
        boolean same = calls.size() == last.size();
        for (int k = 0; same && k < calls.size(); k++) {
            same = calls.get(k).number() == last.get(k);
        }
        return same ? last : calls.stream().map(Call::number).toList();
    }

    private void locate(Call call, int rows) {
        Call before = samples.get(call.number());
        if (before == null || moved(call.arguments(), before.arguments())) {
            stale = true;
        }
        samples.set(call.number(), call);
        if (rows > 0) {
            stale |= wide.add(rows);
            Set<Integer> there = many.computeIfAbsent(rows, r -> new HashSet<>());
            if (Form.rows(call) > platform.few()) {
                stale |= there.add(call.number()) || !builder.apart().holds(kernels, call);
            }
        }
    }

    /** Decides for which kernels there is a form of few launches: more than before, or the same twice in succession. */
    private void together(List<Integer> numbers, int rows) {
        boolean again = rows == 0 && numbers.equals(last);
        if (!numbers.equals(step) && (numbers.size() > step.size() || again)) {
            step = numbers;
            stale = true;
        }
        last = rows == 0 ? numbers : last;
    }

    /** Whether tensors lie in other slabs than before, or weights elsewhere: what a graph has for good. */
    private boolean moved(CallRecord.Call call, CallRecord.Call before) {
        for (int k = 0; k < call.tensors().length; k++) {
            if (call.tensors()[k].data().address() == before.tensors()[k].data().address()
                    && call.bases()[k] == before.bases()[k]) {
                continue;
            }
            Slab slab = slabs.of(call.tensors()[k]);
            if (slab != slabs.of(before.tensors()[k])
                    || (slab.use == Slab.Use.WEIGHTS && call.bases()[k] != before.bases()[k])) {
                return true;
            }
        }
        return false;
    }

    private void refresh() {
        if (!stale && built != null) {
            return;
        }
        drop();
        List<GraphBuilder.Wide> forms = wide.stream().map(this::form).toList();
        try {
            built = builder.build(kernels, samples, forms, step);
            args = new int[built.size()];
        } catch (RuntimeException e) {
            throw platform.fault(e, builder.classes().names(), slabs.bytes());
        }
        stale = false;
    }

    private GraphBuilder.Wide form(int rows) {
        Set<Integer> here = many.get(rows);
        Map<Value, Handover> handed = handovers.of(rows, here);
        return new GraphBuilder.Wide(
                rows, here, new Passing(handed, Joined.among(kernels, samples, here, handed, slabs)));
    }

    /** Brings what kernels wrote to the host and gives the graphs up. */
    private void drop() {
        if (built == null) {
            return;
        }
        ahead.forget();
        upload();
        for (Slab slab : built.slabs()) {
            if (slab.use == Slab.Use.WORK) {
                built.graph().read(slab.array, 0, slab.top());
            }
        }
        built.graph().close();
        built = null;
    }

    private void execute(List<Call> calls, int rows, boolean alike) {
        List<@Nullable Call> byNumber = byNumber(calls, kernels.size());
        if (alike && !built.units().isEmpty() && built.units().stream().allMatch(unit -> unit.fits(byNumber))) {
            executeTogether(calls, together(built, byNumber));
            return;
        }
        upload();
        Arrays.fill(args, 0);
        int number = built.number(rows);
        Form form = built.forms().get(number);
        SharedRows shared = new SharedRows();
        for (Form.Place place : form.places()) {
            Call call = byNumber.get(place.number());
            if (call != null) {
                CallRecord.Call arguments = builder.apart().arguments(kernels, form, call, place.role());
                if (!shared.written(kernels.get(place.number()).cut(), place.role(), arguments)) {
                    place.write(arguments, args);
                }
            }
        }
        execute(number, args);
    }

    private void executeTogether(List<Call> calls, int[] records) {
        upload();
        GraphBuilder.Built now = built;
        int count = kernels.size();
        ahead.begin(calls, next -> together(now, byNumber(next, count)));
        execute(now.number(Form.TOGETHER), records);
    }

    private int[] together(GraphBuilder.Built built, List<@Nullable Call> byNumber) {
        return builder.together().records(built, byNumber);
    }

    private static List<@Nullable Call> byNumber(List<Call> calls, int count) {
        List<@Nullable Call> byNumber = Arrays.asList(new Call[count]);
        calls.forEach(call -> byNumber.set(call.number(), call));
        return byNumber;
    }

    private void execute(int form, int[] records) {
        try {
            int first = built.forms().get(form).first();
            MemorySegment to = built.args();
            MemorySegment.copy(
                    records, first, to, ValueLayout.JAVA_INT, (long) first * Integer.BYTES, records.length - first);
            built.graph().execute(form);
        } catch (RuntimeException e) {
            throw platform.fault(e, built.kernels(), slabs.bytes());
        }
    }

    /** Carries what the host wrote, by as many executions as the inbox has to be filled. */
    private void upload() {
        while (!inbox.isEmpty()) {
            Arrays.fill(args, 0);
            inbox.fill(built.forms().getFirst().places(), args);
            execute(0, args);
        }
    }

    @Override
    public synchronized void written(Slab slab, long first, long count) {
        // Before a graph has the slab, the process's side of it is what the graph begins with.
        if (built != null && built.slabs().contains(slab) && count > 0) {
            inbox.add(slab, first, count);
        }
    }

    @Override
    public synchronized void read(Slab slab, long first, long count) {
        if (built == null || !built.slabs().contains(slab) || count == 0) {
            return;
        }
        upload();
        built.graph().read(slab.array, first, count);
    }

    synchronized void close() {
        ahead.forget();
        if (built != null) {
            built.graph().close();
            built = null;
        }
    }
}
