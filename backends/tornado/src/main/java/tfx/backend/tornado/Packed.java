package tfx.backend.tornado;

import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;
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
        Emitter e = whole.emitter();
        FoldTile tile = has == null
                ? null
                : FoldTile.find(e, whole.request().kernel().output().indices(), whole.body());
        FragmentShape shape = tile == null ? null : FragmentShape.of(tile, has);
        if (shape == null) {
            return null;
        }
        Value room = new Value.Input("factors", java.util.List.of(Size.of(1)), Value.Kind.INTEGER);
        var request = Split.with(whole.request(), room, ElementType.I32);
        Template factors = whole.as(
                request,
                "factors ",
                (emitter, all, body, on, many) ->
                        layout(emitter, all, body, has, room).write(emitter));
        Template fold = whole.as(
                request,
                "fragments ",
                (emitter, all, body, on, many) ->
                        new FragmentWriter(emitter, all, body, layout(emitter, all, body, has, room), on).write());
        return new Packed(factors, fold, FragmentFactors.of(shape, e, room));
    }

    private static FragmentFactors layout(
            Emitter e, java.util.List<tfx.ir.Index> indices, tfx.ir.Expr body, Platform.Fragments has, Value room) {
        return FragmentFactors.of(FragmentShape.of(FoldTile.find(e, indices, body), has), e, room);
    }
}
