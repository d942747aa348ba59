package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Kernels of few rows in one launch, each as its own writer has it: the first group is of the first, the next of the second, and so
 * on in turn.
 */
final class SideBySide implements KernelWriter {
    /** Outputs of a launch at most: no device is given fewer groups. */
    static final int MOST = 3;

    private static final Pattern ARRAY = Pattern.compile("context\\.allocate\\w+LocalArray\\((\\d+)\\)");

    private final Emitter e;
    private final List<Template.Output> outputs;
    private final Platform platform;

    SideBySide(Emitter emitter, List<Template.Output> outputs, Platform platform) {
        this.e = emitter;
        this.outputs = outputs;
        this.platform = platform;
    }

    /**
     * Whether kernels can be one launch: they are short, so that to start them costs as much as to run them, of one kind, have groups
     * of one size, and fit into a group's memory together.
     */
    static boolean fit(List<Template> kernels, Platform platform) {
        List<Emitter> emitters = new ArrayList<>();
        List<KernelWriter> writers = new ArrayList<>();
        for (Template kernel : kernels) {
            for (Template.Output output : kernel.outputs()) {
                emitters.add(kernel.emitter());
                writers.add(Writers.of(emitters.getLast(), output, platform, false));
            }
        }
        KernelWriter first = writers.getFirst();
        boolean alike = writers.stream().allMatch(writer -> writer.getClass() == first.getClass());
        boolean brief = first instanceof RowSumWriter || first instanceof ColumnProducts;
        if (!alike || !brief || writers.size() > MOST) {
            return false;
        }
        long sizes = writers.stream()
                .mapToInt(writer -> writer.write().group())
                .distinct()
                .count();
        long numbers = emitters.stream()
                .flatMap(emitter -> ARRAY.matcher(emitter.scope.code).results())
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .sum();
        return sizes == 1 && 4 * numbers <= platform.localMemory();
    }

    @Override
    public Written write() {
        List<Written> all = new ArrayList<>();
        int count = outputs.size();
        for (Template.Output output : outputs) {
            int number = output.number();
            e.block("if (context.groupIdx % " + count + " == " + number + ") {", "}", Set.of(), true, () -> {
                e.operands.computing(
                        number,
                        () -> all.add(Writers.of(e, output, platform, false).write()));
                String code = Inputs.awaited(e.scope.code.toString(), e.operands.weights());
                e.scope.code.setLength(0);
                e.scope.code.append(own(code, number, all.getFirst().group()));
            });
        }
        Written first = all.getFirst();
        Written.Groups groups = first.groups()
                .of(call -> count
                        * all.stream()
                                .mapToLong(written -> written.groups().pieces().of(call))
                                .max()
                                .orElseThrow());
        return new Written(e, first.group(), all.stream().anyMatch(Written::barriers), groups);
    }

    /** A kernel's text with its groups counted among its own. */
    private String own(String code, int number, int group) {
        int count = outputs.size();
        String groups = "(context.globalGroupSizeX / " + group + " + " + (count - 1 - number) + ") / " + count;
        return code.replace("context.globalGroupSizeX", "(" + groups + " * " + group + ")")
                .replace("context.groupIdx", "(context.groupIdx / " + count + ")");
    }
}
