package tfx.backend.tornado;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * A block of generated code while its inside is still being written. What is appended to {@link #code} stands before the
 * inner block, which is appended when it is complete: so an expression found deep inside is computed in the outermost scope
 * that has its indices.
 */
final class Scope {
    final @Nullable Scope parent;
    /** The indices this block binds: what mentions one of them cannot be moved further out. */
    final Set<Index> own;
    /** Whether the block runs conditionally: what reads memory or loops stays inside. */
    final boolean conditional;

    final StringBuilder code = new StringBuilder();
    final Map<Expr, Code> known = new IdentityHashMap<>();
    final Map<String, String> texts = new HashMap<>();

    /**
     * How a computed expression is named in generated code.
     *
     * @param wide of an integer: whether it is a {@code long}
     */
    record Code(Analysis.Kind kind, boolean wide, String text) {}

    Scope(@Nullable Scope parent, Set<Index> own, boolean conditional) {
        this.parent = parent;
        this.own = own;
        this.conditional = conditional;
    }

    void line(String text) {
        code.append(text).append('\n');
    }

    boolean binds(Set<Index> free) {
        for (Index index : own) {
            if (free.contains(index)) {
                return true;
            }
        }
        return false;
    }
}
