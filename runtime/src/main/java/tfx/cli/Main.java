package tfx.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;

/** The entry point of the {@code tfx} launcher. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        PrintStream out = new PrintStream(
                new CheckedOutput(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out))),
                false,
                System.out.charset());
        int code = Cli.run(args, out, System.err);
        System.err.flush();
        // Ends worker threads of the engine and the tokenizer library, which are not ours to stop one by one.
        System.exit(code);
    }
}
