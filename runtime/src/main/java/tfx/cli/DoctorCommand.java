package tfx.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import tfx.backend.tornado.Installation;
import tfx.backend.tornado.TornadoBackend;
import tfx.runtime.model.StandardLibrary;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** {@code tfx doctor}: what this machine offers, and what is missing. Exit code 1 where something needed is missing. */
@CommandLine.Command(name = "doctor", description = "Shows what this machine offers and what is missing.")
final class DoctorCommand extends Command {
    private static final int JAVA = 25;

    private final Map<String, Object> found = new LinkedHashMap<>();
    private final Map<String, String> missing = new LinkedHashMap<>();

    DoctorCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        found.put("tfx", Cli.VERSION);
        found.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        found.put("java home", System.getProperty("java.home"));
        if (Runtime.version().feature() < JAVA) {
            missing.put("java", "install a JDK " + JAVA + " and set JAVA_HOME");
        }
        found.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        found.put("cores", Runtime.getRuntime().availableProcessors());
        found.put("memory MiB", physicalMemory() >> 20);
        found.put("heap limit MiB", Runtime.getRuntime().maxMemory() >> 20);
        probe(
                "vector bits",
                "start java with --add-modules jdk.incubator.vector, as the tfx launcher does",
                DoctorCommand::vectorBits);
        probe("compiler", "run on a JDK, not a runtime image: kernels are compiled by javac in memory", () -> {
            if (javax.tools.ToolProvider.getSystemJavaCompiler() == null) {
                throw new IllegalStateException("no javac");
            }
            return "javac";
        });
        probe(
                "truffle",
                "the graalvm libraries are not on the class path: build again with ./mvnw package",
                () -> com.oracle.truffle.api.Truffle.getRuntime().getName());
        probe("tokenizers", "the native tokenizer library does not load on this system", DoctorCommand::tokenizers);
        probe("stdlib", "start tfx by its launcher, or give -Dtfx.root=REPOSITORY", () -> {
            Path folder = StandardLibrary.folder();
            if (!Files.isDirectory(folder)) {
                throw new IllegalStateException("no folder " + folder);
            }
            return folder.toString();
        });
        found.put("gpu", gpu());
        Map<String, Object> document = new LinkedHashMap<>(found);
        document.put("missing", missing);
        show(document, this::text);
        return missing.isEmpty() ? FINE : INPUT;
    }

    private String text() {
        StringBuilder out = new StringBuilder();
        found.forEach((what, value) -> out.append(String.format("%-15s %s%n", what, value)));
        missing.forEach((what, mend) -> out.append(String.format("%-15s missing: %s%n", what, mend)));
        out.append(missing.isEmpty() ? "all is well\n" : "");
        return out.toString();
    }

    private void probe(String what, String mend, Callable<Object> probe) {
        try {
            found.put(what, probe.call());
        } catch (Exception | LinkageError fault) {
            found.put(what, "none (" + fault.getMessage() + ")");
            missing.put(what, mend);
        }
    }

    /** What {@code --device gpu} would find; a machine without is well all the same. */
    private static String gpu() {
        try {
            Installation installation = Installation.find();
            String version = "TornadoVM " + installation.version() + " for "
                    + String.join(", ", installation.backends()) + " in " + installation.home();
            return Installation.started()
                    ? version + "; devices: " + String.join("; ", TornadoBackend.devices())
                    : version + "; it does not start: run it with its own launcher for the reason";
        } catch (TfxException fault) {
            Diagnostic reason = fault.diagnostics().getFirst();
            return "none (" + reason.code() + " " + reason.message() + "; " + reason.mend() + ")";
        }
    }

    private static Object vectorBits() throws ReflectiveOperationException {
        // Asked for by name, so that this class loads where the module is absent.
        Object species = Class.forName("jdk.incubator.vector.FloatVector")
                .getField("SPECIES_PREFERRED")
                .get(null);
        return Class.forName("jdk.incubator.vector.VectorSpecies")
                .getMethod("vectorBitSize")
                .invoke(species);
    }

    private static Object tokenizers() throws ReflectiveOperationException {
        Class.forName("ai.djl.huggingface.tokenizers.jni.LibUtils")
                .getMethod("checkStatus")
                .invoke(null);
        return "loaded";
    }

    private static long physicalMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }
}
