package tfx.backend.tornado;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;

/** The classes of generated kernels: each is written, compiled and loaded once, whichever graphs have it. */
final class KernelClasses {
    private final Platform platform;
    private final Slabs slabs;
    private final Map<String, Made> made = new HashMap<>();

    /** A class of generated kernels, loaded. */
    record Made(Template.Source source, Task task) {}

    /**
     * A kernel to be written.
     *
     * @param sample a call, for the slabs of its operands
     * @param many whether it is for steps of many rows
     */
    record Wanted(Template template, CallRecord.Call sample, boolean many) {}

    KernelClasses(Platform platform, Slabs slabs) {
        this.platform = platform;
        this.slabs = slabs;
    }

    /** The names of all classes there are. */
    List<String> names() {
        return made.values().stream().map(there -> there.source.name()).toList();
    }

    Made of(Wanted wanted) {
        return made.get(key(wanted));
    }

    Made upload(ElementType type) {
        return made.get(Uploads.key(type));
    }

    /** The arrays of a call's slabs, in the order of a kernel's parameters. */
    List<Object> arrays(CallRecord.Call call) {
        List<Slab> all = slabs.all();
        return Arrays.stream(slabsOf(call))
                .distinct()
                .mapToObj(s -> all.get(s).array)
                .toList();
    }

    private int[] slabsOf(CallRecord.Call call) {
        List<Slab> all = slabs.all();
        return Arrays.stream(call.tensors())
                .mapToInt(tensor -> all.indexOf(slabs.of(tensor)))
                .toArray();
    }

    /** What the class depends on: the kernel's key, and which of its operands share slabs. */
    private String key(Wanted wanted) {
        return wanted.template.key()
                + Arrays.toString(parameters(slabsOf(wanted.sample)))
                + (wanted.many ? "many" : "")
                + (aligned(wanted.sample) ? "words" : "");
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
    void load(List<Wanted> kernels) {
        Map<String, Template.Source> sources = new LinkedHashMap<>();
        for (Slab slab : slabs.all()) {
            String upload = Uploads.key(slab.type);
            if (slab.use != Slab.Use.INBOX && !made.containsKey(upload) && !sources.containsKey(upload)) {
                sources.put(upload, Uploads.source(platform, slab.type));
            }
        }
        for (Wanted wanted : kernels) {
            String key = key(wanted);
            if (!made.containsKey(key) && !sources.containsKey(key)) {
                String name = platform.unique(
                        Template.readable(wanted.template.request().kernel().name()));
                sources.put(key, write(name, wanted));
            }
        }
        Map<String, Task> tasks = platform.load(
                sources.values().stream().map(Template.Source::kernel).toList());
        sources.forEach((key, source) -> made.put(key, new Made(source, tasks.get(source.name()))));
    }

    private Template.Source write(String name, Wanted wanted) {
        List<Slab> all = slabs.all();
        int[] of = slabsOf(wanted.sample);
        List<ElementType> types = Arrays.stream(of)
                .distinct()
                .mapToObj(slab -> all.get(slab).type)
                .toList();
        return wanted.template.write(name, platform, parameters(of), types, wanted.many, aligned(wanted.sample));
    }

    /** The source of a kernel as it is, or would be where each type of operand lay in one slab. */
    String source(Template template, CallRecord.@Nullable Call sample) {
        if (sample != null) {
            Wanted wanted = new Wanted(template, sample, false);
            Made there = of(wanted);
            return platform.text((there != null ? there.source : write("Kernel", wanted)).kernel());
        }
        List<ElementType> types = template.types().stream().distinct().toList();
        int[] parameters = template.types().stream().mapToInt(types::indexOf).toArray();
        return platform.text(template.write("Kernel", platform, parameters, types, false, true)
                .kernel());
    }
}
