package tfx.cli;

import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** What all commands share: the console and {@code --json}. {@link #run()} returns the exit code. */
abstract class Command implements Callable<Integer> {
    static final int FINE = 0;
    static final int INPUT = 1;

    private final Console console;

    @Option(names = "--json", description = "Results and diagnostics as JSON.")
    private boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    Command(Console console) {
        this.console = console;
    }

    final Console console() {
        return console;
    }

    /** One JSON document, or what {@code text} says, on the standard output. */
    final void show(Object document, Supplier<String> text) {
        if (console.json()) {
            console.out().println(Json.write(document));
        } else {
            String shown = text.get();
            console.out().print(shown.isEmpty() || shown.endsWith("\n") ? shown : shown + "\n");
        }
        console.out().flush();
    }

    /** What {@code work} gives, with the seconds shown while it lasts long. */
    final <T> T waiting(String what, Supplier<T> work) {
        try (Progress progress = Progress.waiting(console, what)) {
            return work.get();
        }
    }

    @Override
    public final Integer call() throws Exception {
        console.json(json);
        return run();
    }

    abstract int run() throws Exception;
}
