package tfx.compiler.passes;

import java.util.HashMap;
import java.util.Map;
import tfx.ir.Expr;
import tfx.ir.Keys;
import tfx.ir.Program;
import tfx.ir.Programs;
import tfx.ir.Value;

/** Values with equal definitions become one, dependencies first, so that equality reaches through them. */
// The same object means unchanged, which equality would take a walk over the whole expression to find.
@SuppressWarnings("ReferenceEquality")
final class CommonValues {
    private CommonValues() {}

    static Program merge(Program program) {
        Map<Value, Value> made = new HashMap<>();
        Map<String, Value> first = new HashMap<>();
        Keys keys = new Keys();
        for (Value value : Programs.order(program)) {
            made.put(
                    value,
                    switch (value) {
                        case Value.Comprehension c -> {
                            Expr domain = Draft.redirect(c.domain(), made);
                            Expr body = Draft.redirect(c.body(), made);
                            Value.Comprehension now = domain == c.domain() && body == c.body()
                                    ? c
                                    : new Value.Comprehension(c.name(), c.indices(), domain, body, c.fused());
                            Value before = first.putIfAbsent(keys.of(c.indices(), domain, body), now);
                            yield before == null ? now : before;
                        }
                        case Value.Stack stack ->
                            new Value.Stack(
                                    stack.name(),
                                    stack.parts().stream()
                                            .map(p -> made.getOrDefault(p, p))
                                            .toList());
                        default -> value;
                    });
        }
        return Draft.replaced(program, made);
    }
}
