package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tfx.compiler.names.Fault;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;

/** The lines of a model's {@code weights} clauses, those of what it is a variant of first. */
final class WeightLines {
    private final Elaborated model;
    private final List<Tree.Weight> weights = new ArrayList<>();
    private final ValueNames names;
    private final List<String> prefixes = new ArrayList<>();
    private final List<Tree.Ignore> ignored = new ArrayList<>();

    WeightLines(Elaborated model, String layout) {
        this.model = model;
        this.names = new ValueNames(model);
        for (Module.Declared declared : model.model().chain().reversed()) {
            for (Tree.Clause clause : ModelRef.clauses(declared)) {
                if (clause instanceof Tree.Weights lines && lines.layout().equals(layout)) {
                    add(lines);
                }
            }
        }
        if (prefixes.isEmpty()) {
            prefixes.add("");
        }
    }

    private void add(Tree.Weights lines) {
        for (Tree.WeightLine line : lines.lines()) {
            switch (line) {
                case Tree.Weight weight -> weights.add(weight);
                case Tree.Prefix prefix -> {
                    prefixes.clear();
                    prefixes.addAll(prefix.alternatives());
                }
                case Tree.Ignore ignore -> ignored.add(ignore);
            }
        }
    }

    /** A line with its wildcards known; the line is empty where the clause has none: the official name is the path. */
    record Chosen(Optional<Tree.Weight> line, List<Candidate> candidates) {}

    /** An official tensor that would serve, the indices it is read at, and what the line's wildcards stand for. */
    record Candidate(String name, Optional<Tree.Official> official, Map<String, String> captures) {
        Candidate named(String other) {
            return new Candidate(other, official, captures);
        }
    }

    /** The last line that fits a parameter. */
    Optional<Chosen> choose(String path) {
        for (Tree.Weight line : weights.reversed()) {
            Optional<Map<String, String>> captures = Paths.match(Paths.pattern(line.path()), path);
            if (captures.isPresent() && holds(model, line.when())) {
                return Optional.of(new Chosen(Optional.of(line), candidates(line, captures.get())));
            }
        }
        return weights.isEmpty()
                ? Optional.of(new Chosen(Optional.empty(), List.of(new Candidate(path, Optional.empty(), Map.of()))))
                : Optional.empty();
    }

    /** Every official name that any line, chosen or not, has for a parameter. */
    List<String> all(String path) {
        List<String> all = new ArrayList<>();
        for (Tree.Weight line : weights) {
            Paths.match(Paths.pattern(line.path()), path)
                    .ifPresent(captures -> candidates(line, captures).forEach(candidate -> all.add(candidate.name())));
        }
        return all;
    }

    private List<Candidate> candidates(Tree.Weight line, Map<String, String> captures) {
        List<Candidate> all = new ArrayList<>();
        for (Tree.Official official : line.alternatives()) {
            for (String prefix : prefixes) {
                all.add(new Candidate(
                        prefix + Paths.fill(official.pattern(), captures, name -> size(model, name)),
                        Optional.of(official),
                        captures));
            }
        }
        return all;
    }

    /** An integer formal whose value is known. */
    static Optional<String> size(Elaborated model, String name) {
        return model.evaluator().slot(name, model.formals()) instanceof Scope.Slot slot
                        && slot.value() instanceof Datum.Int number
                        && number.size().isConstant()
                ? Optional.of(number.toString())
                : Optional.empty();
    }

    static boolean holds(Elaborated model, Optional<Tree.Expression> when) {
        if (when.isEmpty()) {
            return true;
        }
        Datum value = model.evaluator().eval(when.get(), model.formals());
        if (value instanceof Datum.Truth truth) {
            return truth.value();
        }
        throw Fault.of("TFX0106", when.get().span(), "a condition is expected here, not " + value.kind(), "");
    }

    /** Whether a tensor is no weight that the model must read: redundant, or a value in a dump. */
    boolean ignores(String name) {
        return redundant(name) || names.mentions(name);
    }

    boolean redundant(String name) {
        for (Tree.Ignore line : ignored) {
            for (String prefix : prefixes) {
                if ((Paths.match(line.pattern(), name).isPresent()
                                || Paths.match(prefix + line.pattern(), name).isPresent())
                        && holds(model, line.when())) {
                    return true;
                }
            }
        }
        return false;
    }
}
