package tfx.compiler.names;

import java.util.Map;
import java.util.Optional;
import tfx.grammar.Tree;

/**
 * One parsed file with everything its names may mean.
 *
 * @param path as the loader knows it
 * @param visible its own declarations and, behind them, those of its imports and of what they import
 */
public record Module(String path, Tree.File file, Map<String, Declared> visible) {
    /** A declaration and the file it stands in, whose names it sees. */
    public record Declared(Tree.Declaration tree, Module module) {}

    public Optional<Declared> find(String name) {
        return Optional.ofNullable(visible.get(name));
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return path;
    }
}
