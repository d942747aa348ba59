package tfx.backend.cpu;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import tfx.backend.cpu.Contractions.Contraction;
import tfx.ir.Index;

/** The phase in which few rows are multiplied with a weight whose columns lie side by side, a piece of the reduction a part. */
final class PieceWriter {
    private final ContractionLayout layout;

    PieceWriter(ContractionLayout layout) {
        this.layout = layout;
    }

    /** For few rows: what each piece of the reduction adds, over all columns. */
    Methods.Phase write() {
        Emitter e = layout.emitter();
        StringBuilder parts = new StringBuilder("0L");
        String width = "n" + layout.indices.indexOf(layout.all.column());
        for (int k = 0; k < layout.all.all().size(); k++) {
            Contraction c = layout.all.all().get(k);
            int pieces = layout.pieces(c);
            if (pieces == 0) {
                continue;
            }
            String count = "groups * " + pieces + "L";
            String chunk = "(part - (" + parts + "))";
            int number = k;
            e.block(
                    "if (" + chunk + " >= 0 && " + chunk + " < " + count + ") {",
                    "}",
                    new LinkedHashSet<>(layout.all.groups()),
                    true,
                    null,
                    null,
                    () -> {
                        String group = e.fresh("v");
                        e.scope.line("final long " + group + " = " + chunk + " / " + pieces + "L;");
                        layout.name(e, layout.all.groups(), group);
                        if (layout.batchGroups()) {
                            layout.operands.declareBatch(e.scope);
                        }
                        String low = e.fresh("l");
                        String high = e.fresh("h");
                        String piece = "(" + chunk + " % " + pieces + "L";
                        e.scope.line("final long " + low + " = " + piece + ") * " + c.depth() + "L / " + pieces + "L;");
                        e.scope.line("final long " + high + " = " + piece + " + 1L) * " + c.depth() + "L / " + pieces
                                + "L;");
                        Set<Index> zero = new HashSet<>(c.reduce().indices());
                        zero.add(layout.all.column());
                        int type = layout.operands.type(c.weight().value()).ordinal();
                        String step = Gemm.bytes(type) + "L * "
                                + Access.step(layout.analysis, layout.operands, c.weight(), c.inner())
                                        .text();
                        String weight = e.fresh("w");
                        e.scope.line("final long " + weight + " = " + Access.address(e, c.weight(), zero) + " + " + low
                                + " * " + step + ";");
                        layout.rows(
                                e,
                                "0L",
                                "rows",
                                null,
                                row -> e.scope.line("Gemv.piece(" + layout.leftAddress(e, layout.number(c), row, group)
                                        + " + 4L * " + low + ", " + high + " - " + low + ", " + weight + ", " + type
                                        + ", " + step + ", (int) " + width + ", pieces" + number + " + (" + chunk
                                        + " * rows + " + row + ") * " + width + " * 4L);"));
                    });
            parts.append(" + ").append(count);
        }
        return ContractionLayout.phase(e, layout.sizes("0L"), "few ? " + parts + " : 0L");
    }
}
