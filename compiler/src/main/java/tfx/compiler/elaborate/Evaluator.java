package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tfx.compiler.elaborate.Arithmetic.Operands;
import tfx.compiler.elaborate.Datum.Block;
import tfx.compiler.elaborate.Datum.Kind;
import tfx.compiler.elaborate.Datum.Nothing;
import tfx.compiler.elaborate.Datum.Term;
import tfx.compiler.elaborate.Datum.Truth;
import tfx.compiler.names.Fault;
import tfx.compiler.names.Module;
import tfx.compiler.names.Nearest;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Expr.UnaryOp;
import tfx.ir.Size;
import tfx.source.Span;
import tfx.source.TfxException;

/** What expressions denote. */
final class Evaluator {
    final Run run;
    final Arithmetic arithmetic;
    final Builtins builtins;
    final Calls calls;
    final Reads reads;
    final Statements statements;

    Evaluator(Run run) {
        this.run = run;
        this.arithmetic = new Arithmetic(run);
        this.builtins = new Builtins(this);
        this.calls = new Calls(this);
        this.reads = new Reads(this);
        this.statements = new Statements(this);
    }

    Datum eval(Tree.Expression expression, Env env) {
        return switch (expression) {
            case Tree.Number number -> number(number);
            case Tree.Text text -> new Datum.Text(text.value());
            case Tree.Truth truth -> new Truth(truth.value());
            case Tree.None none -> Nothing.NONE;
            case Tree.Reference reference -> reference(reference, env);
            case Tree.Unary unary -> unary(unary, env);
            case Tree.Binary binary -> binary(binary, env);
            case Tree.Where where -> where(where, env);
            case Tree.If choice -> choice(choice, env);
            case Tree.Lambda lambda -> new Block(new Datum.Anonymous(lambda, env), Map.of(), null);
            case Tree.Call call -> calls.call(call, env);
            case Tree.Read read -> reads.read(read, env);
            case Tree.Earlier earlier -> reads.earlier(earlier, env);
            case Tree.Member member -> member(member, env);
        };
    }

    private static Datum number(Tree.Number number) {
        return number.integral() && number.value() < 1L << 53
                ? new Datum.Int(Size.of((long) number.value()))
                : new Datum.Real(number.value());
    }

    /** What a name is bound to, lexically or as the layer an expression of a model's formals is used in; else null. */
    Scope.@Nullable Slot slot(String name, Env env) {
        Scope.Slot slot = Scope.find(env.scope(), name);
        if (slot != null) {
            return slot.forced();
        }
        if (env.frame().formals()) {
            for (Run.Layer layer : run.layers) {
                if (layer.name().equals(name)) {
                    run.layerUses++;
                    return Scope.Slot.of(layer.number());
                }
            }
        }
        return null;
    }

    private Datum reference(Tree.Reference reference, Env env) {
        String name = reference.name();
        Scope.Slot slot = slot(name, env);
        if (slot != null) {
            if (slot.dims() != null && env.running().containsAll(slot.dims())) {
                if (slot.dims().size() != 1) {
                    throw Fault.of(
                            "TFX0106",
                            reference.span(),
                            "`" + name + "` stands for the dimensions " + Dim.shown(slot.dims())
                                    + " and has no single index",
                            "`size(" + name + ")` is their number of elements");
                }
                Dim dim = slot.dims().getFirst();
                return new Term(new Expr.At(dim.index()), Expr.TRUE, List.of(dim), Kind.INTEGER);
            }
            return slot.value();
        }
        Optional<Module.Declared> declared = env.frame().module().find(name);
        if (declared.isPresent()) {
            return block(declared.get(), reference.span());
        }
        return switch (name) {
            case "pi" -> new Datum.Real(Math.PI);
            case "inf" -> new Datum.Real(Double.POSITIVE_INFINITY);
            default -> throw unknown(name, env, reference.span());
        };
    }

    private static Datum block(Module.Declared declared, Span span) {
        if (declared.tree() instanceof Tree.Block tree) {
            return new Block(new Datum.Declared(tree, declared.module()), Map.of(), null);
        }
        throw Fault.of("TFX0106", span, "`" + declared.tree().name() + "` is a model, not a value", "call a block");
    }

    RuntimeException unknown(String name, Env env, Span span) {
        TreeSet<String> known = new TreeSet<>(Scope.names(env.scope()));
        known.addAll(env.frame().module().visible().keySet());
        known.addAll(Builtins.NAMES);
        String mend = Builtins.NAMES.contains(name)
                ? "`" + name + "` is a function: call it"
                : Nearest.mend(name, known, "define it, or import the file that declares it");
        return Fault.of("TFX0101", span, "nothing here is called `" + name + "`", mend);
    }

    /** The dimensions a name in brackets stands for; {@code ..} the rest of the header's pattern. */
    List<Dim> dims(Tree.Name name, Env env) {
        if (name.text().equals("..")) {
            return env.frame().rest();
        }
        List<Dim> dims = dims(name.text(), env);
        if (dims == null) {
            Scope.Slot slot = slot(name.text(), env);
            if (slot == null) {
                throw unknown(name.text(), env, name.span());
            }
            throw Fault.of(
                    "TFX0106",
                    name.span(),
                    "`" + name + "` is " + slot.value().kind() + ", not a dimension",
                    "a dimension is a name bound to an integer");
        }
        dims.forEach(dim -> run.usable(dim, name.span()));
        return dims;
    }

    @Nullable
    List<Dim> dims(String name, Env env) {
        Scope.Slot slot = slot(name, env);
        return slot == null ? null : slot.dims();
    }

    List<Dim> dims(List<Tree.Name> names, Env env) {
        List<Dim> all = new ArrayList<>();
        for (Tree.Name name : names) {
            for (Dim dim : dims(name, env)) {
                if (all.contains(dim)) {
                    throw Fault.of(
                            "TFX0121",
                            name.span(),
                            "the dimension `" + dim.name() + "` stands here twice",
                            "remove one");
                }
                all.add(dim);
            }
        }
        return all;
    }

    /** Binds a name to a value; an integer becomes a dimension, too. */
    Scope.Slot bind(String name, Datum value, Span span) {
        return value instanceof Datum.Int number
                ? Scope.Slot.of(value, List.of(new Dim(name, number.size(), span)))
                : Scope.Slot.of(value);
    }

    private Datum unary(Tree.Unary unary, Env env) {
        Datum operand = eval(unary.operand(), env);
        return unary.operator().equals("not")
                ? arithmetic.not(operand, unary.operand().span())
                : arithmetic.unary(
                        UnaryOp.NEG, operand, Kind.REAL, unary.operand().span());
    }

    private Datum binary(Tree.Binary binary, Env env) {
        Span left = binary.left().span();
        Span right = binary.right().span();
        Datum a = eval(binary.left(), env);
        String operator = binary.operator();
        if (operator.equals("??")) {
            return a == Nothing.ABSENT ? eval(binary.right(), env) : a;
        }
        boolean and = operator.equals("and");
        if (and || operator.equals("or")) {
            if (a instanceof Truth known && known.value() != and) {
                return a;
            }
            Datum b = eval(binary.right(), a instanceof Truth ? env : env.where(arithmetic.truth(a, left), and));
            return arithmetic.logic(and ? BinaryOp.AND : BinaryOp.OR, a, b, left, right);
        }
        Datum b = eval(binary.right(), env);
        Operands at = new Operands(left, right, binary.span());
        return switch (operator) {
            case "+" -> arithmetic.number(BinaryOp.ADD, a, b, at);
            case "-" -> arithmetic.number(BinaryOp.SUB, a, b, at);
            case "*" -> arithmetic.number(BinaryOp.MUL, a, b, at);
            case "/" -> arithmetic.number(BinaryOp.DIV, a, b, at);
            case "div" -> arithmetic.number(BinaryOp.FLOORDIV, a, b, at);
            case "mod" -> arithmetic.number(BinaryOp.MOD, a, b, at);
            case "^" -> arithmetic.number(BinaryOp.POW, a, b, at);
            default -> arithmetic.compare(operator, a, b, at);
        };
    }

    private Datum where(Tree.Where where, Env env) {
        Term predicate =
                arithmetic.truth(eval(where.predicate(), env), where.predicate().span());
        Term value = Arithmetic.term(
                eval(where.value(), env.where(predicate, true)), where.value().span());
        return new Term(
                value.expr(),
                Exprs.and(Exprs.and(value.domain(), predicate.domain()), predicate.expr()),
                Arithmetic.union(value.dims(), predicate.dims()),
                value.type());
    }

    private Datum choice(Tree.If choice, Env env) {
        Datum condition = eval(choice.condition(), env);
        if (condition instanceof Truth known) {
            return eval(known.value() ? choice.then() : choice.otherwise(), env);
        }
        Term test = arithmetic.truth(condition, choice.condition().span());
        Datum then;
        try {
            then = eval(choice.then(), env.where(test, true));
        } catch (TfxException fault) {
            if (!run.check
                    || fault.diagnostics().stream().anyMatch(d -> !d.code().equals("TFX0122"))) {
                throw fault;
            }
            // Whether the model refuses its sizes is not known before they are.
            return eval(choice.otherwise(), env.where(test, false));
        }
        Datum otherwise = eval(choice.otherwise(), env.where(test, false));
        if (run.check && test.dims().isEmpty() && !(then instanceof Term) && !(otherwise instanceof Term)) {
            return then;
        }
        Term a = Arithmetic.term(then, choice.then().span());
        Term b = Arithmetic.term(otherwise, choice.otherwise().span());
        Expr domain = Exprs.and(test.domain(), Exprs.select(test.expr(), a.domain(), b.domain()));
        return new Term(
                Exprs.select(test.expr(), a.expr(), b.expr()),
                domain,
                // The branches say what the value is like; the condition's dimensions come after theirs.
                Arithmetic.union(Arithmetic.union(a.dims(), b.dims()), test.dims()),
                a.type() == b.type() ? a.type() : Kind.REAL);
    }

    private Datum member(Tree.Member member, Env env) {
        Datum value = eval(member.value(), env);
        if (value == Nothing.ABSENT) {
            return value;
        }
        if (value instanceof Datum.Configuration configuration && configuration.value() instanceof Map<?, ?> map) {
            return Datum.of(map.get(member.name().text()));
        }
        if (value instanceof Datum.Configuration root && root.value() instanceof Function<?, ?> keys) {
            @SuppressWarnings("unchecked") // only the configuration itself is a function
            Function<String, Object> byKey = (Function<String, Object>) keys;
            return Datum.of(byKey.apply(member.name().text()));
        }
        throw Fault.of(
                "TFX0106",
                member.span(),
                "`" + member.value().span().text() + "` is " + value.kind() + " and has no members",
                "only configuration values have members");
    }
}
