package tfx.backend.cpu;

import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeSpec;
import java.io.File;
import java.lang.invoke.MethodHandles;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.lang.model.element.Modifier;
import tfx.backend.common.Javac;

/** Java source of kernels to loaded classes: one compiler task for all of them, nothing written to disk. */
final class Compilation {
    private static final String PACKAGE = "tfx.backend.cpu";

    private Compilation() {}

    /** A kernel's class as Java source. */
    static String source(String name, ElementwiseWriter.Methods methods) {
        MethodSpec phases = MethodSpec.methodBuilder("phases")
                .addAnnotation(Override.class)
                .returns(int.class)
                .addParameter(Frame.class, "f")
                .addCode(CodeBlock.of("$L", methods.phases()))
                .build();
        MethodSpec parts = MethodSpec.methodBuilder("parts")
                .addAnnotation(Override.class)
                .returns(int.class)
                .addParameter(Frame.class, "f")
                .addParameter(int.class, "phase")
                .addCode(CodeBlock.of("$L", methods.parts()))
                .build();
        MethodSpec part = MethodSpec.methodBuilder("part")
                .addAnnotation(Override.class)
                .addParameter(Frame.class, "f")
                .addParameter(int.class, "phase")
                .addParameter(int.class, "part")
                .addCode(CodeBlock.of("$L", methods.part()))
                .build();
        TypeSpec type = TypeSpec.classBuilder(name)
                .addModifiers(Modifier.FINAL)
                .superclass(KernelCode.class)
                .addMethod(phases)
                .addMethod(parts)
                .addMethod(part)
                .build();
        String text = JavaFile.builder(PACKAGE, type)
                .skipJavaLangImports(true)
                .build()
                .toString();
        return text.replaceFirst(
                "\nfinal class",
                "\nimport jdk.incubator.vector.FloatVector;\nimport jdk.incubator.vector.VectorMask;\nimport jdk.incubator.vector.VectorOperators;\nimport tfx.backend.common.ScalarMath;\n\nfinal class");
    }

    /** Compiles classes and makes one instance of each. */
    static Map<String, KernelCode> load(Map<String, String> sources) {
        if (sources.isEmpty()) {
            return Map.of();
        }
        try {
            Map<String, byte[]> classes = Javac.compile(
                    sources,
                    List.of(
                            "-classpath",
                            home(KernelCode.class) + File.pathSeparator + home(Javac.class),
                            "--add-modules",
                            "jdk.incubator.vector",
                            "-proc:none",
                            "-g:none",
                            "-nowarn",
                            "-XDuseUnsharedTable=true"));
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

    /** Where a module's classes lie; this one's and the shared one's are all that generated code refers to. */
    private static String home(Class<?> of) throws URISyntaxException {
        return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString();
    }
}
