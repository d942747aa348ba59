package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.ParameterizedTypeName;
import com.palantir.javapoet.TypeName;
import java.util.ArrayList;
import java.util.List;

/** TornadoVM's programming interface as generated classes name it. */
final class TornadoApi {
    private static final String API = "uk.ac.manchester.tornado.api";

    private TornadoApi() {}

    /** The class of this simple name. */
    static ClassName type(String simpleName) {
        return switch (simpleName) {
            case "TornadoMath" -> ClassName.get(API + ".math", simpleName);
            case "TornadoFunctions" -> ClassName.get(API + ".common", simpleName);
            case "BFloat16" -> ClassName.get(API + ".types", simpleName);
            default ->
                simpleName.endsWith("Array")
                        ? ClassName.get(API + ".types.arrays", simpleName)
                        : ClassName.get(API, simpleName);
        };
    }

    /** The statement of {@link Platform#task}. */
    static CodeBlock task(String name, List<TypeName> parameters) {
        List<TypeName> types = new ArrayList<>(List.of(type("KernelContext")));
        types.addAll(parameters);
        ClassName function = type("TornadoFunctions").nestedClass("Task" + types.size());
        CodeBlock.Builder arrays = CodeBlock.builder();
        for (int k = 0; k < parameters.size(); k++) {
            arrays.add(", arguments[$L]", k);
        }
        // Through the plain type: the device does not tell arrays of words from arrays of short elements, Java does.
        return CodeBlock.of(
                "(($T) graph).task(id, ($T) ($T) $L::run, context$L)",
                type("TaskGraph"),
                function,
                ParameterizedTypeName.get(function, types.toArray(TypeName[]::new)),
                name,
                arrays.build());
    }
}
