package tfx.runtime.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes files that appear complete or not at all: the bytes go to a temporary file beside the target, which takes the
 * target's name at the end and is deleted on failure, thread interrupt or the end of the process. A link stays one: what it
 * leads to is replaced. A file that is there keeps its permissions.
 */
public final class WholeFile {
    private WholeFile() {}

    /** Writes the bytes, in one go or many. */
    public interface Body {
        void write(FileChannel out) throws IOException;
    }

    public static void write(Path target, Body body) throws IOException {
        Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw new java.nio.file.FileSystemException(target.toString(), null, "this is no file");
        }
        Path temporary = real.resolveSibling("." + real.getFileName() + "." + UUID.randomUUID() + ".part");
        Unfinished.add(temporary);
        try {
            try (FileChannel out =
                    FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                body.write(out);
                out.force(true);
            }
            permit(real, temporary);
            move(temporary, real);
        } finally {
            Unfinished.remove(temporary);
        }
    }

    /** A text in UTF-8. */
    public static void write(Path target, String text) throws IOException {
        write(target, out -> all(out, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    /** Every byte of a buffer, however many a channel takes at once. */
    static void all(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static void permit(Path target, Path temporary) throws IOException {
        if (Files.exists(target)) {
            try {
                Files.setPosixFilePermissions(temporary, Files.getPosixFilePermissions(target));
            } catch (UnsupportedOperationException noPosix) {
                // Such a file system has no permissions to keep.
            }
        }
    }

    private static void move(Path temporary, Path target) throws IOException {
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The temporary files of writes under way; what is left when the process ends is deleted. */
    private static final class Unfinished {
        private static final Set<Path> FILES = ConcurrentHashMap.newKeySet();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> FILES.forEach(Unfinished::delete), "tfx-unfinished"));
        }

        static void add(Path file) {
            FILES.add(file);
        }

        /** Deletes the file where it is still there, which it is not after its move. */
        static void remove(Path file) {
            delete(file);
            FILES.remove(file);
        }

        private static void delete(Path file) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException("the temporary file " + file + " could not be deleted", e);
            }
        }
    }
}
