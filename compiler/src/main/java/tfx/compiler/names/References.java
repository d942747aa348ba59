package tfx.compiler.names;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import tfx.grammar.Tree;
import tfx.source.Span;

/** Blocks may not lead back to themselves, and a variant may not be one of itself: TFX0108 with the chain. */
final class References {
    private final Module module;
    private final Map<String, Integer> state = new HashMap<>();
    private final List<String> chain = new ArrayList<>();

    private References(Module module) {
        this.module = module;
    }

    /** Checks the module's own declarations; what it imports was checked when it was loaded. */
    static void check(Module module) {
        References references = new References(module);
        for (Tree.Declaration declaration : module.file().declarations()) {
            references.visit(declaration.name().text());
        }
    }

    private void visit(String name) {
        Module.Declared declared = module.visible().get(name);
        if (declared == null || !declared.module().equals(module) || state.getOrDefault(name, 0) == 2) {
            return;
        }
        state.put(name, 1);
        chain.add(name);
        BiConsumer<String, Span> use = (used, span) -> {
            if (state.getOrDefault(used, 0) == 1) {
                List<String> circle = new ArrayList<>(chain.subList(chain.indexOf(used), chain.size()));
                circle.add(used);
                throw Fault.of(
                        "TFX0108",
                        span,
                        "`" + used + "` leads back to itself: " + String.join(" -> ", circle),
                        "blocks do not recur; a stack of layers is written `layers l in 0 .. n { ... }`");
            }
            visit(used);
        };
        switch (declared.tree()) {
            case Tree.Block block -> {
                Set<String> local = new HashSet<>();
                block.from().forEach(dim -> local.add(dim.text()));
                block.to().forEach(dim -> local.add(dim.text()));
                formals(block.formals(), local, use);
                statements(block.body(), local, use);
            }
            case Tree.Model model -> {
                // A model is no block: nothing can refer back to it but a variant's base.
            }
            case Tree.Variant variant ->
                use.accept(variant.base().text(), variant.base().span());
        }
        chain.removeLast();
        state.put(name, 2);
    }

    private static void formals(List<Tree.Formal> formals, Set<String> local, BiConsumer<String, Span> use) {
        for (Tree.Formal formal : formals) {
            formal.shape().ifPresent(shape -> shape.dims().forEach(dim -> local.add(dim.text())));
            formal.initial().ifPresent(initial -> expression(initial, local, use));
            local.add(formal.name().text());
        }
    }

    private static void statements(List<Tree.Statement> body, Set<String> local, BiConsumer<String, Span> use) {
        for (Tree.Statement statement : body) {
            switch (statement) {
                case Tree.Parameter parameter -> {
                    parameter.initial().ifPresent(initial -> expression(initial, local, use));
                    local.add(parameter.name().text());
                }
                case Tree.Return result -> expression(result.value(), local, use);
                case Tree.Input input -> local.add(input.name().text());
                case Tree.Output output -> expression(output.value(), local, use);
                case Tree.Definition definition -> {
                    expression(definition.value(), local, use);
                    local.add(definition.name().text());
                }
                case Tree.Layers layers -> {
                    Set<String> inner = new HashSet<>(local);
                    inner.add(layers.index().text());
                    statements(layers.body(), inner, use);
                }
            }
        }
    }

    private static void expression(Tree.Expression expression, Set<String> local, BiConsumer<String, Span> use) {
        switch (expression) {
            case Tree.Number number -> {}
            case Tree.Text text -> {}
            case Tree.Truth truth -> {}
            case Tree.None none -> {}
            case Tree.Reference reference -> {
                if (!local.contains(reference.name())) {
                    use.accept(reference.name(), reference.span());
                }
            }
            case Tree.Unary unary -> expression(unary.operand(), local, use);
            case Tree.Binary binary -> {
                expression(binary.left(), local, use);
                expression(binary.right(), local, use);
            }
            case Tree.Where where -> {
                expression(where.value(), local, use);
                expression(where.predicate(), local, use);
            }
            case Tree.If choice -> {
                expression(choice.condition(), local, use);
                expression(choice.then(), local, use);
                expression(choice.otherwise(), local, use);
            }
            case Tree.Lambda lambda -> {
                Set<String> inner = new HashSet<>(local);
                lambda.formals().forEach(formal -> inner.add(formal.text()));
                expression(lambda.body(), inner, use);
            }
            case Tree.Call call -> {
                expression(call.callee(), local, use);
                for (Tree.Argument argument : call.arguments()) {
                    // name: q_proj is the name of an instance, no reference.
                    if (argument.name().isEmpty()
                            || !argument.name().get().text().equals("name")) {
                        expression(argument.value(), local, use);
                    }
                }
            }
            case Tree.Read read -> {
                expression(read.value(), local, use);
                read.at().forEach(index -> expression(index, local, use));
            }
            case Tree.Earlier earlier -> {
                expression(earlier.value(), local, use);
                expression(earlier.layer(), local, use);
            }
            case Tree.Member member -> expression(member.value(), local, use);
        }
    }
}
