package tfx.runtime.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Loads the tokenizers library from its jar, offline. */
final class NativeLibrary {
    private static final String CACHE = "ENGINE_CACHE_DIR";

    private NativeLibrary() {}

    /** Loads the library where that has not happened yet; TFX0405 where this machine cannot. */
    static synchronized void prepare(Path tokenizer) {
        // Set before the first touch of the library: it would else report itself and look for other builds of itself.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        try {
            chooseCache();
            LibUtils.checkStatus();
        } catch (IOException | RuntimeException | LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new TfxException(Diagnostic.error(
                    "TFX0405",
                    tokenizer.toString(),
                    "the tokenizers library does not load on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch") + ": " + cause.getMessage(),
                    "run on Linux (x86_64, aarch64), macOS (aarch64) or Windows (x86_64), with a writable home or "
                            + CACHE + " naming a writable folder"));
        }
    }

    /** Where the home cannot be written the library is unpacked to a private folder that goes with the process. */
    private static void chooseCache() throws IOException {
        if (System.getProperty(CACHE) != null
                || System.getenv(CACHE) != null
                || System.getenv("DJL_CACHE_DIR") != null) {
            return;
        }
        Path home = Path.of(System.getProperty("user.home", ""));
        Path cache = home.resolve(".djl.ai");
        if (Files.isWritable(Files.isDirectory(cache) ? cache : home)) {
            return;
        }
        Path folder = Files.createTempDirectory("tfx-native");
        System.setProperty(CACHE, folder.toString());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder), "tfx-native-cache"));
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // A left-over in the temporary folder harms nobody, and there is nobody left to tell.
            return;
        }
    }
}
