package tfx.backend.tornado;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/**
 * A TornadoVM on this machine, as its folder tells: {@code share/java/tornado} holds its jars, {@code etc/tornado.backend} names
 * the kinds of device it was built for.
 *
 * @param api the jar of its programming interface
 * @param version of TornadoVM
 * @param jdk the Java release it was built for
 * @param backends {@code cuda}, {@code opencl}, {@code ptx} ...
 */
public record Installation(Path home, Path api, String version, int jdk, List<String> backends) {
    private static final Pattern JAR = Pattern.compile("tornado-api-(.+?)(?:-jdk(\\d+))?(?:-dev)?\\.jar");
    private static final String VARIABLE = "TORNADOVM_HOME";
    private static final String MEND = "install the TornadoVM SDK 5.2 for JDK "
            + Runtime.version().feature() + " and set " + VARIABLE + " to its folder, or use --device cpu";

    /**
     * The installation that {@code TORNADOVM_HOME} names, fit for this Java.
     *
     * @throws TfxException TFX0540 where there is none, TFX0541 where it is for another Java
     */
    public static Installation find() {
        String home = System.getenv(VARIABLE);
        if (home == null || home.isBlank()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0540", VARIABLE, "a GPU needs TornadoVM, and " + VARIABLE + " is not set", MEND));
        }
        return at(Path.of(home), Runtime.version().feature());
    }

    /** The installation in a folder, for a Java release. */
    static Installation at(Path home, int java) {
        Path jars = home.resolve("share/java/tornado");
        @Nullable Path api = null;
        Matcher name = JAR.matcher("");
        if (Files.isDirectory(jars)) {
            try (Stream<Path> files = Files.list(jars)) {
                api = files.filter(file ->
                                JAR.matcher(file.getFileName().toString()).matches())
                        .findFirst()
                        .orElse(null);
            } catch (IOException e) {
                throw missing(home, "cannot be read: " + e.getMessage());
            }
        }
        if (api == null || !name.reset(api.getFileName().toString()).matches()) {
            throw missing(home, "holds no share/java/tornado/tornado-api jar");
        }
        // Releases before the suffix came were for JDK 21.
        int jdk = name.group(2) == null ? 21 : Integer.parseInt(name.group(2));
        if (jdk != java) {
            throw new TfxException(Diagnostic.error(
                    "TFX0541",
                    home.toString(),
                    "this TornadoVM (" + name.group(1) + ") is for JDK " + jdk + ", and tfx runs on JDK " + java,
                    MEND));
        }
        return new Installation(home, api, name.group(1), jdk, backends(home));
    }

    private static TfxException missing(Path home, String what) {
        return new TfxException(Diagnostic.error("TFX0540", VARIABLE, "the folder " + home + " " + what, MEND));
    }

    private static List<String> backends(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("etc/tornado.backend"))) {
            Optional<String> line =
                    lines.filter(text -> text.startsWith("tornado.backends=")).findFirst();
            List<String> all = new ArrayList<>();
            line.ifPresent(
                    text -> Arrays.stream(text.substring(text.indexOf('=') + 1).split(","))
                            .map(name -> name.trim().replace("-backend", ""))
                            .forEach(all::add));
            return List.copyOf(all);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** TFX0542 where it was built without the backend of this name; any will do where that is empty. */
    void require(String wanted) {
        if (!wanted.isEmpty() && !backends.contains(wanted)) {
            throw new TfxException(Diagnostic.error(
                    "TFX0542",
                    home.toString(),
                    "this TornadoVM was built without " + wanted + "; it has " + String.join(", ", backends),
                    "use --device gpu:" + String.join(" or gpu:", backends) + ", or install one built for " + wanted));
        }
    }

    /** The jars that classes made at run time are compiled against: TornadoVM's programming interface and its runtime. */
    List<Path> jars() {
        String runtime = api.getFileName().toString().replace("tornado-api-", "tornado-runtime-");
        return List.of(api, api.resolveSibling(runtime));
    }

    /** Whether this Java process was started with TornadoVM's modules, as the launcher does it for {@code --device gpu}. */
    public static boolean started() {
        return ModuleLayer.boot().findModule("tornado.api").isPresent() && System.getProperty("tfx.kernels") != null;
    }

    /** TFX0540 where it was not. */
    void requireStarted() {
        if (!started()) {
            throw new TfxException(Diagnostic.error(
                    "TFX0540",
                    home.toString(),
                    "this process was not started with TornadoVM's modules",
                    "start it by the launcher: ./tfx ... --device gpu"));
        }
    }
}
