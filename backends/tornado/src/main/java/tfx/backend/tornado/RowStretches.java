package tfx.backend.tornado;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.ir.Index;

/** The loop of groups of work items over stretches of rows. */
final class RowStretches {
    private RowStretches() {}

    /**
     * Writes {@code one} for each stretch, where the row's index and {@code batch} are known.
     *
     * @param columns elements of a row
     * @param stretches of a row
     * @param group work items in a group
     * @param first text of where in its row a stretch begins for a work item, after the stretch's number
     */
    static void each(
            Emitter e, List<Index> indices, long columns, long stretches, int group, String first, Runnable one) {
        Extent extent = Extent.of(e, indices).getFirst();
        Set<Index> own = new LinkedHashSet<>(List.of(indices.getFirst(), Analysis.BATCH));
        String total = CellWriter.countCells(e, Extent.of(e, indices));
        e.scope.line("final int all = " + total + " / " + columns + " * " + stretches + ";");
        String step = "context.globalGroupSizeX / " + group;
        String head = "for (int piece = context.groupIdx; piece < all; piece = piece + " + step + ") {";
        e.block(head, "}", own, false, () -> {
            String row = e.fresh("i");
            e.names.put(indices.getFirst(), row);
            e.scope.line("final int which = piece / " + stretches + ";");
            e.scope.line("final int " + row + " = " + extent.absolute("which % " + extent.text()) + ";");
            e.scope.line("final int batch = which / " + extent.text() + ";");
            e.scope.line("final int first = piece % " + stretches + first + ";");
            one.run();
        });
    }
}
