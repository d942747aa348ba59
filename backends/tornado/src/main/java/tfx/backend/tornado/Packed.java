package tfx.backend.tornado;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * A fold whose products are computed with fragments, in two kernels: the first writes every factor once as fragments read it, the
 * second folds. Factors are rounded to BF16, so it stands for a kernel of a model whose weights are.
 *
 * @param factors the first kernel; its last operand takes what it writes
 * @param fold the second; its last operand is that
 * @param layout where the factors lie
 */
record Packed(Template factors, Template fold, FragmentFactors layout) {

    /** The two kernels of a fold, or null where it is none that a device's fragments can compute. */
    static @Nullable Packed of(Template whole, Platform platform) {
        Platform.Fragments has = platform.fragments();
        if (has == null) {
            return null;
        }
        Value room = new Value.Input("factors", List.of(Size.of(1)), Value.Kind.INTEGER);
        List<Index> indices = whole.request().kernel().output().indices();
        FragmentFactors layout = FragmentFactors.find(whole.emitter(), indices, whole.body(), has, room);
        if (layout == null) {
            return null;
        }
        Request request = Split.with(whole.request(), room, ElementType.I32);
        Template factors = whole.as(
                request,
                "factors ",
                (emitter, outputs, on, many) ->
                        new FactorWriter(emitter, find(emitter, outputs.getFirst(), has, room)).write());
        Template fold = whole.as(request, "fragments ", (emitter, outputs, on, many) -> {
            Template.Output output = outputs.getFirst();
            FragmentFactors there = find(emitter, output, has, room);
            return new FragmentWriter(emitter, output.indices(), output.body(), there).write();
        });
        return new Packed(factors, fold, layout);
    }

    private static FragmentFactors find(Emitter e, Template.Output output, Platform.Fragments has, Value room) {
        return FragmentFactors.find(e, output.indices(), output.body(), has, room);
    }
}
