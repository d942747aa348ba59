package tfx.grammar;

import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Optional;
import tfx.source.Span;

/** A tree as text without its places: equal where the trees mean the same. */
final class Meaning {
    private Meaning() {}

    static String of(Object node) {
        StringBuilder out = new StringBuilder();
        write(node, out);
        return out.toString();
    }

    private static void write(Object node, StringBuilder out) {
        switch (node) {
            case Span ignored -> {}
            case Optional<?> it -> it.ifPresentOrElse(inner -> write(inner, out), () -> out.append('-'));
            case List<?> it -> {
                out.append('[');
                it.forEach(inner -> write(inner, out));
                out.append(']');
            }
            case Record it -> {
                out.append(it.getClass().getSimpleName()).append('(');
                for (RecordComponent component : it.getClass().getRecordComponents()) {
                    try {
                        write(component.getAccessor().invoke(it), out);
                    } catch (ReflectiveOperationException impossible) {
                        throw new AssertionError(impossible);
                    }
                    out.append(';');
                }
                out.append(')');
            }
            default -> out.append(node);
        }
    }
}
