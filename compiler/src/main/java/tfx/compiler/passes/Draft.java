package tfx.compiler.passes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Value;

/**
 * A program under change: definitions can be replaced while the values that others read stay the same objects.
 * {@link #freeze()} makes it a program again, without what nothing needs any more.
 */
// The same object means unchanged, which equality would take a walk over the whole expression to find.
@SuppressWarnings("ReferenceEquality")
final class Draft {
    /** What a value is at the moment; {@code fused} names what was inlined into it. */
    record Definition(List<Index> indices, Expr domain, Expr body, List<String> fused) {}

    private final Program program;
    private final Map<Value, Definition> definitions = new HashMap<>();

    Draft(Program program) {
        this.program = program;
    }

    Program program() {
        return program;
    }

    /** The current definition of a comprehension. */
    Definition definition(Value.Comprehension value) {
        Definition changed = definitions.get(value);
        return changed != null ? changed : new Definition(value.indices(), value.domain(), value.body(), value.fused());
    }

    void define(Value.Comprehension value, Definition definition) {
        definitions.put(value, definition);
    }

    void define(Value.Comprehension value, Expr domain, Expr body) {
        Definition before = definition(value);
        if (before.domain() != domain || before.body() != body) {
            definitions.put(value, new Definition(before.indices(), domain, body, before.fused()));
        }
    }

    /** What the outputs need, dependencies first, by the current definitions. */
    List<Value> order() {
        return Programs.order(program.outputs().values(), this::dependencies);
    }

    private Collection<Value> dependencies(Value value) {
        return value instanceof Value.Comprehension c
                ? Exprs.reads(definition(c).domain(), definition(c).body())
                : Programs.dependencies(value);
    }

    Program freeze() {
        return rebuild(program, order(), value -> definition(value));
    }

    /** The program with every reachable definition replaced; what is unchanged stays the same object. */
    static Program rewrite(Program program, java.util.function.Function<Value.Comprehension, Definition> by) {
        return rebuild(program, Programs.order(program), by);
    }

    /** Applies {@code f} to every domain and body. */
    static Program rewriteExpressions(Program program, UnaryOperator<Expr> f) {
        return rewrite(program, v -> new Definition(v.indices(), f.apply(v.domain()), f.apply(v.body()), v.fused()));
    }

    private static Program rebuild(
            Program program, List<Value> order, java.util.function.Function<Value.Comprehension, Definition> by) {
        Map<Value, Value> made = new HashMap<>();
        for (Value value : order) {
            made.put(
                    value,
                    switch (value) {
                        case Value.Comprehension before -> {
                            Definition now = by.apply(before);
                            Expr domain = redirect(now.domain(), made);
                            Expr body = redirect(now.body(), made);
                            yield domain == before.domain()
                                            && body == before.body()
                                            && now.indices().equals(before.indices())
                                    ? before
                                    : new Value.Comprehension(before.name(), now.indices(), domain, body, now.fused());
                        }
                        case Value.Stack stack -> {
                            List<Value> parts = stack.parts().stream()
                                    .map(part -> made.getOrDefault(part, part))
                                    .toList();
                            yield parts.equals(stack.parts()) ? stack : new Value.Stack(stack.name(), parts);
                        }
                        default -> value;
                    });
        }
        return replaced(program, made);
    }

    /** The program whose values are {@code made} from the old ones; values that are not in it are gone. */
    static Program replaced(Program program, Map<Value, Value> made) {
        Map<String, Value> outputs = new LinkedHashMap<>();
        program.outputs().forEach((name, value) -> outputs.put(name, made.get(value)));
        Map<String, Value> named = new LinkedHashMap<>();
        program.named().forEach((name, value) -> {
            Value now = made.get(value);
            if (now != null) {
                named.put(name, now);
            }
        });
        List<Value.Parameter> parameters =
                program.parameters().stream().filter(made::containsKey).toList();
        return new Program(program.inputs(), parameters, outputs, named, program.length());
    }

    static Expr redirect(Expr expr, Map<Value, Value> made) {
        return Exprs.replaceReads(expr, read -> {
            Value now = made.get(read.value());
            return now == null || now == read.value() ? null : new Expr.Read(now, read.at());
        });
    }

    /** {@code value}'s body at the given indices, which are expressions of the reader's scope. */
    static Expr instantiate(Definition definition, List<Expr> at) {
        Map<Index, Expr> by = new HashMap<>();
        for (int i = 0; i < at.size(); i++) {
            by.put(definition.indices().get(i), at.get(i));
        }
        return Exprs.substitute(definition.body(), by);
    }

    /** A name for a part split off a value; a tilde marks what the user never named. */
    static String partName(String name, int number) {
        return name + "~" + number;
    }

    static List<String> joined(List<String> into, String name, List<String> more) {
        TreeSet<String> seen = new TreeSet<>(into);
        List<String> all = new ArrayList<>(into);
        List<String> added = new ArrayList<>(more);
        if (name.indexOf('~') < 0) {
            added.add(name);
        }
        added.stream().filter(seen::add).forEach(all::add);
        return all;
    }
}
