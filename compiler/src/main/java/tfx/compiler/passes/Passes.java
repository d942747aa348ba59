package tfx.compiler.passes;

import java.util.List;
import tfx.ir.Program;
import tfx.ir.Verifier;

/** Every pass, in order. */
public final class Passes {
    private Passes() {}

    private static final List<Pass> ALL = List.of(
            new Pass(
                    "stacks",
                    "reads of earlier layers become reads of the layer meant, so that only those are kept",
                    Stacks::lower),
            new Pass(
                    "fresh indices",
                    "definitions can be moved into each other without confusing their indices",
                    Fresh::program),
            new Pass(
                    "simplify",
                    "sizes, constants and conditions known now cost nothing at run time",
                    Simplify::program),
            new Pass(
                    "split",
                    "reductions and costly functions are computed once per point they depend on, not once per use",
                    Split::program),
            new Pass(
                    "common values",
                    "equal definitions (rotary tables of every layer) are computed once",
                    CommonValues::merge),
            new Pass(
                    "fuse reductions",
                    "values over two sequence dimensions are streamed through one pass, never stored",
                    FuseReductions::program),
            new Pass(
                    "inline",
                    "a value is stored only where reading it is cheaper than computing it again",
                    Inline::program),
            new Pass("share", "equal parts of a kernel are one object, so that it computes them once", Share::program));

    /** The passes as data. */
    public static List<Pass> all() {
        return ALL;
    }

    /** The program after all passes; verified after each. */
    public static Program run(Program program) {
        Verifier.verify(program, "elaboration");
        Program current = program;
        for (Pass pass : ALL) {
            current = pass.rewrite().apply(current);
            Verifier.verify(current, pass.name());
        }
        return current;
    }
}
