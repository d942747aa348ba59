package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tfx.backend.common.Analysis.Kind;
import tfx.backend.tornado.Scope.Code;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * Elements of many rows in BF16 from values in BF16 at the same place, as {@link RowWriter} has them in other types: a work item
 * takes words of neighbouring columns, so that each of its reads and writes brings several.
 */
final class RowWords {
    private static final int GROUP = 128;
    /** Items of a group that may be fewer so that rows are whole stretches. */
    private static final int LEAST = 64;
    /** Words of a value that an item takes at a time, at most. */
    private static final int EACH = 2;
    /** Items that a compute unit holds where each needs few registers. */
    private static final int RESIDENT = 2048;

    private final Emitter e;
    private final List<Index> indices;
    private final List<Index> columns;
    private final Expr body;
    private final long words;
    private final int group;
    private final int each;
    /** What is read by words. */
    private final List<Expr.Read> reads;

    /** A word of every value under way, and the place of one of the output. */
    private record Taken(String number, List<String> words, String place) {}

    RowWords(Emitter emitter, Template.Output output, Platform platform) {
        this.e = emitter;
        this.indices = output.indices();
        this.columns = indices.subList(1, indices.size());
        this.body = output.body();
        this.words = Product.count(columns) / Operands.WORD;
        int items = Math.min(GROUP, platform.items());
        while (items > LEAST && words % (items * EACH) != 0) {
            items /= 2;
        }
        this.group = items;
        this.each = (int) Math.max(1, Math.min(EACH, words / group));
        Set<Expr.Read> found = new LinkedHashSet<>();
        Exprs.forEach(body, part -> {
            if (part instanceof Expr.Read read
                    && !(read.value() instanceof Value.Parameter)
                    && e.operands.type(read.value()) == ElementType.BF16) {
                found.add(read);
            }
        });
        this.reads = List.copyOf(found);
    }

    Written write() {
        e.operands.takeWords(reads.stream().map(Expr.Read::value).toList());
        int stretch = group * each;
        long stretches = (words + stretch - 1) / stretch;
        String first = " * " + stretch + " + context.localIdx";
        RowStretches.each(e, indices, Product.count(columns), stretches, group, first, this::stretch);
        return new Written(e, group, false, Written.cells(group, RESIDENT));
    }

    /** All is read before the first word is computed, and computed before it is written. */
    private void stretch() {
        boolean whole = words % (group * each) == 0;
        List<Taken> taken = new ArrayList<>();
        for (int u = 0; u < each; u++) {
            String wanted = "first + " + u * group;
            taken.add(take(whole ? wanted : "(" + wanted + " < " + words + " ? " + wanted + " : " + (words - 1) + ")"));
        }
        List<String> stores = taken.stream()
                .map(one -> e.operands.storeWord(one.place(), numbers(one)))
                .toList();
        for (int u = 0; u < each; u++) {
            String within = "first + " + u * group + " < " + words;
            e.scope.line(whole ? stores.get(u) : "if (" + within + ") {\n" + stores.get(u) + "\n}");
        }
    }

    private Taken take(String wanted) {
        String number = e.scalars.variable("int", wanted);
        List<String> names = reads.stream().map(read -> e.fresh("w")).toList();
        names.forEach(name -> e.scope.line("long " + name + " = 0;"));
        String place = e.fresh("o");
        e.scope.line("int " + place + " = 0;");
        column(number, 0, () -> {
            Addresses addresses = new Addresses(e);
            for (int n = 0; n < names.size(); n++) {
                Expr.Read read = reads.get(n);
                e.scope.line(names.get(n) + " = " + e.operands.wordOf(read.value(), addresses.address(read)) + ";");
            }
            e.scope.line(place + " = " + CellWriter.place(e, indices) + ";");
        });
        return new Taken(number, names, place);
    }

    private List<String> numbers(Taken taken) {
        List<String> numbers = new ArrayList<>();
        for (int k = 0; k < Operands.WORD; k++) {
            int which = k;
            String number = e.fresh("r");
            e.scope.line("float " + number + " = 0f;");
            column(taken.number(), k, () -> {
                for (int n = 0; n < reads.size(); n++) {
                    String element = Operands.element(taken.words().get(n), Operands.WORD, which);
                    e.scope.known.put(reads.get(n), new Code(Kind.FLOAT, false, e.scalars.variable("float", element)));
                }
                e.scope.line(number + " = " + e.real(body) + ";");
            });
            numbers.add(number);
        }
        return numbers;
    }

    /** Code for column {@code k} of a word. */
    private void column(String word, int k, Runnable code) {
        e.block("{", "}", Set.copyOf(columns), false, () -> {
            Product.unflatten(e, columns, e.scalars.variable("int", word + " * " + Operands.WORD + " + " + k));
            code.run();
        });
    }
}
