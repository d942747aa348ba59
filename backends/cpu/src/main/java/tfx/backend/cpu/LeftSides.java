package tfx.backend.cpu;

import tfx.backend.cpu.ContractionLayout.Left;

/** The phases that lay left sides of sums of products as tiles read them: {@link ContractionWriter} says which and why. */
final class LeftSides {
    /** Rows that a part computes. */
    private static final int PACKED = 16;

    private final ContractionLayout layout;

    LeftSides(ContractionLayout layout) {
        this.layout = layout;
    }

    /** Left sides that are expressions, row by row. */
    Methods.Phase pack() {
        Emitter e = layout.emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int i = 0; i < layout.lefts.size(); i++) {
            Left left = layout.lefts.get(i);
            if (left.direct()) {
                continue;
            }
            String count =
                    "((" + (left.grouped() ? "groups * " : "") + "rows + " + (PACKED - 1) + "L) / " + PACKED + "L)";
            String chunk = "(part - (" + parts + "))";
            String to = "packed" + i;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                String item = e.fresh("r");
                String last = "Math.min(" + (left.grouped() ? "groups * " : "") + "rows, (" + chunk + " + 1L) * "
                        + PACKED + "L)";
                String head = "for (long " + item + " = " + chunk + " * " + PACKED + "L; " + item + " < " + last + "; "
                        + item + "++) {";
                e.block(head, "}", layout.outputs(), false, null, null, () -> {
                    layout.name(e, layout.all.rows(), item + " % rows");
                    if (left.grouped()) {
                        layout.name(e, layout.all.groups(), item + " / rows");
                    }
                    if (left.grouped() || !layout.batchGroups()) {
                        layout.operands.declareBatch(e.scope);
                    }
                    String row = e.fresh("v");
                    e.scope.line("final long " + row + " = " + to + " + " + item + " * " + 4 * left.depth() + "L;");
                    RowWriter.write(e, layout.operands, left.reduced(), left.expr(), row);
                });
            });
            parts.append(" + ").append(count);
        }
        return ContractionLayout.phase(e, layout.sizes("0L"), parts.toString());
    }

    /** Blocks of rows side by side. */
    Methods.Phase turn() {
        Emitter e = layout.emitter();
        StringBuilder parts = new StringBuilder("0L");
        for (int i = 0; i < layout.lefts.size(); i++) {
            Left left = layout.lefts.get(i);
            if (!left.turned()) {
                continue;
            }
            String count = (left.grouped() ? "groups * " : "") + "blocks";
            String chunk = "(part - (" + parts + "))";
            int number = i;
            e.branch(chunk + " >= 0 && " + chunk + " < " + count, () -> {
                String at = e.fresh("a");
                String first = e.fresh("v");
                String last = e.fresh("v");
                e.scope.line("final long[] " + at + " = new long[" + Gemm.ROWS + "];");
                e.scope.line("final long " + first + " = " + chunk + " % blocks * " + Gemm.ROWS + "L;");
                e.scope.line("final long " + last + " = Math.min(rows, " + first + " + " + Gemm.ROWS + "L);");
                String group = e.fresh("v");
                e.scope.line("final long " + group + " = " + chunk + " / blocks;");
                layout.rows(
                        e,
                        first,
                        last,
                        left.grouped() ? group : null,
                        row -> e.scope.line(at + "[(int) (" + row + " - " + first + ")] = "
                                + layout.leftAddress(e, number, row, group) + ";"));
                e.scope.line("Gemm.turn(" + at + ", (int) (" + last + " - " + first + "), " + left.depth() + "L, turned"
                        + number + " + " + chunk + " * " + 4L * Gemm.ROWS * left.depth() + "L);");
            });
            parts.append(" + ").append(count);
        }
        return ContractionLayout.phase(e, layout.sizes("0L"), "few ? 0L : (" + parts + ")");
    }
}
