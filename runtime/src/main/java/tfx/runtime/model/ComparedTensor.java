package tfx.runtime.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import tfx.compiler.elaborate.Binding;
import tfx.compiler.elaborate.Elaborated;
import tfx.compiler.elaborate.ValueNames.Named;
import tfx.runtime.model.Comparison.Row;
import tfx.runtime.reference.Reference;
import tfx.runtime.weights.StoredTensor;
import tfx.source.TfxException;

/**
 * A tensor of a dump beside the values of the model that it holds: one that is all of it, after the batch, or several at
 * indices of it, as the model's {@code names} clause says.
 */
final class ComparedTensor {
    private final Elaborated model;
    private final String name;
    private final StoredTensor want;
    private final Map<String, long[]> reach = new HashMap<>();

    ComparedTensor(Elaborated model, String name, StoredTensor want) {
        this.model = model;
        this.name = name;
        this.want = want;
    }

    /** A row per value. */
    List<Row> rows(List<Named> values, Map<String, Reference.Result> results) {
        List<Row> rows = new ArrayList<>();
        for (Named value : values) {
            Reference.Result got = results.get(value.path());
            rows.add(value.indexed() == 0 ? whole(value, got) : part(value, got));
        }
        return covered(rows);
    }

    private Row whole(Named value, Reference.Result got) {
        long[] shape = got.shape();
        boolean single = !got.batched() && want.rank() == shape.length + 1;
        if (!Arrays.equals(shape, single ? tail(want.shape()) : want.shape())) {
            return mismatch(value, got);
        }
        return row(value, Difference.of(want.shape(), want::getAsDouble, element(got)));
    }

    /** A value at indices of the tensor, which has a batch before them where it has one dimension more. */
    private Row part(Named value, Reference.Result got) {
        boolean batch = want.rank() == value.indexed() + 1;
        long copies = batch ? want.shape()[0] : 1;
        long[] shape = got.batched() ? tail(got.shape()) : got.shape();
        long[] official = batch ? tail(want.shape()) : want.shape();
        if (got.batched() && got.shape()[0] != copies) {
            return mismatch(value, got);
        }
        Binding view;
        try {
            view = value.view(model, shape, official, reach);
        } catch (TfxException fault) {
            if (fault.diagnostics().getFirst().span() != null) {
                throw fault;
            }
            return mismatch(value, got);
        }
        long own = product(shape);
        long all = product(official);
        long[] compared = batch
                ? LongStream.concat(LongStream.of(copies), Arrays.stream(shape)).toArray()
                : shape;
        return row(
                value,
                Difference.of(
                        compared, i -> want.getAsDouble(i / own * all + place(i % own, shape, view)), element(got)));
    }

    /** Elements of a value that has no batch are those of every copy in one. */
    private static java.util.function.LongToDoubleFunction element(Reference.Result got) {
        double[] data = got.data();
        return i -> data[(int) (i % data.length)];
    }

    /** A tensor that the lines read only a part of holds more than this model has. */
    private List<Row> covered(List<Row> rows) {
        long[] reached = reach.get(name);
        long[] shape = want.shape();
        if (reached == null
                || Arrays.equals(reached, Arrays.copyOfRange(shape, shape.length - reached.length, shape.length))) {
            return rows;
        }
        String fault = "the dump has " + Arrays.toString(shape) + ", of which the model's values are the first "
                + Arrays.toString(reached);
        return rows.stream()
                .map(row -> row.fault() != null ? row : new Row(name, row.model(), row.path(), null, fault))
                .toList();
    }

    private Row mismatch(Named value, Reference.Result got) {
        String fault = "the dump has " + Arrays.toString(want.shape()) + ", the model " + Arrays.toString(got.shape());
        return new Row(name, model.model().name(), value.path(), null, fault);
    }

    private Row row(Named value, Difference difference) {
        return new Row(name, model.model().name(), value.path(), difference, null);
    }

    private static long place(long element, long[] shape, Binding view) {
        long at = view.offset();
        long rest = element;
        for (int k = shape.length - 1; k >= 0; k--) {
            at += rest % shape[k] * view.strides()[k];
            rest /= shape[k];
        }
        return at;
    }

    private static long[] tail(long[] shape) {
        return Arrays.copyOfRange(shape, 1, shape.length);
    }

    private static long product(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}
