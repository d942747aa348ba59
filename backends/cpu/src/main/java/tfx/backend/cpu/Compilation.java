package tfx.backend.cpu;

import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeSpec;
import java.io.File;
import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.lang.model.element.Modifier;
import tfx.backend.common.ClassCache;
import tfx.backend.common.Javac;

/** Java source of kernels to loaded classes: one compiler task for all of them, unless they were compiled before. */
final class Compilation {
    private static final String PACKAGE = "tfx.backend.cpu";

    private Compilation() {}

    /** A kernel's class as Java source. Each phase has methods of its own: the JVM compiles no method that is too long. */
    static String source(String name, Methods methods) {
        TypeSpec.Builder type =
                TypeSpec.classBuilder(name).addModifiers(Modifier.FINAL).superclass(KernelCode.class);
        type.addMethod(
                method("phases", int.class).addCode("$L", methods.phases()).build());
        MethodSpec.Builder parts = method("parts", int.class).addParameter(int.class, "phase");
        MethodSpec.Builder part =
                method("part", void.class).addParameter(int.class, "phase").addParameter(int.class, "part");
        parts.beginControlFlow("switch (phase)");
        part.beginControlFlow("switch (phase)");
        for (int i = 0; i < methods.all().size(); i++) {
            String label = i == methods.all().size() - 1 ? "default" : "case " + i;
            parts.addStatement("$L: return parts$L(f)", label, i);
            part.addStatement("$L: part$L(f, part)", label, i).addStatement("break");
            type.addMethod(MethodSpec.methodBuilder("parts" + i)
                    .addModifiers(Modifier.PRIVATE, Modifier.STATIC)
                    .returns(int.class)
                    .addParameter(Frame.class, "f")
                    .addCode("$L", methods.all().get(i).parts())
                    .build());
            type.addMethod(MethodSpec.methodBuilder("part" + i)
                    .addModifiers(Modifier.PRIVATE, Modifier.STATIC)
                    .addParameter(Frame.class, "f")
                    .addParameter(int.class, "part")
                    .addCode("$L", methods.all().get(i).part())
                    .build());
        }
        type.addMethod(parts.endControlFlow().build());
        type.addMethod(part.endControlFlow().build());
        String text = JavaFile.builder(PACKAGE, type.build())
                .skipJavaLangImports(true)
                .build()
                .toString();
        return text.replaceFirst(
                "\nfinal class",
                "\nimport jdk.incubator.vector.FloatVector;\nimport jdk.incubator.vector.VectorMask;\nimport jdk.incubator.vector.VectorOperators;\nimport tfx.backend.common.ScalarMath;\n\nfinal class");
    }

    private static MethodSpec.Builder method(String name, Class<?> returns) {
        return MethodSpec.methodBuilder(name)
                .addAnnotation(Override.class)
                .returns(returns)
                .addParameter(Frame.class, "f");
    }

    /** Compiles classes and makes one instance of each. */
    static Map<String, KernelCode> load(Map<String, String> sources) {
        if (sources.isEmpty()) {
            return Map.of();
        }
        try {
            List<String> options = List.of(
                    "-classpath",
                    Javac.home(KernelCode.class) + File.pathSeparator + Javac.home(Javac.class),
                    "--add-modules",
                    "jdk.incubator.vector",
                    "-proc:none",
                    "-g:none",
                    "-nowarn",
                    "-XDuseUnsharedTable=true");
            Map<String, byte[]> classes =
                    ClassCache.ofLauncher().get(sources, options, () -> Javac.compile(sources, options));
            Map<String, KernelCode> made = new HashMap<>();
            for (String name : sources.keySet()) {
                var lookup = MethodHandles.lookup().defineHiddenClass(classes.get(PACKAGE + "." + name), true);
                var constructor = lookup.findConstructor(
                        lookup.lookupClass(), java.lang.invoke.MethodType.methodType(void.class));
                made.put(name, (KernelCode) constructor.invoke());
            }
            return made;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("generated classes cannot be loaded", e);
        }
    }
}
