package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Kernel;
import tfx.ir.Expr;
import tfx.ir.Expr.Monoid;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * A fold over few rows in two kernels, so that a device is filled even where there is one row: the first gives each group a
 * stretch of a row's points, and writes what its accumulators hold at the end; the second joins the stretches of every element.
 * Maxima join as they are; what is shifted by one is brought from its stretch's maximum to that of all.
 *
 * @param parts the first kernel; its last operand takes what it writes
 * @param join the second; its last operand is that
 * @param rowNumbers how many numbers the stretches of one row, of one position, take
 */
record Split(Template parts, Template join, long rowNumbers) {
    /** Points are read in rounds of so many. */
    private static final int ITEMS = 128;
    /** More stretches than this only cost the second kernel. */
    private static final int MOST = 32;
    /** The same where rows that share points take them together, in rounds of fewer points. */
    private static final int MOST_SHARED = 64;

    /**
     * The stretches of a row and where their numbers lie: of each row, stretch and accumulator, and last of whether there was a
     * point, one for each column.
     *
     * @param count stretches of a row
     */
    record Room(int count, Value value) {
        /** Writes what a group has for its column. */
        void store(Emitter e, String[] names, String met, int width, String column) {
            String at = e.fresh("v");
            String slab = e.operands.slab(value);
            e.scope.line("final int " + at + " = " + base(e) + " + piece * " + (names.length + 1) * width + " + "
                    + column + ";");
            for (int k = 0; k <= names.length; k++) {
                e.scope.line(
                        slab + ".set(" + at + " + " + k * width + ", " + (k < names.length ? names[k] : met) + ");");
            }
        }

        private String base(Emitter e) {
            return e.operands.record.base(e.operands.number(value));
        }

        String load(Emitter e, String at) {
            return e.operands.slab(value) + ".get(" + base(e) + " + " + at + ")";
        }
    }

    /** The kernels for a fold over the sequence, or null where there is none or its rows fill the device by themselves. */
    static @Nullable Split of(Template whole, Platform platform) {
        Request request = whole.request();
        List<Index> indices = request.kernel().output().indices();
        Emitter e = whole.emitter();
        FoldRows shared = FoldRows.find(e, indices, whole.body(), platform);
        if (shared != null) {
            return of(whole, shared, platform);
        }
        Streamed streamed = Streamed.find(e, indices, whole.body());
        if (streamed == null || streamed.fold().index().size().isConstant()) {
            return null;
        }
        long rows = 1;
        for (Index index : indices) {
            if (index != streamed.column() && !e.operands.stepped(indices, index)) {
                if (!index.size().isConstant()) {
                    return null;
                }
                rows *= index.size().constant();
            }
        }
        int count = (int) Math.min(MOST, platform.stretches(rows));
        if (count < 2) {
            return null;
        }
        Room room = new Room(count, new Value.Input("stretches", List.of(Size.of(1)), Value.Kind.REAL));
        int items = Math.min(ITEMS, platform.items());
        Template parts =
                whole.as(with(request, room.value(), ElementType.F32), "stretches ", (emitter, outputs, on, many) -> {
                    List<Index> all = outputs.getFirst().indices();
                    Expr body = outputs.getFirst().body();
                    Streamed found = Streamed.find(emitter, all, body);
                    return new StreamWriter(emitter, all, body, found, items, platform.warp(), room).write();
                });
        Template join =
                whole.as(with(request, room.value(), ElementType.F32), "joined ", (emitter, outputs, on, many) -> {
                    List<Index> all = outputs.getFirst().indices();
                    Expr body = outputs.getFirst().body();
                    return new Join(emitter, all, body, Streamed.find(emitter, all, body), room).write();
                });
        int numbers = (streamed.fold().accumulators().size() + 1) * streamed.width();
        return new Split(parts, join, Math.multiplyExact(rows * count, numbers));
    }

    private static @Nullable Split of(Template whole, FoldRows shared, Platform platform) {
        Request request = whole.request();
        long rows = shared.tile().groups().stream()
                .mapToLong(index -> index.size().constant())
                .reduce(1, Math::multiplyExact);
        int count = (int) Math.min(MOST_SHARED, platform.stretches(rows / shared.rows()));
        if (shared.tile().fold().index().size().isConstant() || count < 2) {
            return null;
        }
        StretchRoom room = new StretchRoom(count, new Value.Input("stretches", List.of(Size.of(1)), Value.Kind.REAL));
        Request both = with(request, room.value(), ElementType.F32);
        Template parts = whole.as(both, "shared stretches ", (emitter, outputs, on, many) -> {
            List<Index> all = outputs.getFirst().indices();
            FoldRows found = FoldRows.find(emitter, all, outputs.getFirst().body(), on);
            return new FoldRowsWriter(emitter, all, found, room).write();
        });
        Template join = whole.as(both, "joined shared ", (emitter, outputs, on, many) -> {
            List<Index> all = outputs.getFirst().indices();
            Expr body = outputs.getFirst().body();
            FoldRows found = FoldRows.find(emitter, all, body, on);
            return new FoldRowsJoin(emitter, all, body, found, room).write();
        });
        return new Split(parts, join, Math.multiplyExact(rows * count, shared.numbers()));
    }

    /** A request with one more operand, in which the kernels of one fold hand on what they have. */
    static Request with(Request request, Value more, ElementType type) {
        List<Value> operands = new ArrayList<>(request.kernel().operands());
        operands.add(more);
        List<Layout> layouts = new ArrayList<>(request.layouts());
        layouts.add(new Layout(type, new long[] {1}));
        Kernel kernel = new Kernel(request.kernel().name(), request.kernel().output(), operands, List.of());
        return new Request(kernel, layouts, request.output(), request.length());
    }

    /** Writes the second kernel: a work item joins the stretches of one element after another. */
    private record Join(Emitter e, List<Index> indices, Expr body, Streamed streamed, Room room) {
        private static final int GROUP = 64;
        /** Stretches whose numbers are under way at a time. */
        private static final int AHEAD = 16;
        /** Items that a compute unit is given: there are few elements. */
        private static final int RESIDENT = 256;

        Written write() {
            List<Extent> extents = Extent.of(e, indices);
            CellWriter.countCells(e, extents);
            Set<Index> own = new LinkedHashSet<>(indices);
            own.add(Analysis.BATCH);
            String head = "for (int cell = context.globalIdx; cell < total; cell = cell + context.globalGroupSizeX) {";
            e.block(head, "}", own, false, () -> {
                CellWriter.locate(e, indices, extents);
                Index column = streamed.column();
                String columns =
                        column == null ? "1" : Long.toString(column.size().constant());
                Expr.Fold fold = streamed.fold();
                int width = streamed.width();
                int stretch = (fold.accumulators().size() + 1) * width;
                e.scope.line("final int row = cell / " + columns + " * " + room.count() * stretch + " + cell % "
                        + columns + ";");
                String[] names = new String[fold.accumulators().size()];
                for (int k = 0; k < names.length; k++) {
                    names[k] = e.fresh("s");
                    e.scope.line("float " + names[k] + " = "
                            + Loops.identity(fold.accumulators().get(k).monoid()) + ";");
                }
                e.scope.line("float met = 0f;");
                each(stretch, () -> {
                    e.loops.combine(Monoid.MAX, "met", room.load(e, "at_ + " + names.length * width));
                    for (int k = 0; k < names.length; k++) {
                        if (Streamed.rescales(fold, k)) {
                            e.loops.combine(Monoid.MAX, names[k], room.load(e, "at_ + " + k * width));
                        }
                    }
                });
                String[] safe = new String[names.length];
                for (int k = 0; k < names.length; k++) {
                    safe[k] = Streamed.rescales(fold, k) ? new Folds(e).finite(names[k]) : "";
                }
                each(stretch, () -> {
                    for (int k = 0; k < names.length; k++) {
                        Expr.Accumulator a = fold.accumulators().get(k);
                        if (!Streamed.rescales(fold, k)) {
                            String part = room.load(e, "at_ + " + k * width);
                            String factor = a.shift() < 0
                                    ? ""
                                    : " * TornadoMath.exp(" + room.load(e, "at_ + " + a.shift() * width) + " - "
                                            + safe[a.shift()] + ")";
                            e.loops.combine(a.monoid(), names[k], part + factor);
                        }
                    }
                });
                e.scope.known.put(fold, new Folds(e).result(fold, names, "met != 0f"));
                String value = e.real(body);
                e.scope.line(e.operands.store(CellWriter.place(e, indices), value));
            });
            return new Written(e, GROUP, false, Written.cells(GROUP, RESIDENT));
        }

        /** All stretches of the element, the empty ones too: what those hold changes nothing. */
        private void each(int stretch, Runnable one) {
            String j = e.fresh("j");
            int ahead = AHEAD;
            while (room.count() % ahead != 0) {
                ahead--;
            }
            int each = ahead;
            String head =
                    "for (int " + j + " = 0; " + j + " < " + room.count() + "; " + j + " = " + j + " + " + each + ") {";
            e.block(head, "}", Set.of(), false, () -> {
                for (int u = 0; u < each; u++) {
                    int stretchAhead = u;
                    e.block("{", "}", Set.of(), false, () -> {
                        e.scope.line("final int at_ = row + (" + j + " + " + stretchAhead + ") * " + stretch + ";");
                        one.run();
                    });
                }
            });
        }
    }
}
