package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Elaborated.ParameterInfo;
import tfx.compiler.names.Nearest;
import tfx.grammar.Tree;
import tfx.source.Diagnostic;
import tfx.source.Span;
import tfx.source.TfxException;

/** Which official tensors hold a model's parameters. */
public final class WeightClause {
    private static final int MOST_FAULTS = 20;

    private final Elaborated model;
    private final WeightLines lines;
    private final Map<String, long[]> official;
    private final List<Diagnostic> faults = new ArrayList<>();
    /** Faults beyond those shown. */
    private int further;

    private WeightClause(Elaborated model, String layout, Map<String, long[]> official) {
        this.model = model;
        this.lines = new WeightLines(model, layout);
        this.official = official;
    }

    /**
     * Binds every parameter of the program, by path; one that a transform declares only where the weights hold it.
     *
     * @param layout the clause's, {@code "huggingface"}
     * @param official the shapes of the official tensors by name
     * @throws TfxException TFX0211 missing, TFX0212 mis-shaped, TFX0213 extra tensors, TFX0214 reads outside of one
     */
    public static Map<String, Binding> bind(Elaborated model, String layout, Map<String, long[]> official) {
        return new WeightClause(model, layout, official).all();
    }

    /**
     * Parameters that share their numbers with an earlier one of the same shape, because one official tensor is the whole of
     * both: path to the earlier one's path.
     */
    public static Map<String, String> tied(Elaborated model, String layout) {
        WeightLines lines = new WeightLines(model, layout);
        Map<String, String> holders = new HashMap<>();
        Map<String, String> tied = new LinkedHashMap<>();
        for (ParameterInfo parameter : model.parameters().values()) {
            String path = parameter.value().name();
            lines.choose(path)
                    .filter(chosen -> !chosen.candidates().isEmpty())
                    .map(chosen -> chosen.candidates().getFirst())
                    .filter(first ->
                            first.official().map(line -> line.at().isEmpty()).orElse(true))
                    .map(first ->
                            holders.putIfAbsent(first.name() + parameter.value().shape(), path))
                    .ifPresent(earlier -> tied.put(path, earlier));
        }
        return tied;
    }

    /** Whether an {@code ignore} line of the clause names that official tensor. */
    public static boolean redundant(Elaborated model, String layout, String official) {
        return new WeightLines(model, layout).redundant(official);
    }

    /**
     * The shapes that the official tensors take when the model takes other sizes: those read whole grow with the parameter's
     * dimensions that lie in them, those read at indices as far as these go.
     *
     * @param bindings of {@code before}
     * @param official the shapes of {@code before}
     */
    public static Map<String, long[]> reshaped(
            Elaborated before,
            Elaborated after,
            String layout,
            Map<String, Binding> bindings,
            Map<String, long[]> official) {
        WeightLines lines = new WeightLines(after, layout);
        Map<String, long[]> shapes = new LinkedHashMap<>();
        Map<String, long[]> reach = new HashMap<>();
        for (ParameterInfo parameter : after.parameters().values()) {
            String path = parameter.value().name();
            Binding binding = bindings.get(path);
            if (binding == null) {
                continue;
            }
            String name = binding.official();
            long[] shape = official.get(name);
            WeightLines.Chosen chosen = lines.choose(path).orElseThrow();
            boolean whole = chosen.line()
                    .map(line -> line.alternatives().getFirst().at().isEmpty())
                    .orElse(true);
            if (whole) {
                shapes.put(
                        name, View.regrouped(View.shape(before.parameters().get(path)), shape, View.shape(parameter)));
            } else {
                long[] open = new long[shape.length];
                Arrays.fill(open, Integer.MAX_VALUE);
                View.of(after, parameter, chosen.candidates().getFirst().named(name), open)
                        .binding(indices(chosen), span(chosen), reach);
            }
        }
        shapes.putAll(reach);
        return shapes;
    }

    private Map<String, Binding> all() {
        Map<String, Binding> bindings = new LinkedHashMap<>();
        Set<String> known = new HashSet<>();
        Map<String, long[]> reach = new HashMap<>();
        for (ParameterInfo parameter : model.parameters().values()) {
            String path = parameter.value().name();
            known.addAll(lines.all(path));
            Optional<WeightLines.Chosen> chosen = lines.choose(path);
            Optional<WeightLines.Candidate> found = chosen.flatMap(line -> line.candidates().stream()
                    .filter(candidate -> official.containsKey(candidate.name()))
                    .findFirst());
            if (found.isEmpty()) {
                missing(parameter, chosen);
                continue;
            }
            known.add(found.get().name());
            View view = View.of(
                    model, parameter, found.get(), official.get(found.get().name()));
            try {
                bindings.put(path, view.binding(indices(chosen.get()), span(chosen.get()), reach));
            } catch (TfxException fault) {
                faults.addAll(fault.diagnostics());
            }
        }
        reach.forEach(this::covered);
        extra(known);
        if (!faults.isEmpty()) {
            throw new TfxException(shown());
        }
        return bindings;
    }

    private static List<Tree.Name> indices(WeightLines.Chosen chosen) {
        return chosen.line().map(Tree.Weight::indices).orElse(List.of());
    }

    private static @Nullable Span span(WeightLines.Chosen chosen) {
        return chosen.line().map(Tree.Weight::span).orElse(null);
    }

    private List<Diagnostic> shown() {
        int more = further + Math.max(0, faults.size() - MOST_FAULTS);
        if (more == 0) {
            return faults;
        }
        List<Diagnostic> shown = new ArrayList<>(faults.subList(0, MOST_FAULTS));
        shown.add(Diagnostic.error(
                shown.getLast().code(),
                model.model().name(),
                more + " more tensors are missing, of another shape, or read by no parameter",
                "these weights are of another model or another configuration"));
        return shown;
    }

    /** The search for a name like a missing one is not cheap: only for those that are shown. */
    private boolean full() {
        if (faults.size() < MOST_FAULTS) {
            return false;
        }
        further++;
        return true;
    }

    private void missing(ParameterInfo parameter, Optional<WeightLines.Chosen> chosen) {
        if (full()) {
            return;
        }
        String path = parameter.value().name();
        if (model.ofTransforms().contains(path)) {
            return;
        }
        List<String> names = chosen.map(line -> line.candidates().stream()
                        .map(WeightLines.Candidate::name)
                        .toList())
                .orElse(List.of(path));
        String wanted = names.getFirst();
        faults.add(Diagnostic.error(
                "TFX0211",
                wanted,
                "the tensor"
                        + (names.size() > 1 ? " (or " + String.join(", ", names.subList(1, names.size())) + ")" : "")
                        + " for the parameter `" + path + "` " + Elaborated.shown(parameter) + " is missing",
                Nearest.to(wanted, official.keySet())
                        .map(near -> "the nearest name among the weights is `" + near + "`")
                        .orElse("these weights are of another model or another configuration")));
    }

    private void covered(String name, long[] reached) {
        long[] shape = official.get(name);
        for (int i = 0; i < shape.length; i++) {
            if (reached[i] != shape[i]) {
                long[] expected = reached.clone();
                faults.add(Diagnostic.error(
                        "TFX0212",
                        name,
                        "the shape is " + Arrays.toString(shape) + "; this model reads " + Arrays.toString(expected),
                        "these weights are of another configuration"));
                return;
            }
        }
    }

    private void extra(Set<String> known) {
        for (String name : official.keySet()) {
            if (!known.contains(name) && !lines.ignores(name) && !full()) {
                faults.add(
                        Diagnostic.error(
                                "TFX0213",
                                name,
                                "no parameter of `" + model.model() + "` reads this tensor",
                                Nearest.to(name, known)
                                        .map(near -> "the nearest name the model reads is `" + near + "`")
                                        .orElse(
                                                "these weights are of another configuration; a redundant tensor is named by `ignore`")));
            }
        }
    }
}
