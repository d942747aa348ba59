package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.names.ModelRef;
import tfx.ir.Size;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Finds sizes that nobody gave from the shapes of the weights. */
public final class Inference {
    private final ModelRef model;
    private final Map<String, long[]> official;
    private final Map<String, Long> solved = new LinkedHashMap<>();
    private final Map<String, String> sources = new HashMap<>();

    private Inference(ModelRef model, Map<String, long[]> official) {
        this.model = model;
        this.official = official;
    }

    /**
     * The arguments with what the shapes tell of formals that have neither value nor default.
     *
     * @throws TfxException TFX0201 where some stay unknown, TFX0205 where two tensors tell different sizes
     */
    public static Elaborator.Arguments infer(
            ModelRef model, Elaborator.Arguments arguments, String layout, Map<String, long[]> official) {
        List<String> missing = Formals.missing(model, arguments.values().keySet());
        if (missing.isEmpty()) {
            return arguments;
        }
        Inference inference = new Inference(model, official);
        inference.solve(Elaborator.check(model, arguments.values()), layout, missing);
        Elaborator.Arguments all = new Elaborator.Arguments(arguments.values(), arguments.origins());
        List<String> open = new ArrayList<>();
        for (String name : missing) {
            Long value = inference.solved.get(name);
            if (value == null) {
                open.add(name);
            } else {
                all.values().put(name, new Datum.Int(Size.of(value)));
                all.origins().put(name, "shape of " + inference.sources.get(name));
            }
        }
        if (!open.isEmpty()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0201",
                    model.name(),
                    "the configuration does not give, and the weights' shapes do not tell: " + String.join(", ", open),
                    "give " + (open.size() == 1 ? "it" : "them") + " with --set " + open.getFirst() + "=..."));
        }
        return all;
    }

    /** The formals that have neither a value nor a default. */
    public static List<String> open(ModelRef model, Elaborator.Arguments arguments) {
        return Formals.missing(model, arguments.values().keySet());
    }

    private void solve(Elaborated symbolic, String layout, List<String> missing) {
        WeightLines lines = new WeightLines(symbolic, layout);
        for (int before = -1; before != solved.size(); ) {
            before = solved.size();
            for (Elaborated.ParameterInfo parameter : symbolic.parameters().values()) {
                String path = parameter.value().name();
                for (WeightLines.Candidate candidate :
                        lines.choose(path).map(WeightLines.Chosen::candidates).orElse(List.of())) {
                    long[] shape = official.get(candidate.name());
                    boolean whole = candidate
                            .official()
                            .map(line -> line.at().isEmpty())
                            .orElse(true);
                    if (shape != null && whole) {
                        unify(symbolic, parameter.value().shape(), shape, candidate.name());
                        break;
                    }
                }
            }
        }
        layers(symbolic, lines, missing);
    }

    private void unify(Elaborated symbolic, List<Size> sizes, long[] shape, String name) {
        if (sizes.size() == shape.length) {
            for (int i = 0; i < shape.length; i++) {
                equal(symbolic, sizes.get(i), shape[i], name);
            }
        } else if (shape.length > 0 && sizes.size() > shape.length) {
            merged(symbolic, sizes, shape, name);
        }
    }

    /** Neighbouring dimensions lie merged in one: those at either end that stand alone, then the product of the rest. */
    private void merged(Elaborated symbolic, List<Size> sizes, long[] shape, String name) {
        int surplus = sizes.size() - shape.length;
        for (int at = 0; at < shape.length; at++) {
            // The merged group begins at one dimension; where only one choice of it agrees with what is known, that is
            // it.
            Size group = Size.ONE;
            for (int i = at; i <= at + surplus; i++) {
                group = group.times(sizes.get(i));
            }
            boolean agrees = agrees(symbolic, group, shape[at]);
            for (int i = 0; i < shape.length; i++) {
                if (i != at) {
                    agrees &= agrees(symbolic, sizes.get(i < at ? i : i + surplus), shape[i]);
                }
            }
            if (agrees && !otherwise(symbolic, sizes, shape, at, surplus)) {
                equal(symbolic, group, shape[at], name);
                for (int i = 0; i < shape.length; i++) {
                    if (i != at) {
                        equal(symbolic, sizes.get(i < at ? i : i + surplus), shape[i], name);
                    }
                }
                return;
            }
        }
    }

    private boolean otherwise(Elaborated symbolic, List<Size> sizes, long[] shape, int chosen, int surplus) {
        for (int at = 0; at < shape.length; at++) {
            if (at == chosen) {
                continue;
            }
            boolean agrees = true;
            for (int i = 0; i < shape.length; i++) {
                if (i != at) {
                    agrees &= agrees(symbolic, sizes.get(i < at ? i : i + surplus), shape[i]);
                }
            }
            if (agrees) {
                return true;
            }
        }
        return false;
    }

    private Size known(Elaborated symbolic, Size size) {
        Map<String, Size> by = new HashMap<>();
        solved.forEach((symbol, value) -> by.put(symbol, Size.of(value)));
        return symbolic.evaluator().run.sizes.normal(size).with(by);
    }

    private boolean agrees(Elaborated symbolic, Size size, long value) {
        Size known = known(symbolic, size);
        return !known.isConstant() || known.constant() == value;
    }

    private void equal(Elaborated symbolic, Size size, long value, String name) {
        Size known = known(symbolic, size);
        if (known.isConstant()) {
            if (known.constant() != value) {
                String symbol = size.onlySymbol();
                throw new TfxException(Diagnostic.error(
                        "TFX0205",
                        name,
                        "the shape tells " + (symbol == null ? size : symbol) + " = " + value + ", but "
                                + (symbol != null && sources.containsKey(symbol)
                                        ? "that of " + sources.get(symbol) + " tells "
                                        : "it is ")
                                + known.constant(),
                        "these weights do not belong together, or are of another model"));
            }
            return;
        }
        String whole = size.onlySymbol();
        if (whole != null && model.formals().containsKey(whole) && solved.putIfAbsent(whole, value) == null) {
            sources.put(whole, name);
        }
        if (known.symbols().size() != 1) {
            return;
        }
        String symbol = known.symbols().iterator().next();
        // Linear in the one symbol left: a * s + b = value.
        long base = known.evaluate(Map.of(symbol, 0L));
        long slope = known.evaluate(Map.of(symbol, 1L)) - base;
        if (known.evaluate(Map.of(symbol, 2L)) != base + 2 * slope || slope == 0 || (value - base) % slope != 0) {
            return;
        }
        // The symbol may be a quotient of two formals: it is no argument, but tells about them.
        if (solved.putIfAbsent(symbol, (value - base) / slope) == null) {
            sources.put(symbol, name);
        }
    }

    /** The number of layers: as many as there are numbered groups of tensors. */
    private void layers(Elaborated symbolic, WeightLines lines, List<String> missing) {
        symbolic.evaluator().run.stacksOfLayers.forEach((symbol, prefix) -> {
            if (!missing.contains(symbol)) {
                return;
            }
            long most = -1;
            for (Elaborated.ParameterInfo parameter : symbolic.parameters().values()) {
                String path = parameter.value().name();
                if (path.startsWith(prefix + ".0.")) {
                    String rest = path.substring(prefix.length() + 2);
                    for (long l = most + 1; l < Run.MOST_LAYERS && present(lines, prefix + "." + l + rest); l++) {
                        most = l;
                    }
                }
            }
            if (most >= 0) {
                solved.put(symbol, most + 1);
                sources.put(symbol, "the tensors' names");
            }
        });
    }

    private boolean present(WeightLines lines, String path) {
        return lines.choose(path).map(WeightLines.Chosen::candidates).orElse(List.of()).stream()
                .anyMatch(candidate -> official.containsKey(candidate.name()));
    }
}
