package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.ir.Index;

/** Any comprehensions: a work item computes one element after another, by itself. Right for whatever no other writer takes. */
final class CellWriter implements KernelWriter {
    /** Work items of a group: a few warps, so that a group's registers suffice whatever the expression. */
    private static final int GROUP = 128;

    private final Emitter e;
    private final List<Template.Output> outputs;

    /** @param outputs each its elements behind those of the one before */
    CellWriter(Emitter emitter, List<Template.Output> outputs) {
        this.e = emitter;
        this.outputs = outputs;
    }

    @Override
    public Written write() {
        List<String> ends = new ArrayList<>();
        for (Template.Output output : outputs) {
            e.operands.computing(output.number(), () -> {
                String total = countCells(e, Extent.of(e, output.indices()));
                ends.add(ends.isEmpty() ? total : ends.getLast() + " + " + total);
            });
        }
        String head = "for (int at_ = context.globalIdx; at_ < " + ends.getLast()
                + "; at_ = at_ + context.globalGroupSizeX) {";
        e.block(head, "}", Set.of(), false, () -> {
            for (int n = 0; n < outputs.size(); n++) {
                String begin = n == 0 ? "0" : "(" + ends.get(n - 1) + ")";
                List<String> conditions = new ArrayList<>();
                if (n > 0) {
                    conditions.add("at_ >= " + begin);
                }
                if (n + 1 < outputs.size()) {
                    conditions.add("at_ < " + ends.get(n));
                }
                String test = conditions.isEmpty() ? "{" : "if (" + String.join(" && ", conditions) + ") {";
                Set<Index> own = new LinkedHashSet<>(outputs.get(n).indices());
                own.add(Analysis.BATCH);
                Template.Output output = outputs.get(n);
                e.block(test, "}", own, !conditions.isEmpty(), () -> {
                    e.scope.line("final int cell = at_ - " + begin + ";");
                    e.operands.computing(output.number(), () -> element(output));
                });
            }
        });
        return new Written(e, GROUP, false, Written.cells(GROUP).of(this::pieces));
    }

    /** Groups with an element for each item. */
    private long pieces(CallRecord.Call call) {
        long cells = 0;
        for (Template.Output output : outputs) {
            cells += Written.ROWS * Extent.ofPosition(Extent.of(e, output.indices()), call);
        }
        return (cells + GROUP - 1) / GROUP;
    }

    private void element(Template.Output output) {
        locate(e, output.indices(), Extent.of(e, output.indices()));
        String value = e.real(output.body());
        e.scope.line(e.operands.store(place(e, output.indices()), value));
    }

    /** The name of how many elements of the output that is computed there are, over all sequences. */
    static String countCells(Emitter e, List<Extent> extents) {
        return e.operands.record.total(e.operands.current(), call -> {
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

    /** Where the element at the current indices lies in the slab of the output that is computed. */
    static String place(Emitter e, List<Index> indices) {
        int output = Operands.OUTPUT - e.operands.current();
        StringBuilder at = new StringBuilder(e.operands.record.base(output))
                .append(" + batch * ")
                .append(e.operands.record.batchStride(output));
        for (int d = 0; d < indices.size(); d++) {
            at.append(" + ")
                    .append(e.names.get(indices.get(d)))
                    .append(" * ")
                    .append(e.operands.outputStride(output, d));
        }
        return at.toString();
    }
}
