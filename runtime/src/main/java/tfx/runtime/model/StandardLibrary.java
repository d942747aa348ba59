package tfx.runtime.model;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where {@code stdlib/} lies: in the repository, which the launcher names in the system property {@code tfx.root}. */
public final class StandardLibrary {
    private StandardLibrary() {}

    /** The folder that holds {@code stdlib}. */
    public static Path root() {
        String root = System.getProperty("tfx.root");
        return root == null ? Path.of("").toAbsolutePath() : Path.of(root);
    }

    public static Path folder() {
        return root().resolve("stdlib");
    }

    /** A path as the user wrote it; one that begins with {@code stdlib/} and is not there is looked for in the library. */
    static Path locate(String path) {
        Path given = Path.of(path);
        return !Files.exists(given) && given.startsWith("stdlib") ? root().resolve(given) : given;
    }
}
