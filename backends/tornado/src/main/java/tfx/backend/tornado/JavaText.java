package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeName;
import com.palantir.javapoet.TypeSpec;
import java.util.ArrayList;
import java.util.List;
import javax.lang.model.element.Modifier;
import tfx.compiler.schedule.ElementType;

/** Kernels as Java classes, for platforms that take their bytecode. */
final class JavaText {
    private JavaText() {}

    static String of(KernelText kernel, Platform platform) {
        MethodSpec.Builder run = MethodSpec.methodBuilder("run")
                .addModifiers(Modifier.PUBLIC, Modifier.STATIC)
                .addParameter(platform.type("KernelContext"), "context")
                .addParameter(platform.type("IntArray"), "slot")
                .addParameter(platform.type("IntArray"), "args")
                .addParameter(platform.type("DoubleArray"), "literals");
        List<TypeName> types = new ArrayList<>(
                List.of(platform.type("IntArray"), platform.type("IntArray"), platform.type("DoubleArray")));
        for (KernelText.Parameter slab : kernel.slabs()) {
            TypeName type = platform.type(arrayType(slab.type()));
            run.addParameter(type, slab.name());
            types.add(type);
        }
        // The method that makes the task stands beside the kernel: TornadoVM finds the kernel through its method
        // reference.
        MethodSpec task = MethodSpec.methodBuilder("addTo")
                .addAnnotation(Override.class)
                .addModifiers(Modifier.PUBLIC)
                .addParameter(Object.class, "graph")
                .addParameter(String.class, "id")
                .addParameter(Object.class, "context")
                .addParameter(Object[].class, "arguments")
                .addStatement(platform.task(kernel.name(), types))
                .build();
        TypeSpec type = TypeSpec.classBuilder(kernel.name())
                .addModifiers(Modifier.PUBLIC, Modifier.FINAL)
                .addSuperinterface(ClassName.get(Task.class))
                .addMethod(run.addStatement("final int at = slot.get(0)")
                        .addCode("$L", uses(platform, kernel.body()))
                        .build())
                .addMethod(task)
                .build();
        return JavaFile.builder(Template.PACKAGE, type)
                .skipJavaLangImports(true)
                .build()
                .toString();
    }

    /** The code with the device's types named in full where it uses them as plain names. */
    private static String uses(Platform platform, String code) {
        String named = Reads.plain(platform.overlaps() ? code : Inputs.without(code));
        for (String type : List.of("TornadoMath", "BFloat16")) {
            named = named.replace(type + ".", platform.type(type).canonicalName() + ".");
        }
        return named;
    }

    private static String arrayType(ElementType type) {
        return switch (type) {
            case F32 -> "FloatArray";
            case I32 -> "IntArray";
            case F16 -> "HalfFloatArray";
            case BF16 -> "BFloat16Array";
            case F64 -> "DoubleArray";
            case I64 -> "LongArray";
        };
    }
}
