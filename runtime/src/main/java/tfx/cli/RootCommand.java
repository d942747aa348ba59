package tfx.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tfx} alone: help and version. */
@CommandLine.Command(
        name = "tfx",
        description = "A declarative language for transformer architectures, and its compiler.",
        footer = {
            "",
            "MODEL is a .tfx file, a folder with model.tfx, a folder in Hugging Face layout (config.json,",
            "*.safetensors, tokenizer.json), or a .safetensors file that carries its configuration.",
            "Exit codes: 0 fine, 1 the input is at fault, 2 usage, 70 a fault of tfx."
        })
final class RootCommand implements Runnable {
    private final Console console;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    @Option(names = "--version", description = "Show the version.")
    private boolean version;

    RootCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        if (!version) {
            throw new ParameterException(spec.commandLine(), "a command is missing");
        }
        console.out().println("tfx " + Cli.VERSION);
    }
}
