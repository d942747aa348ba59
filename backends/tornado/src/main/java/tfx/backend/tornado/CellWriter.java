package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Any comprehension: a work item computes one element after another, by itself. Right for whatever no other writer takes. */
final class CellWriter {
    /** Work items of a group: a few warps, so that a group's registers suffice whatever the expression. */
    private static final int GROUP = 128;

    private final Emitter e;
    private final List<Index> indices;
    private final Expr body;

    CellWriter(Emitter emitter, List<Index> indices, Expr body) {
        this.e = emitter;
        this.indices = indices;
        this.body = body;
    }

    Written write() {
        List<Extent> extents = Extent.of(e, indices);
        countCells(e, extents);
        Set<Index> own = new LinkedHashSet<>(indices);
        own.add(Analysis.BATCH);
        String head = "for (int cell = context.globalIdx; cell < total; cell = cell + context.globalGroupSizeX) {";
        e.block(head, "}", own, false, () -> {
            locate(e, indices, extents);
            String value = e.real(body);
            e.scope.line(e.operands.store(place(e, indices), value));
        });
        return new Written(e, GROUP, false, Written.cells(GROUP));
    }

    /** Records how many elements there are, over all sequences. */
    static void countCells(Emitter e, List<Extent> extents) {
        e.operands.record.total(call -> {
            long total = call.step().batch();
            for (Extent extent : extents) {
                total = Math.multiplyExact(total, extent.length(call));
            }
            return total;
        });
    }

    /** The indices of the element that {@code cell} counts, the last index fastest, and its sequence. */
    static void locate(Emitter e, List<Index> indices, List<Extent> extents) {
        e.scope.line("int rest = cell;");
        for (int d = indices.size() - 1; d >= 0; d--) {
            String name = e.fresh("i");
            e.names.put(indices.get(d), name);
            Extent extent = extents.get(d);
            e.scope.line("final int " + name + " = " + extent.absolute("rest % " + extent.text()) + ";");
            e.scope.line("rest = rest / " + extent.text() + ";");
        }
        e.scope.line("final int batch = rest;");
    }

    /** Where the element at the current indices lies in the output's slab. */
    static String place(Emitter e, List<Index> indices) {
        StringBuilder at = new StringBuilder(e.operands.record.base(Operands.OUTPUT))
                .append(" + batch * ")
                .append(e.operands.record.batchStride(Operands.OUTPUT));
        for (int d = 0; d < indices.size(); d++) {
            at.append(" + ")
                    .append(e.names.get(indices.get(d)))
                    .append(" * ")
                    .append(e.operands.record.stride(Operands.OUTPUT, d));
        }
        return at.toString();
    }
}
