package tfx.compiler.elaborate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.compiler.names.Module;
import tfx.grammar.Tree;
import tfx.ir.Expr;
import tfx.ir.Size;

/** What an expression of the language denotes: a static value, or a tensor over named dimensions. */
public sealed interface Datum {
    /** The kind in the words of the language reference, with its article. */
    String kind();

    /** An integer, perhaps with symbols. */
    record Int(Size size) implements Datum {
        @Override
        public String kind() {
            return "an integer";
        }

        @Override
        public String toString() {
            return size.toString();
        }
    }

    record Real(double value) implements Datum {
        @Override
        public String kind() {
            return "a number";
        }

        @Override
        public String toString() {
            return Double.toString(value);
        }
    }

    record Text(String value) implements Datum {
        @Override
        public String kind() {
            return "a text";
        }

        @Override
        public String toString() {
            return '"' + value + '"';
        }
    }

    record Truth(boolean value) implements Datum {
        @Override
        public String kind() {
            return "a truth value";
        }

        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    enum Nothing implements Datum {
        NONE,
        ABSENT;

        @Override
        public String kind() {
            return this == NONE ? "none" : "absent";
        }

        @Override
        public String toString() {
            return this == NONE ? "none" : "absent";
        }
    }

    /** An object or list of a configuration: a {@code Map} or a {@code List} as JSON has them. */
    record Configuration(Object value) implements Datum {
        @Override
        public String kind() {
            return "a configuration value";
        }

        @Override
        public String toString() {
            return value.toString();
        }
    }

    /** A block with some formals bound; a call that binds the others runs it. */
    record Block(
            Callable target,
            Map<String, Given> given,
            @Nullable Groups groups) implements Datum {
        public Block {
            given = new LinkedHashMap<>(given);
        }

        @Override
        public String kind() {
            return "a block";
        }

        @Override
        public String toString() {
            return switch (target) {
                case Declared declared -> declared.tree().name().text();
                case Anonymous anonymous -> "(...) => ...";
            };
        }
    }

    /**
     * A tensor: a scalar expression over the indices of its free dimensions, in the order they are shown.
     *
     * @param domain where it is present; {@link Expr#TRUE}: everywhere
     */
    record Term(Expr expr, Expr domain, List<Dim> dims, Kind type) implements Datum {
        public Term {
            dims = List.copyOf(dims);
        }

        Term reordered(List<Dim> order) {
            return new Term(expr, domain, order, type);
        }

        static Term scalar(Expr expr, Kind type) {
            return new Term(expr, Expr.TRUE, List.of(), type);
        }

        @Override
        public String kind() {
            return dims.isEmpty() ? "a scalar tensor" : "a tensor " + Dim.shown(dims);
        }
    }

    enum Kind {
        INTEGER,
        REAL,
        TRUTH
    }

    /** What a block value runs. */
    sealed interface Callable {}

    record Declared(Tree.Block tree, Module module) implements Callable {}

    record Anonymous(Tree.Lambda tree, Env env) implements Callable {}

    /** An argument: its value, or an expression evaluated anew at each call (so that it may speak of the layer). */
    record Given(
            @Nullable Datum value,
            Tree.@Nullable Expression expression,
            @Nullable Env env,
            tfx.source.Span span) {}

    /** The dimensions of a call's brackets, one group per name of the header. */
    record Groups(List<List<Dim>> from, List<List<Dim>> to) {}

    /** A JSON value: Long, Integer, Double, String, Boolean, List, Map; null is absent. */
    static Datum of(@Nullable Object json) {
        return switch (json) {
            case null -> Nothing.ABSENT;
            case Datum datum -> datum;
            case Boolean truth -> new Truth(truth);
            case String text -> new Text(text);
            case Long number -> new Int(Size.of(number));
            case Integer number -> new Int(Size.of(number));
            case Number number -> new Real(number.doubleValue());
            case Map<?, ?> map -> new Configuration(map);
            case List<?> list -> new Configuration(new ArrayList<>(list));
            default -> throw new IllegalArgumentException("not a JSON value: " + json.getClass());
        };
    }
}
