package tfx.compiler.elaborate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Size;
import tfx.ir.Value;
import tfx.source.Span;

/** What one elaboration has made so far. */
final class Run {
    static final long MOST_LENGTH = 1L << 40;
    /** As deep as the deepest published model (DeepNet), so that a mistyped number is told from a depth at once. */
    static final int MOST_LAYERS = 1_000;
    /** Calls, statements and layers: enough for that depth, and still elaborated within seconds. */
    private static final int MOST_STEPS = 100_000;

    /** A layer being elaborated: the name of its index and the number. */
    record Layer(String name, Datum number) {}

    final boolean check;
    final Sizes sizes;
    final Transforms transforms = new Transforms();
    final List<Value.Input> inputs = new ArrayList<>();
    final Map<String, Elaborated.ParameterInfo> parameters = new LinkedHashMap<>();
    final Map<String, Value> outputs = new LinkedHashMap<>();
    final Map<String, Value> named = new LinkedHashMap<>();
    final Map<String, List<String>> dimensions = new HashMap<>();
    final Map<Value, Size> ids = new HashMap<>();
    final Deque<Layer> layers = new ArrayDeque<>();
    /** By place: the value a definition had in each layer. */
    final Map<String, TreeMap<Long, Term>> history = new HashMap<>();

    final Map<String, Value> stacks = new HashMap<>();
    final Map<Dim, String> origins = new HashMap<>();
    /** By the symbol of an unknown number of layers: the path its layers begin with. */
    final Map<String, String> stacksOfLayers = new HashMap<>();

    String length;
    /** How often an expression has asked for the layer it is used in. */
    int layerUses;

    private int steps;

    Run(boolean check) {
        this.check = check;
        this.sizes = new Sizes(check);
    }

    void countCall(int depth, Span span) {
        if (depth > 200) {
            throw Fault.of(
                    "TFX0108",
                    span,
                    "calls are nested more than 200 deep: a block value leads back to itself",
                    "blocks do not recur; a stack of layers is written `layers l in 0 .. n { ... }`");
        }
        countStep(span);
    }

    /** Bounds the work of an elaboration: a short source can ask for exponentially much. */
    void countStep(Span span) {
        if (++steps > MOST_STEPS) {
            throw Fault.of(
                    "TFX0114",
                    span,
                    "the model has more than " + MOST_STEPS + " calls, definitions and layers",
                    "make it smaller");
        }
    }

    /** Stores a term as a value of its own, over {@code dims} in that order. */
    Value.Comprehension store(String path, Term term, List<Dim> dims, Span span) {
        countStep(span);
        List<Index> indices = new ArrayList<>(dims.size());
        Map<Index, Expr> by = new HashMap<>();
        for (Dim dim : dims) {
            Index fresh = new Index(dim.name(), dim.size());
            indices.add(fresh);
            by.put(dim.index(), new Expr.At(fresh));
        }
        return new Value.Comprehension(path, indices, Exprs.replace(term.domain(), by), Exprs.replace(term.expr(), by));
    }

    /** Reads a stored value at its own dimensions; absent where the stored term was. */
    Term read(Value value, Term stored, List<Dim> dims) {
        return new Term(at(value, dims), stored.domain(), dims, stored.type());
    }

    /** The term as one that may be used many times: stored under {@code path} where repeating it would be heavy. */
    Term shared(String path, Term term, Span span) {
        if (!Exprs.heavy(term.expr()) && !Exprs.heavy(term.domain())) {
            return term;
        }
        Value value = store(path, term, term.dims(), span);
        note(path, value, term.dims(), false);
        return read(value, term, term.dims());
    }

    /** Makes a value known by its path. */
    void note(String path, Value value, List<Dim> dims, boolean replace) {
        if (replace) {
            named.put(path, value);
            dimensions.put(path, dims.stream().map(Dim::name).toList());
        } else if (named.putIfAbsent(path, value) == null) {
            dimensions.put(path, dims.stream().map(Dim::name).toList());
        }
    }

    /** Records what a definition is in the current layer. */
    void remember(String place, Term term) {
        if (!layers.isEmpty()
                && layers.peek().number() instanceof Datum.Int number
                && number.size().isConstant()) {
            history.computeIfAbsent(place, key -> new TreeMap<>())
                    .put(number.size().constant(), term);
        }
    }

    Program program() {
        List<Value.Parameter> weights = new ArrayList<>();
        parameters.values().forEach(info -> weights.add(info.value()));
        return new Program(List.copyOf(inputs), weights, outputs, named, length);
    }

    static Expr at(Value value, List<Dim> dims) {
        List<Expr> at = new ArrayList<>(dims.size());
        dims.forEach(dim -> at.add(new Expr.At(dim.index())));
        return new Expr.Read(value, at);
    }

    /** The value that a term only reads, at its own dimensions in order; null where it is more than that. */
    static Value alias(Term term, List<Dim> dims) {
        return term.expr() instanceof Expr.Read read
                        && read.equals(at(read.value(), dims))
                        && (read.value() instanceof Value.Comprehension made
                                ? (made.domain().equals(Expr.TRUE))
                                        == term.domain().equals(Expr.TRUE)
                                : term.domain().equals(Expr.TRUE))
                ? read.value()
                : null;
    }

    /** Whether a definition stays inline: an integer or truth expression, whose form proofs need. */
    static boolean inline(Term term) {
        return term.type() != Kind.REAL && !Exprs.heavy(term.expr());
    }

    /** Refuses a dimension that cannot be one. */
    Dim usable(Dim dim, Span span) {
        if (dim.size().isConstant() && (dim.size().constant() < 1 || dim.size().constant() > MOST_LENGTH)) {
            String origin = origins.get(dim);
            throw Fault.of(
                    "TFX0114",
                    span,
                    "the dimension " + dim.shown() + (origin == null ? "" : " (" + origin + ")")
                            + (dim.size().constant() < 1 ? " has no length" : " is longer than 2^40"),
                    "a dimension is at least 1 and at most 2^40 long");
        }
        return dim;
    }
}
