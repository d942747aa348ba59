package tfx.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;

/**
 * An output whose faults end the command: a print stream would only note them, and a command whose reader has gone or whose
 * disk is full would compute on for nobody. After the fault nothing more is written.
 */
final class CheckedOutput extends FilterOutputStream {
    private boolean failed;

    CheckedOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
        attempt(() -> out.write(bytes, from, count));
    }

    @Override
    public void flush() {
        attempt(out::flush);
    }

    private interface Write {
        void run() throws IOException;
    }

    private void attempt(Write write) {
        if (failed) {
            return;
        }
        try {
            write.run();
        } catch (IOException e) {
            failed = true;
            throw new UncheckedIOException(new FileSystemException("standard output", null, e.getMessage()));
        }
    }
}
