package tfx.backend.tornado;

import java.util.List;
import java.util.Set;
import tfx.compiler.schedule.ElementType;

/** The kernel that copies what the host wrote from the inbox into a slab: arrays travel whole, slabs are too large for that. */
final class Uploads {
    /** Begins the keys of the kernels, as no comprehension's does. */
    private static final String NAME = "upload";

    /** Its record: how many elements, from where in the inbox, to where in the slab. */
    static final int ENTRIES = 3;

    private static final int GROUP = 128;

    private Uploads() {}

    static String key(ElementType type) {
        return NAME + " " + type;
    }

    /** The kernel for a slab of a type. Only F32 is ever uploaded; but what no task touches TornadoVM brings to no device. */
    static KernelClasses.Source source(Platform platform, ElementType type) {
        Operands operands =
                new Operands(List.of(), List.of(), type, null, java.util.Map.of(), new int[] {1}, List.of(), false, 0);
        Emitter emitter = new Emitter(new tfx.backend.common.Analysis(), operands);
        emitter.scope.line("final int total = args.get(at);");
        emitter.scope.line("final int from = args.get(at + 1);");
        emitter.scope.line("final int to = args.get(at + 2);");
        String from = type == ElementType.F32 ? "s0.get(from + cell)" : "s1.get(from + cell)";
        emitter.block(
                "for (int cell = context.globalIdx; cell < total; cell = cell + context.globalGroupSizeX) {",
                "}",
                Set.of(),
                false,
                () -> emitter.scope.line("s1.set(to + cell, " + from + ");"));
        Written written = new Written(emitter, GROUP, false, Written.cells(GROUP));
        String name = platform.unique("upload");
        KernelText text = KernelText.of(
                name,
                List.of(ElementType.F32, type),
                Set.of(),
                Inputs.awaited(emitter.scope.code.toString(), Set.of()),
                written);
        return new KernelClasses.Source(text, List.of(), written);
    }
}
