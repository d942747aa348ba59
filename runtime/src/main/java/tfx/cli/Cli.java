package tfx.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Runs one command line in this process; the launcher and the tests both come in here. */
public final class Cli {
    public static final String VERSION = "0.1.0";

    private static final int USAGE = 2;
    private static final int BUG = 70;

    private static final Map<String, Function<Console, Command>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("grow", GrowCommand::new);
        COMMANDS.put("check", CheckCommand::new);
        COMMANDS.put("fmt", FmtCommand::new);
        COMMANDS.put("explain", ExplainCommand::new);
        COMMANDS.put("run", RunCommand::new);
        COMMANDS.put("eval", EvalCommand::new);
        COMMANDS.put("compare", CompareCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("test", TestCommand::new);
        COMMANDS.put("doctor", DoctorCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
    }

    private Cli() {}

    /**
     * Runs a command.
     *
     * @return 0 fine, 1 the user's input is at fault, 2 usage, 70 our bug
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        Console console = new Console(out, err);
        // Only the command asked for is built: reading the annotations of all of them costs a tenth of a second.
        boolean one = args.length > 0 && COMMANDS.containsKey(args[0]);
        CommandLine line = commandLine(console, one ? List.of(args[0]) : List.copyOf(COMMANDS.keySet()));
        line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((fault, given) -> usage(console, fault, given));
        line.setExecutionExceptionHandler((fault, command, result) -> failed(console, fault, args));
        try {
            int code = line.execute(args);
            out.flush();
            return code;
        } catch (StackOverflowError | OutOfMemoryError | LinkageError | UncheckedIOException fault) {
            return failed(console, fault, args);
        } finally {
            err.flush();
        }
    }

    /** The whole command tree, as the completion script needs it. */
    static CommandLine all(Console console) {
        return commandLine(console, List.copyOf(COMMANDS.keySet()));
    }

    private static CommandLine commandLine(Console console, List<String> commands) {
        CommandLine line = new CommandLine(new RootCommand(console));
        for (String name : commands) {
            line.addSubcommand(name, COMMANDS.get(name).apply(console));
        }
        line.setUsageHelpAutoWidth(false);
        line.setAbbreviatedOptionsAllowed(false);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExpandAtFiles(false);
        return line;
    }

    private static int usage(Console console, ParameterException fault, String[] args) {
        console.json(Arrays.asList(args).contains("--json"));
        String command = fault.getCommandLine().getCommandSpec().qualifiedName();
        String mend = "see " + command + " --help";
        if (fault instanceof UnmatchedArgumentException unmatched
                && !unmatched.getSuggestions().isEmpty()) {
            mend = "did you mean " + unmatched.getSuggestions().getFirst() + "? " + mend;
        }
        console.diagnose(List.of(Diagnostic.error("TFX0601", command, fault.getMessage(), mend)));
        return USAGE;
    }

    private static int failed(Console console, Throwable fault, String[] args) {
        switch (fault) {
            case TfxException input -> {
                console.diagnose(input.diagnostics());
                return Command.INPUT;
            }
            case UncheckedIOException io -> console.diagnose(List.of(file(io.getCause())));
            case IOException io -> console.diagnose(List.of(file(io)));
            case OutOfMemoryError memory ->
                console.diagnose(List.of(Diagnostic.error(
                        "TFX0604",
                        "memory",
                        "the model and its inputs need more memory than this process may use ("
                                + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB of heap)",
                        "use a smaller model or a shorter input, or raise the limit with JAVA_TOOL_OPTIONS=-Xmx…")));
            default -> {
                console.diagnose(List.of(Diagnostic.error(
                        "TFX0699",
                        "tfx",
                        "a fault of tfx itself (" + fault.getClass().getSimpleName() + ")",
                        "please report it with " + CrashReport.write(List.of(args), fault))));
                return BUG;
            }
        }
        return Command.INPUT;
    }

    private static Diagnostic file(IOException fault) {
        String where =
                fault instanceof FileSystemException system && system.getFile() != null ? system.getFile() : "file";
        String what = switch (fault) {
            case java.nio.file.NoSuchFileException missing -> "there is no such file";
            case java.nio.file.AccessDeniedException denied -> "it may not be opened";
            case FileSystemException system when system.getReason() != null -> system.getReason();
            default -> String.valueOf(fault.getMessage());
        };
        return Diagnostic.error("TFX0603", where, what, "check the path and its permissions");
    }
}
