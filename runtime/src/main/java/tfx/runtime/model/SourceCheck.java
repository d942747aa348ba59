package tfx.runtime.model;

import java.util.Map;
import tfx.compiler.elaborate.Elaborator;
import tfx.compiler.names.ModelRef;
import tfx.compiler.names.Module;
import tfx.compiler.names.Modules;
import tfx.grammar.Tree;

/** Checks source files without weights or configuration. */
public final class SourceCheck {
    private SourceCheck() {}

    /**
     * Syntax and names of a file and what it imports; shapes of every model and variant it declares, with sizes that
     * nothing gives left symbolic.
     *
     * @throws tfx.source.TfxException what is wrong
     */
    public static void check(String file) {
        check(new Modules(new SourceFiles()).load(file));
    }

    /** The shapes of every model and variant that a file, whose names are known, declares. */
    public static void check(Module module) {
        for (Tree.Declaration declaration : module.file().declarations()) {
            if (!(declaration instanceof Tree.Block)) {
                Elaborator.check(
                        ModelRef.of(
                                module,
                                declaration.name().text(),
                                declaration.name().span()),
                        Map.of());
            }
        }
    }
}
