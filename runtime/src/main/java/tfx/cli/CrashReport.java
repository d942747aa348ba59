package tfx.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What is kept of a fault of ours: a file in the temporary folder with the arguments, the machine and the stack. */
final class CrashReport {
    private CrashReport() {}

    /** Writes the report; returns where, or the stack itself where nothing can be written. */
    static String write(List<String> arguments, Throwable fault) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        out.println("tfx " + Cli.VERSION + " " + String.join(" ", arguments));
        out.println("java " + System.getProperty("java.vm.version") + " on " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch"));
        fault.printStackTrace(out);
        out.flush();
        try {
            Path file = Files.createTempFile("tfx-report-", ".txt");
            Files.writeString(file, text.toString());
            return file.toString();
        } catch (IOException e) {
            return text.toString();
        }
    }
}
