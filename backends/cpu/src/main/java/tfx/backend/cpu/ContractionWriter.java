package tfx.backend.cpu;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.cpu.Contractions.Contraction;
import tfx.backend.cpu.Scope.Code;
import tfx.ir.Expr;
import tfx.ir.Index;

/**
 * A kernel around sums of products. Its output is cut into columns times rows; all rows of the batch count as one dimension.
 * Three phases: left sides that do not lie in memory as needed are computed; rows are laid side by side in blocks, so that a
 * vector holds one element of each; tiles of columns take every block in turn, each weight being read once, and the epilogue
 * runs on what a tile has summed up. Few rows skip the second phase: each is multiplied with the weight as it lies.
 */
final class ContractionWriter {
    /** Tiles that a part takes one after the other where rows are few: weights are then read in longer streams. */
    private static final int SPAN = 4;

    private final ContractionLayout layout;
    private final Expr body;

    ContractionWriter(Analysis analysis, Operands operands, List<Index> indices, Expr body, Contractions all) {
        this.layout = new ContractionLayout(analysis, operands, indices, body, all);
        this.body = body;
    }

    Methods write() {
        LeftSides lefts = new LeftSides(layout);
        List<Methods.Phase> phases = new ArrayList<>(List.of(lefts.pack(), lefts.turn()));
        if (layout.all.all().stream().anyMatch(c -> layout.pieces(c) > 0)) {
            phases.add(new PieceWriter(layout).write());
        }
        phases.add(tiles());
        String shared = layout.sizes("0L") + "f.shared = Scratch.shared(at);\nreturn " + phases.size() + ";\n";
        return new Methods(shared, phases);
    }

    private Methods.Phase tiles() {
        Emitter e = layout.emitter();
        int column = layout.indices.indexOf(layout.all.column());
        String counts = "final long tiles = (n" + column + " + " + (layout.columns - 1) + "L) / "
                + layout.columns + "L;\n"
                + "final long span = few ? Math.clamp(groups * tiles / " + ContractionLayout.PARTS + "L, 1L, " + SPAN
                + "L) : 1L;\n"
                + "final long spans = (tiles + span - 1L) / span;\n"
                + "final long splits = Math.max(1L, Math.min(blocks, " + ContractionLayout.PARTS
                + "L / Math.max(1L, groups * tiles)));\n";
        e.scope.code.append(counts);
        e.scope.line("final long group = part / (spans * splits);");
        e.scope.line("final long begin = part / splits % spans * span;");
        Set<Index> own = new LinkedHashSet<>(layout.all.groups());
        own.add(layout.all.column());
        String each = "for (long tile = begin; tile < Math.min(tiles, begin + span); tile++) {";
        e.block(each, "}", own, false, null, null, () -> {
            e.scope.line("final long low = tile * " + layout.columns + "L;");
            e.scope.line("final long high = Math.min(n" + column + ", low + " + layout.columns + "L);");
            e.scope.line("final int columns = (int) (high - low);");
            layout.name(e, layout.all.groups(), "group");
            if (layout.batchGroups()) {
                layout.operands.declareBatch(e.scope);
            }
            List<Panel> panels = new ArrayList<>();
            for (Contraction c : layout.all.all()) {
                panels.add(new Panel(layout, e, c, panels.size()));
            }
            List<String> sums = new ArrayList<>();
            for (int k = 0; k < layout.sums.size(); k++) {
                sums.add(e.scratch(4L * Gemm.ROWS * layout.columns));
            }
            String square = e.scratch(4L * Gemm.ROWS * layout.columns);
            String head =
                    "for (long block = part % splits * blocks / splits; block < (part % splits + 1L) * blocks / splits;"
                            + " block++) {";
            e.block(head, "}", Set.of(), false, null, null, () -> {
                e.scope.line("final long first = block * " + Gemm.ROWS + "L;");
                e.scope.line("final long last = Math.min(rows, first + " + Gemm.ROWS + "L);");
                e.branch("few", () -> layout.rows(e, "first", "last", null, row -> few(e, row, panels, sums)));
                e.branch("!few", () -> {
                    for (int k = 0; k < sums.size(); k++) {
                        List<Contraction> terms = layout.sums.get(k).terms();
                        for (int i = 0; i < terms.size(); i++) {
                            Contraction c = terms.get(i);
                            panels.get(layout.all.all().indexOf(c)).block(layout.number(c), square, sums.get(k), i > 0);
                        }
                    }
                });
                layout.rows(e, "first", "last", null, row -> epilogue(e, row, sums));
            });
        });
        return ContractionLayout.phase(e, layout.sizes("0L") + counts, "groups * spans * splits");
    }

    /** One of few rows: terms are summed up afterwards, each where it is read best. */
    private void few(Emitter e, String row, List<Panel> panels, List<String> sums) {
        for (int k = 0; k < sums.size(); k++) {
            List<Contraction> terms = layout.sums.get(k).terms();
            String to = sums.get(k) + " + (" + row + " - first) * " + 4 * layout.columns + "L";
            String parts = terms.size() == 1 ? to : e.scratch(4L * terms.size() * layout.columns);
            for (int i = 0; i < terms.size(); i++) {
                Contraction c = terms.get(i);
                String left = layout.leftAddress(e, layout.number(c), row, "group");
                panels.get(layout.all.all().indexOf(c)).row(left, row, parts + " + " + 4 * i * layout.columns + "L");
            }
            if (terms.size() > 1) {
                e.scope.line("Gemv.sum(" + parts + ", " + terms.size() + ", " + 4 * layout.columns + "L, columns, " + to
                        + ");");
            }
        }
    }

    private void epilogue(Emitter e, String row, List<String> sums) {
        String from = e.fresh("v");
        e.scope.line("final long " + from + " = (" + row + " - first) * " + 4 * layout.columns + "L;");
        LaneWriter.output(e, layout.indices, layout.all.column(), "low", "high", body, () -> {
            for (int k = 0; k < sums.size(); k++) {
                String sum = e.fresh("v");
                e.scope.line("final FloatVector " + sum + " = Memory.loadF32(" + sums.get(k) + " + " + from
                        + " + 4L * (" + e.names.get(layout.all.column()) + " - low));");
                e.scope.known.put(layout.sums.get(k).expr(), new Code(Kind.FLOAT, true, sum));
            }
        });
    }
}
