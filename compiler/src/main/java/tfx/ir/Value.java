package tfx.ir;

import java.util.List;

/**
 * A tensor of the program. Compared by identity: two values with equal definitions are two values.
 *
 * <p>Every input and everything computed from one has, besides {@link #shape()}, a leading batch that no expression
 * mentions: the program describes one sequence, engines run many. Parameters have none.
 */
public sealed interface Value {
    String name();

    List<Size> shape();

    enum Kind {
        REAL,
        INTEGER
    }

    /** What the caller gives: token ids, positions, noise, embeddings. */
    final class Input implements Value {
        private final String name;
        private final List<Size> shape;
        private final Kind kind;

        public Input(String name, List<Size> shape, Kind kind) {
            this.name = name;
            this.shape = List.copyOf(shape);
            this.kind = kind;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public List<Size> shape() {
            return shape;
        }

        public Kind kind() {
            return kind;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** A weight. {@link #name()} is its path in the model, {@code layers.3.self_attn.q_proj.weight}; shape is constant. */
    final class Parameter implements Value {
        private final String name;
        private final List<Size> shape;

        public Parameter(String name, List<Size> shape) {
            this.name = name;
            this.shape = List.copyOf(shape);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public List<Size> shape() {
            return shape;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * An indexed comprehension: for every assignment of {@link #indices()} that {@link #domain()} admits, the element is
     * {@link #body()}. Elements outside the domain are absent: reductions over the value carry the domain in their own
     * predicate, so nothing ever reads one; where the whole value is stored or shown they are 0.
     */
    final class Comprehension implements Value {
        private final String name;
        private final List<Index> indices;
        private final List<Size> shape;
        private final Expr domain;
        private final Expr body;
        private final List<String> fused;

        public Comprehension(String name, List<Index> indices, Expr domain, Expr body) {
            this(name, indices, domain, body, List.of());
        }

        /** A definition into which the values of the names {@code fused} were inlined. */
        public Comprehension(String name, List<Index> indices, Expr domain, Expr body, List<String> fused) {
            this.name = name;
            this.indices = List.copyOf(indices);
            this.shape = indices.stream().map(Index::size).toList();
            this.domain = domain;
            this.body = body;
            this.fused = List.copyOf(fused);
        }

        @Override
        public String name() {
            return name;
        }

        public List<Index> indices() {
            return indices;
        }

        /** A predicate over the indices; {@link Expr#TRUE} where every element is present. */
        public Expr domain() {
            return domain;
        }

        public Expr body() {
            return body;
        }

        /** Names of the values whose definitions passes inlined into this one. */
        public List<String> fused() {
            return fused;
        }

        @Override
        public List<Size> shape() {
            return shape;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Values of one shape (one per layer, say) under a new leading dimension. Read with a leading index 0 .. n. */
    final class Stack implements Value {
        private final String name;
        private final List<Value> parts;

        public Stack(String name, List<Value> parts) {
            this.name = name;
            this.parts = List.copyOf(parts);
        }

        @Override
        public String name() {
            return name;
        }

        public List<Value> parts() {
            return parts;
        }

        @Override
        public List<Size> shape() {
            java.util.ArrayList<Size> shape = new java.util.ArrayList<>();
            shape.add(Size.of(parts.size()));
            shape.addAll(parts.getFirst().shape());
            return List.copyOf(shape);
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
