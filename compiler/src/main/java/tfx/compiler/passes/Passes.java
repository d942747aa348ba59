package tfx.compiler.passes;

import java.util.List;
import tfx.ir.Program;
import tfx.ir.Verifier;

/** Every pass, in order. */
public final class Passes {
    private Passes() {}

    private static List<Pass> list(Known known) {
        return List.of(
                new Pass(
                        "stacks",
                        "reads of earlier layers become reads of the layer meant, so that only those are kept",
                        Stacks::lower),
                new Pass(
                        "known zeros",
                        "what an exact zero among small weights (a pruned router) is multiplied by is not computed",
                        program -> KnownZeros.remove(program, known)),
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
                new Pass(
                        "fold scales",
                        "a constant goes into the weight that it is multiplied by, once, when weights are loaded",
                        FoldScales::program),
                new Pass(
                        "share",
                        "equal parts of a kernel are one object, so that it computes them once",
                        Share::program));
    }

    /** The passes as data, where nothing is known of the weights. */
    public static List<Pass> all() {
        return list(Known.NOTHING);
    }

    /** The passes as data. */
    public static List<Pass> all(Known known) {
        return list(known);
    }

    /** The program after all passes, where nothing is known of the weights; verified after each. */
    public static Program run(Program program) {
        return run(program, Known.NOTHING);
    }

    /** The program after all passes; verified after each. */
    public static Program run(Program program, Known known) {
        Verifier.verify(program, "elaboration");
        Program current = program;
        for (Pass pass : list(known)) {
            current = pass.rewrite().apply(current);
            Verifier.verify(current, pass.name());
        }
        return current;
    }
}
