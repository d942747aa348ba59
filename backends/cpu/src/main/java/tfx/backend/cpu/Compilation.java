package tfx.backend.cpu;

import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.TypeSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.lang.model.element.Modifier;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

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
                "\nimport jdk.incubator.vector.FloatVector;\nimport jdk.incubator.vector.VectorMask;\nimport jdk.incubator.vector.VectorOperators;\n\nfinal class");
    }

    /** Compiles classes and makes one instance of each. */
    static Map<String, KernelCode> load(Map<String, String> sources) {
        if (sources.isEmpty()) {
            return Map.of();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("this Java runtime has no compiler: a JDK is needed, not a JRE");
        }
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        List<JavaFileObject> units = new ArrayList<>();
        sources.forEach((name, text) -> units.add(new Text(name, text)));
        Map<String, byte[]> classes = new HashMap<>();
        try (Output output = new Output(compiler.getStandardFileManager(found, null, null), classes)) {
            List<String> options = List.of(
                    "-classpath",
                    home(),
                    "--add-modules",
                    "jdk.incubator.vector",
                    "-proc:none",
                    "-g:none",
                    "-nowarn",
                    "-XDuseUnsharedTable=true");
            if (!compiler.getTask(null, output, found, options, null, units).call()) {
                StringBuilder errors = new StringBuilder("generated code does not compile:");
                for (Diagnostic<? extends JavaFileObject> d : found.getDiagnostics()) {
                    if (d.getKind() == Diagnostic.Kind.ERROR) {
                        errors.append('\n').append(d);
                    }
                }
                throw new IllegalStateException(errors + "\n" + String.join("\n", sources.values()));
            }
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

    /** Where this module's own classes lie: all that generated code refers to. */
    private static String home() throws URISyntaxException {
        return Path.of(KernelCode.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
    }

    private static final class Text extends SimpleJavaFileObject {
        private final String text;

        Text(String name, String text) {
            super(URI.create("mem:///" + name + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, byte[]> classes;

        Output(JavaFileManager manager, Map<String, byte[]> classes) {
            super(manager);
            this.classes = classes;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, FileObject sibling) throws IOException {
            return new SimpleJavaFileObject(URI.create("mem:///" + name + ".class"), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return new ByteArrayOutputStream() {
                        @Override
                        public void close() {
                            classes.put(name, toByteArray());
                        }
                    };
                }
            };
        }
    }
}
