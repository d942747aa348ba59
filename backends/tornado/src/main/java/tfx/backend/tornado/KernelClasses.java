package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;

/** The classes of generated kernels: each is written, compiled and loaded once, whichever graphs have it. */
final class KernelClasses {
    private final Platform platform;
    private final Slabs slabs;
    private final Map<String, Made> made = new HashMap<>();

    /** A class of generated kernels, loaded. */
    record Made(Source source, Task task) {}

    /**
     * A kernel's text with what a graph needs to run it.
     *
     * @param parts what of it has a record of its own, in the order of the records
     */
    record Source(KernelText kernel, List<Template.Text> parts, Written written) {
        String name() {
            return kernel.name();
        }
    }

    /**
     * A kernel to be written, or a part of one: the parts of a kernel run one after another in every group.
     *
     * @param sample a call, for the slabs of its operands; null where only the text is wanted
     * @param many whether it is for steps of many rows
     */
    record Wanted(Template template, CallRecord.@Nullable Call sample, boolean many) {}

    KernelClasses(Platform platform, Slabs slabs) {
        this.platform = platform;
        this.slabs = slabs;
    }

    /** The names of all classes there are. */
    List<String> names() {
        return made.values().stream().map(there -> there.source.name()).toList();
    }

    Made of(List<Wanted> parts) {
        return made.get(key(parts));
    }

    Made upload(ElementType type) {
        return made.get(Uploads.key(type));
    }

    /** The arrays of the calls' slabs, in the order of a kernel's parameters. */
    List<Object> arrays(List<Wanted> parts) {
        List<Slab> all = slabs.all();
        return Arrays.stream(slabsOf(parts))
                .distinct()
                .mapToObj(s -> all.get(s).array)
                .toList();
    }

    private int[] slabsOf(List<Wanted> parts) {
        List<Slab> all = slabs.all();
        return parts.stream()
                .flatMap(part -> Arrays.stream(part.sample.tensors()))
                .mapToInt(tensor -> all.indexOf(slabs.of(tensor)))
                .toArray();
    }

    /** What the class depends on: the kernel's key, and which of its operands share slabs. */
    private String key(List<Wanted> parts) {
        StringBuilder key = new StringBuilder();
        for (Wanted part : parts) {
            key.append(part.template.key())
                    .append(part.many ? "many" : "")
                    .append(aligned(part.sample) ? "words" : "")
                    .append(' ');
        }
        return key + Arrays.toString(parameters(slabsOf(parts)));
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
    void load(List<List<Wanted>> kernels) {
        Map<String, Source> sources = new LinkedHashMap<>();
        for (Slab slab : slabs.all()) {
            String upload = Uploads.key(slab.type);
            if (slab.use != Slab.Use.INBOX && !made.containsKey(upload) && !sources.containsKey(upload)) {
                sources.put(upload, Uploads.source(platform, slab.type));
            }
        }
        for (List<Wanted> parts : kernels) {
            String key = key(parts);
            if (!made.containsKey(key) && !sources.containsKey(key)) {
                String name = platform.unique(Template.readable(
                        parts.getFirst().template.request().kernel().name()));
                sources.put(key, write(name, parts));
            }
        }
        Map<String, Task> tasks =
                platform.load(sources.values().stream().map(Source::kernel).toList());
        sources.forEach((key, source) -> made.put(key, new Made(source, tasks.get(source.name()))));
    }

    private Source write(String name, List<Wanted> parts) {
        List<Slab> all = slabs.all();
        int[] of = slabsOf(parts);
        List<ElementType> types = Arrays.stream(of)
                .distinct()
                .mapToObj(slab -> all.get(slab).type)
                .toList();
        return write(name, parts, parameters(of), types);
    }

    /** @param parameters which slab parameter holds each tensor of the parts */
    private Source write(String name, List<Wanted> parts, int[] parameters, List<ElementType> types) {
        List<Template.Text> texts = new ArrayList<>();
        StringBuilder body = new StringBuilder();
        Set<Integer> wide = new HashSet<>();
        int tensors = 0;
        int first = 0;
        for (Wanted part : parts) {
            int end = tensors + part.template.types().size();
            boolean aligned = part.sample == null || aligned(part.sample);
            Template.Text text = part.template.write(
                    platform, Arrays.copyOfRange(parameters, tensors, end), part.many, aligned, first);
            texts.add(text);
            wide.addAll(text.wide());
            body.append(parts.size() == 1 ? text.body() : "{\n" + text.body() + "}\n");
            tensors = end;
            first += text.size();
        }
        Written written = texts.getFirst().written();
        KernelText text = KernelText.of(name, types, wide, body.toString(), written);
        return new Source(text, List.copyOf(texts), written);
    }

    /** The source of a kernel as it is, or would be where each type of operand lay in one slab. */
    String source(Template template, CallRecord.@Nullable Call sample) {
        List<Wanted> one = List.of(new Wanted(template, sample, false));
        if (sample != null) {
            Made there = of(one);
            return platform.text((there != null ? there.source : write("Kernel", one)).kernel());
        }
        List<ElementType> types = template.types().stream().distinct().toList();
        int[] parameters = template.types().stream().mapToInt(types::indexOf).toArray();
        return platform.text(write("Kernel", one, parameters, types).kernel());
    }
}
