package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Datum.Block;
import tfx.compiler.elaborate.Datum.Given;
import tfx.compiler.elaborate.Datum.Groups;
import tfx.compiler.elaborate.Datum.Nothing;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.names.Fault;
import tfx.compiler.names.Nearest;
import tfx.grammar.Tree;
import tfx.source.Span;

/** Calls of blocks: arguments to formals, partial application, the instance's body, its result in the caller's dimensions. */
final class Calls {
    private static final String NAME = "name";

    private final Evaluator evaluator;
    private final Run run;

    Calls(Evaluator evaluator) {
        this.evaluator = evaluator;
        this.run = evaluator.run;
    }

    Datum call(Tree.Call call, Env env) {
        String written = call.callee() instanceof Tree.Reference reference ? reference.name() : null;
        if (written != null
                && Builtins.function(written)
                && evaluator.slot(written, env) == null
                && env.frame().module().find(written).isEmpty()) {
            return evaluator.builtins.call(written, call, env);
        }
        Datum callee = evaluator.eval(call.callee(), env);
        if (!(callee instanceof Block block)) {
            throw Fault.of(
                    "TFX0106",
                    call.callee().span(),
                    Builtins.quoted(call.callee().span()) + " is " + callee.kind() + " and cannot be called",
                    callee instanceof Term ? "an element is read with brackets: `x[i]`" : "only blocks are called");
        }
        String segment = written;
        Map<String, Given> given = new LinkedHashMap<>(block.given());
        List<Tree.Argument> positional = new ArrayList<>();
        for (Tree.Argument argument : call.arguments()) {
            if (argument.name().isEmpty()) {
                positional.add(argument);
            } else if (argument.name().get().text().equals(NAME)) {
                segment = instanceName(argument);
            } else {
                Tree.Name name = argument.name().get();
                if (!formals(block).contains(name.text())) {
                    throw Fault.of(
                            "TFX0102",
                            name.span(),
                            "`" + block + "` has no argument `" + name + "`; it has "
                                    + String.join(", ", formals(block)),
                            Nearest.mend(name.text(), formals(block), ""));
                }
                given.put(name.text(), given(argument, env));
            }
        }
        positional(block, positional, given, env);
        Groups groups = groups(block, call, env);
        Block bound = new Block(block.target(), given, groups);
        return ready(bound) ? run(bound, env.frame(), segment, call.span()) : bound;
    }

    private static Given given(Tree.Argument argument, Env env) {
        return new Given(null, argument.value(), env, argument.value().span());
    }

    private static @Nullable String instanceName(Tree.Argument argument) {
        return switch (argument.value()) {
            case Tree.None none -> null;
            case Tree.Reference reference -> reference.name();
            default ->
                throw Fault.of(
                        "TFX0106",
                        argument.value().span(),
                        "`name:` takes a name or `none`",
                        "write it without quotes");
        };
    }

    private static void positional(Block block, List<Tree.Argument> arguments, Map<String, Given> given, Env env) {
        List<String> open = new ArrayList<>(formals(block));
        open.removeAll(given.keySet());
        for (int i = 0; i < arguments.size(); i++) {
            if (i == open.size()) {
                throw Fault.of(
                        "TFX0120",
                        arguments.get(i).span(),
                        "`" + block + "` takes no further argument; it has " + String.join(", ", formals(block)),
                        "remove it");
            }
            given.put(open.get(i), given(arguments.get(i), env));
        }
    }

    private static List<String> formals(Block block) {
        return switch (block.target()) {
            case Datum.Declared declared ->
                declared.tree().formals().stream()
                        .map(formal -> formal.name().text())
                        .toList();
            case Datum.Anonymous anonymous ->
                anonymous.tree().formals().stream().map(Tree.Name::text).toList();
        };
    }

    private @Nullable Groups groups(Block block, Tree.Call call, Env env) {
        if (call.from().isEmpty() && call.to().isEmpty()) {
            return block.groups();
        }
        if (!(block.target() instanceof Datum.Declared declared)
                || declared.tree().from().size() > call.from().size()
                || declared.tree().to().size() > call.to().size()
                || grouped(declared.tree().from(), call.from())
                || grouped(declared.tree().to(), call.to())) {
            throw Fault.of(
                    "TFX0103",
                    call.span(),
                    "the dimensions " + header(call.from(), call.to()) + " of this call do not fit those of `" + block
                            + "`"
                            + (block.target() instanceof Datum.Declared other
                                    ? ", "
                                            + header(
                                                    other.tree().from(),
                                                    other.tree().to())
                                    : ", which has none"),
                    "give one dimension, or a group where the header has one name, for each");
        }
        return new Groups(
                distribute(declared.tree().from(), call.from(), env),
                distribute(declared.tree().to(), call.to(), env));
    }

    private static boolean grouped(List<Tree.Name> header, List<Tree.Name> call) {
        return header.size() != 1 && header.size() != call.size();
    }

    private static String header(List<Tree.Name> from, List<Tree.Name> to) {
        String left = String.join(", ", from.stream().map(Tree.Name::text).toList());
        return to.isEmpty()
                ? "[" + left + "]"
                : "[" + left + " -> "
                        + String.join(", ", to.stream().map(Tree.Name::text).toList()) + "]";
    }

    private List<List<Dim>> distribute(List<Tree.Name> header, List<Tree.Name> call, Env env) {
        if (header.size() == 1) {
            return List.of(evaluator.dims(call, env));
        }
        List<List<Dim>> all = new ArrayList<>();
        call.forEach(name -> all.add(evaluator.dims(name, env)));
        return all;
    }

    /** Calls a block with its first open formal given; TFX0103 where it needs more. */
    Datum apply(Block block, Given argument, Env.Frame caller, Span at) {
        List<String> open = new ArrayList<>(formals(block));
        open.removeAll(block.given().keySet());
        Map<String, Given> given = new LinkedHashMap<>(block.given());
        if (!open.isEmpty()) {
            given.put(open.getFirst(), argument);
        }
        Block bound = new Block(block.target(), given, block.groups());
        if (open.isEmpty() || !ready(bound)) {
            throw Fault.of(
                    "TFX0103",
                    at,
                    open.isEmpty()
                            ? "`" + block + "` has no formal left to take the parameter"
                            : "`" + block + "` takes the parameter" + stillNeeds(bound),
                    "a transform is a block of one tensor, with everything else given");
        }
        return run(bound, caller, null, at);
    }

    /** Whether every formal without default is bound. */
    private static boolean ready(Block block) {
        return switch (block.target()) {
            case Datum.Declared declared ->
                declared.tree().formals().stream()
                        .allMatch(formal -> formal.initial().isPresent()
                                || block.given().containsKey(formal.name().text()));
            case Datum.Anonymous anonymous ->
                anonymous.tree().formals().stream()
                        .allMatch(formal -> block.given().containsKey(formal.text()));
        };
    }

    /** {@code ", which still needs x"}, or nothing. */
    static String stillNeeds(Block block) {
        List<String> open = new ArrayList<>(formals(block));
        open.removeAll(block.given().keySet());
        if (block.target() instanceof Datum.Declared declared) {
            declared.tree().formals().forEach(formal -> {
                if (formal.initial().isPresent()) {
                    open.remove(formal.name().text());
                }
            });
        }
        return open.isEmpty() ? "" : " that still needs " + String.join(", ", open);
    }

    private Datum run(Block block, Env.Frame caller, @Nullable String segment, Span at) {
        run.countCall(caller.depth(), at);
        return switch (block.target()) {
            case Datum.Anonymous anonymous -> lambda(anonymous, block, caller, segment);
            case Datum.Declared declared -> {
                Env.Frame frame = caller.call(declared.module(), segment, false);
                yield new Instance(declared.tree(), block, frame, at).run();
            }
        };
    }

    private Datum lambda(Datum.Anonymous lambda, Block block, Env.Frame caller, @Nullable String segment) {
        // Its body sees the names of where it stands and adds nothing to the path of where it is called.
        Env.Frame called = caller.call(lambda.env().frame().module(), segment, true);
        Env.Frame frame = new Env.Frame(
                called.module(),
                called.path(),
                called.place(),
                called.depth(),
                true,
                lambda.env().frame().formals(),
                lambda.env().frame().rest());
        Env env = new Env(lambda.env().scope(), lambda.env().running(), frame, List.of());
        for (Tree.Name formal : lambda.tree().formals()) {
            Datum value = force(block.given().get(formal.text()));
            if (value instanceof Term term) {
                value = run.shared(frame.named(formal.text()), term, formal.span());
            }
            env = env.with(formal.text(), evaluator.bind(formal.text(), value, formal.span()));
        }
        return evaluator.eval(lambda.tree().body(), env);
    }

    private Datum force(Given given) {
        return given.value() != null ? given.value() : evaluator.eval(given.expression(), given.env());
    }

    /** One run of a declared block. */
    private final class Instance {
        private final Tree.Block tree;
        private final Block block;
        private final Env.Frame frame;
        private final Span at;
        private final Patterns patterns;
        private Env env;

        Instance(Tree.Block tree, Block block, Env.Frame frame, Span at) {
            this.tree = tree;
            this.block = block;
            this.frame = frame;
            this.at = at;
            this.env = Env.in(null, frame);
            this.patterns = new Patterns(run, tree.name().text());
        }

        Datum run() {
            header();
            for (Tree.Formal formal : tree.formals()) {
                String name = formal.name().text();
                Given given = block.given().get(name);
                Datum value = given == null ? Nothing.ABSENT : force(given);
                Span span = given == null ? formal.span() : given.span();
                if (value == Nothing.ABSENT && formal.initial().isPresent()) {
                    value = evaluator.eval(formal.initial().get(), env);
                    span = formal.initial().get().span();
                }
                env = formal.shape().isPresent()
                        ? tensor(formal, value, span)
                        : env.with(name, evaluator.bind(name, value, span));
                if (value instanceof Datum.Block && env.scope() != null) {
                    continue;
                }
            }
            Datum result = evaluator.statements.block(tree, env);
            return result instanceof Term term ? patterns.outward(term, at) : result;
        }

        private void header() {
            if (block.groups() == null) {
                return;
            }
            bind(tree.from(), block.groups().from());
            bind(tree.to(), block.groups().to());
        }

        private void bind(List<Tree.Name> names, List<List<Dim>> groups) {
            for (int i = 0; i < names.size(); i++) {
                Tree.Name name = names.get(i);
                List<Dim> inner = patterns.header(name, groups.get(i));
                env = env.with(name.text(), Patterns.slot(inner));
            }
        }

        private Env tensor(Tree.Formal formal, Datum value, Span span) {
            Term outer = Arithmetic.term(value, span);
            String name = formal.name().text();
            Patterns.Match match = patterns.inward(formal.shape().get(), outer, env, span);
            frame.rest().removeAll(match.rest());
            frame.rest().addAll(match.rest());
            Env next = env;
            for (Map.Entry<String, List<Dim>> bound : match.bound().entrySet()) {
                next = next.with(bound.getKey(), Patterns.slot(bound.getValue()));
            }
            Term local = Run.inline(match.term()) ? match.term() : run.shared(frame.named(name), match.term(), span);
            run.remember(frame.placed(name), local);
            return next.with(name, Scope.Slot.of(local));
        }
    }
}
