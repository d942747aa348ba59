package tfx.backend.tornado;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tfx.compiler.schedule.ElementType;

/**
 * Kernels as CUDA C++, for a device whose own compiler reads it. Most of a body is C++ as it stands, with the names that
 * {@code Preamble.cu} defines; what is not is rewritten here.
 */
final class CudaText {
    private static final Pattern SHARED =
            Pattern.compile("final (int|float)\\[\\] (\\w+) = context\\.allocate\\w+LocalArray\\((.+)\\);");
    private static final Pattern OWN = Pattern.compile("final (int|float)\\[\\] (\\w+) = new \\1\\[(.+)\\];");
    private static final Pattern FUNCTIONS = Pattern.compile("\\b(TornadoMath|BFloat16|Float)\\.");
    /** Whole numbers of type float: in C++ they have a point. */
    private static final Pattern WHOLE = Pattern.compile("(?<![\\w.]|[eE][+-])(\\d+)f\\b");

    /** What a kernel has before its slabs. */
    private static final List<KernelText.Parameter> ARRAYS = List.of(
            new KernelText.Parameter("args", ElementType.I32, false),
            new KernelText.Parameter("literals", ElementType.F64, false));

    private static final String PREAMBLE = preamble();

    private CudaText() {}

    /** The file. Nothing in it is of one layer. */
    static String of(KernelText kernel) {
        // Without a number of its own the compiler saves registers, for as many groups as may be: it reads late what is
        // read ahead.
        String bounds = kernel.group() + (kernel.held() == 0 ? "" : ", " + kernel.held());
        StringBuilder head = new StringBuilder(
                "extern \"C\" __launch_bounds__(" + bounds + ") __global__ void " + kernel.name() + "(const int at");
        StringBuilder start =
                new StringBuilder("const KernelContext<" + kernel.group() + "> context;\ncontext.startNext();\n");
        List<KernelText.Parameter> arrays = new ArrayList<>(ARRAYS);
        arrays.addAll(kernel.slabs());
        for (KernelText.Parameter array : arrays) {
            String type = element(array.type());
            head.append(", ").append(type).append(" *").append(array.name()).append('_');
            start.append("const Array<" + type + "> " + array.name() + " = {" + array.name() + "_};\n");
        }
        // A group without work waits too: a kernel has not ended before those that it follows.
        return PREAMBLE + head + ") {\n" + start + rewritten(kernel.body()) + Inputs.AWAITED + "\n}\n";
    }

    private static String element(ElementType type) {
        return switch (type) {
            case F32 -> "float";
            case I32 -> "int";
            case F16 -> "HalfFloat";
            case BF16 -> "short";
            case F64 -> "double";
            case I64 -> "long";
        };
    }

    /** Java's text as C++'s. */
    static String rewritten(String body) {
        String text = SHARED.matcher(body).replaceAll("__shared__ __align__(16) $1 $2[$3];");
        text = OWN.matcher(text).replaceAll("$1 $2[$3] = {};");
        text = FUNCTIONS.matcher(text).replaceAll("$1::");
        return WHOLE.matcher(text).replaceAll("$1.0f");
    }

    private static String preamble() {
        try (InputStream in = CudaText.class.getResourceAsStream("Preamble.cu")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
