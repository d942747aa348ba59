package tfx.compiler.names;

import java.util.Optional;
import tfx.source.Source;

/** Gives the text of a path: {@code stdlib/...} from the standard library, any other as the implementation sees fit. */
@FunctionalInterface
public interface Loader {
    /** The text at {@code path} ({@code /} between its parts), or empty where there is none. */
    Optional<Source> load(String path);

    /** This loader where it has the path, else {@code other}. */
    default Loader or(Loader other) {
        return path -> {
            Optional<Source> found = load(path);
            return found.isPresent() ? found : other.load(path);
        };
    }
}
