package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis;
import tfx.backend.common.Key;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/** A kernel before it is known in which slabs its operands lie. Kernels that differ only in names and literals share a key. */
final class Template {
    /** The package of everything generated. */
    static final String PACKAGE = "tfx.generated";

    private final List<Request> requests;
    private final Analysis analysis = new Analysis();
    private final List<long[]> strides;
    private final List<Output> outputs = new ArrayList<>();
    private final Map<Double, Integer> constants = new LinkedHashMap<>();
    private final List<Expr> given;
    private final String key;
    private final String form;
    private final Style style;

    /**
     * What is computed and where it goes.
     *
     * @param number among the kernel's outputs
     * @param body the element at the indices, with the domain's complement as 0
     */
    record Output(int number, List<Index> indices, Expr body) {}

    /** How a kernel's code is written. */
    interface Style {
        Written write(Emitter emitter, List<Output> outputs, Platform platform, boolean many);
    }

    /** A kernel written as its structure suggests. */
    Template(Request request) {
        this(request, request.kernel().output().body());
    }

    /** @param body what it computes in the place of its output's own body, from the same operands */
    Template(Request request, Expr body) {
        this(request, body, "", Writers::write);
    }

    private Template(Request request, Expr body, String form, Style style) {
        this(List.of(request), List.of(body), List.of(new long[0]), form, style);
    }

    /**
     * Kernels of one launch, over the same operands in the same order.
     *
     * @param strides of the outputs: empty where they are not known
     */
    Template(List<Request> requests, List<long[]> strides) {
        this(requests, requests.stream().map(r -> r.kernel().output().body()).toList(), strides, "", Writers::write);
    }

    /** @param form tells styles apart */
    private Template(List<Request> requests, List<Expr> given, List<long[]> strides, String form, Style style) {
        this.requests = List.copyOf(requests);
        this.given = given;
        this.strides = strides;
        this.form = form;
        this.style = style;
        StringBuilder text = new StringBuilder(form);
        for (int n = 0; n < requests.size(); n++) {
            Request request = requests.get(n);
            Value.Comprehension output = request.kernel().output();
            Expr body = analysis.intern(new Expr.Select(output.domain(), given.get(n), new Expr.Number(0)));
            outputs.add(new Output(n, output.indices(), body));
            Key own = new Key(
                    analysis,
                    request.kernel().operands(),
                    request.layouts(),
                    request.output(),
                    request.length(),
                    output,
                    body);
            text.append(own.text()).append(Arrays.toString(strides.get(n)));
            own.constants()
                    .keySet()
                    .forEach(value -> text.append(' ').append(constants.computeIfAbsent(value, v -> constants.size())));
        }
        this.key = text.toString();
    }

    Request request() {
        return requests.getFirst();
    }

    /** The same kernel with an output of another type. */
    Template as(ElementType type) {
        Request request = request();
        return type == request.output()
                ? this
                : new Template(
                        new Request(request.kernel(), request.layouts(), type, request.length()),
                        given.getFirst(),
                        form,
                        style);
    }

    /** The same kernel where the rows of an operand lie at a distance that is known at run time only. */
    Template withRowsApart(Value operand) {
        Request request = request();
        List<Layout> layouts = new ArrayList<>(request.layouts());
        int number = request.kernel().operands().indexOf(operand);
        Layout layout = layouts.get(number);
        long[] rows = layout.strides().clone();
        rows[0] = -1;
        layouts.set(number, new Layout(layout.type(), rows));
        return new Template(
                new Request(request.kernel(), layouts, request.output(), request.length(), request.kept()),
                given.getFirst(),
                form,
                style);
    }

    /** The same kernel over other operands, written in another style. */
    Template as(Request other, String form, Style style) {
        return new Template(List.of(other), given, strides, form, style);
    }

    /** The first output as it is computed, which may be from other values than its own definition says. */
    Value.Comprehension computed() {
        Value.Comprehension output = request().kernel().output();
        return new Value.Comprehension(output.name(), output.indices(), output.domain(), given.getFirst());
    }

    String key() {
        return key;
    }

    List<Output> outputs() {
        return outputs;
    }

    /** What the first output is, with its domain's complement as 0. */
    Expr body() {
        return outputs.getFirst().body();
    }

    /** An emitter for questions about the kernel: what it writes is of no use. */
    Emitter emitter() {
        return new Emitter(analysis, operands(new int[request().layouts().size() + outputs.size()], true, 0));
    }

    /** Whether kernels for few and for many rows differ. */
    boolean differs(Platform platform) {
        return Writers.differ(emitter(), outputs.getFirst().indices(), body(), platform);
    }

    /** Whether it is written, for many rows, as elements by themselves, with groups as all such kernels have them. */
    boolean rows(Platform platform) {
        Output output = outputs.getFirst();
        return form.isEmpty()
                && outputs.size() == 1
                && RowWriter.find(emitter(), output.indices(), output.body(), platform) != null;
    }

    private Operands operands(int[] slabs, boolean aligned, int first) {
        return new Operands(
                request().kernel().operands(),
                request().layouts(),
                request().output(),
                request().length(),
                constants,
                slabs,
                strides,
                aligned,
                first);
    }

    double[] literals() {
        return constants.keySet().stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The types of the operands and, behind them, of the outputs. */
    List<ElementType> types() {
        List<ElementType> types = new ArrayList<>();
        request().layouts().forEach(layout -> types.add(layout.type()));
        requests.forEach(request -> types.add(request.output()));
        return types;
    }

    /**
     * A kernel as text.
     *
     * @param wide which slab parameters are arrays of words
     * @param entries what the record of a call holds
     * @param size numbers that the record and the literals have room for
     */
    record Text(String body, Set<Integer> wide, List<CallRecord.Entry> entries, int size, Written written) {}

    /**
     * Writes the kernel.
     *
     * @param slabs which slab parameter holds each operand, and behind them each output
     * @param many whether it is for steps of many rows
     * @param aligned whether every matrix of weights begins where a word of its array begins
     * @param first where its record begins, behind the place that is given
     */
    Text write(Platform platform, int[] slabs, boolean many, boolean aligned, int first) {
        Operands operands = operands(slabs, aligned, first);
        Emitter emitter = new Emitter(analysis, operands);
        Written written = style.write(emitter, outputs, platform, many);
        Scope literals = new Scope(null, Set.of(), false);
        operands.declareLiterals(literals);
        StringBuilder code = new StringBuilder(literals.code);
        operands.record.declarations().forEach(line -> code.append(line).append('\n'));
        code.append(Inputs.awaited(emitter.scope.code.toString(), operands.weights()));
        List<CallRecord.Entry> entries = operands.record.entries();
        return new Text(code.toString(), operands.wide(), entries, Math.max(entries.size(), constants.size()), written);
    }

    /** A name that tells readers of generated code and error messages which kernel this is. */
    static String readable(@Nullable String name) {
        String word = name == null ? "" : name.replaceAll("[^A-Za-z0-9]+", "_");
        return word.length() > 40 ? word.substring(word.length() - 40) : word;
    }
}
