package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Names and what they are bound to, innermost first; never changed, only extended. The empty scope is null. */
final class Scope {
    private final @Nullable Scope outer;
    private final String name;
    private final Slot slot;

    private Scope(@Nullable Scope outer, String name, Slot slot) {
        this.outer = outer;
        this.name = name;
        this.slot = slot;
    }

    static Scope with(@Nullable Scope outer, String name, Slot slot) {
        return new Scope(outer, name, slot);
    }

    static @Nullable Slot find(@Nullable Scope scope, String name) {
        for (Scope at = scope; at != null; at = at.outer) {
            if (at.name.equals(name)) {
                return at.slot;
            }
        }
        return null;
    }

    static List<String> names(@Nullable Scope scope) {
        List<String> names = new ArrayList<>();
        for (Scope at = scope; at != null; at = at.outer) {
            names.add(at.name);
        }
        return names;
    }

    /** What was bound between {@code outer} (excluded) and {@code inner}, innermost first. */
    static List<Scope> between(@Nullable Scope inner, @Nullable Scope outer) {
        List<Scope> all = new ArrayList<>();
        for (Scope at = inner; at != null && at != outer; at = at.outer) {
            all.add(at);
        }
        return all;
    }

    String name() {
        return name;
    }

    Slot slot() {
        return slot;
    }

    /** A name's meaning: its value and, where it is a dimension or a group of them, those. Formals of models are lazy. */
    static final class Slot {
        private @Nullable Datum value;
        private final @Nullable List<Dim> dims;
        private final @Nullable Supplier<Slot> later;

        private Slot(@Nullable Datum value, @Nullable List<Dim> dims, @Nullable Supplier<Slot> later) {
            this.value = value;
            this.dims = dims;
            this.later = later;
        }

        static Slot of(Datum value) {
            return new Slot(value, null, null);
        }

        static Slot of(Datum value, List<Dim> dims) {
            return new Slot(value, List.copyOf(dims), null);
        }

        static Slot later(Supplier<Slot> later) {
            return new Slot(null, null, later);
        }

        /** This slot with its value known. */
        Slot forced() {
            return later != null ? later.get() : this;
        }

        Datum value() {
            return value;
        }

        /** The dimensions it names, or null where it names none. */
        @Nullable
        List<Dim> dims() {
            return dims;
        }
    }
}
