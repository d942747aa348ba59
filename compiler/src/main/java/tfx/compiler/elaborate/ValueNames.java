package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.source.TfxException;

/** What dumps call the values of a model: the lines of its {@code names} clauses, those of what it is a variant of first. */
public final class ValueNames {
    private final Elaborated model;
    private final List<Tree.NamesLine> lines = new ArrayList<>();

    public ValueNames(Elaborated model) {
        this.model = model;
        for (Module.Declared declared : model.model().chain().reversed()) {
            for (Tree.Clause clause : ModelRef.clauses(declared)) {
                if (clause instanceof Tree.Names names) {
                    lines.addAll(names.lines());
                }
            }
        }
    }

    /** The models and variants of a file whose own {@code names} clause speaks of one of these tensors of a dump. */
    public static List<String> naming(Module module, Collection<String> tensors) {
        List<String> all = new ArrayList<>();
        for (Tree.Declaration declaration : module.file().declarations()) {
            String name = declaration.name().text();
            for (Tree.Clause clause : ModelRef.clauses(module.visible().get(name))) {
                if (clause instanceof Tree.Names names
                        && tensors.stream().anyMatch(it -> mentions(names.lines(), it))) {
                    all.add(name);
                }
            }
        }
        return all;
    }

    private static boolean mentions(List<Tree.NamesLine> lines, String tensor) {
        return lines.stream()
                .anyMatch(line ->
                        line instanceof Tree.NameLine && fits(line, tensor).isPresent());
    }

    private static Optional<Map<String, String>> fits(Tree.NamesLine line, String tensor) {
        return switch (line) {
            case Tree.NameLine value -> Paths.match(value.official().pattern(), tensor);
            case Tree.Ignore none -> Paths.match(none.pattern(), tensor);
        };
    }

    /** Whether a line speaks of that tensor. */
    boolean mentions(String tensor) {
        return mentions(lines, tensor);
    }

    /**
     * The values that dumps hold in that tensor, where the model has them: those of the last line that fits, none where that is
     * an {@code ignore}; else the one whose path the name is. Several where a wildcard of the line's path is none of the tensor's name, as in
     * {@code layers.{l}.scale = "scales"[l]}.
     */
    public List<Named> values(String tensor) {
        for (Tree.NamesLine line : lines.reversed()) {
            Optional<Map<String, String>> captures = fits(line, tensor);
            switch (line) {
                case Tree.Ignore none
                when captures.isPresent() && WeightLines.holds(model, none.when()) -> {
                    return List.of();
                }
                case Tree.NameLine value
                when captures.isPresent() && WeightLines.holds(model, value.when()) -> {
                    List<Named> values = values(value, tensor, captures.get());
                    if (!values.isEmpty()) {
                        return values;
                    }
                }
                default -> {}
            }
        }
        return model.program().named().containsKey(tensor)
                ? List.of(new Named(
                        tensor, Optional.empty(), new WeightLines.Candidate(tensor, Optional.empty(), Map.of())))
                : List.of();
    }

    private List<Named> values(Tree.NameLine line, String tensor, Map<String, String> captures) {
        String pattern = Paths.fill(Paths.pattern(line.path()), captures, name -> WeightLines.size(model, name));
        List<Named> all = new ArrayList<>();
        for (String path : model.program().named().keySet()) {
            Paths.match(pattern, path).ifPresent(more -> {
                Map<String, String> known = new HashMap<>(captures);
                known.putAll(more);
                all.add(new Named(
                        path,
                        Optional.of(line),
                        new WeightLines.Candidate(tensor, Optional.of(line.official()), known)));
            });
        }
        return all;
    }

    /** A value by its path, as a tensor of a dump holds it. */
    public record Named(String path, Optional<Tree.NameLine> line, WeightLines.Candidate candidate) {
        /** How many dimensions of the tensor the line reads at indices; 0: it holds the value row-major. */
        public int indexed() {
            return candidate.official().map(official -> official.at().size()).orElse(0);
        }

        /**
         * Where the value lies in the tensor.
         *
         * @param shape the value's
         * @param official the tensor's, without a batch
         * @param reach grows to one past the greatest index read of each dimension of each tensor read at indices
         * @throws TfxException TFX0212 mis-shaped, TFX0214 outside, TFX0111 and TFX0215 a fault of the line
         */
        public Binding view(Elaborated model, long[] shape, long[] official, Map<String, long[]> reach) {
            View view = new View(model, "the value `" + path + "`", Arrays.toString(shape), shape, candidate, official);
            return view.binding(
                    line.map(Tree.NameLine::indices).orElse(List.of()),
                    line.map(Tree.NameLine::span).orElse(null),
                    reach);
        }
    }
}
