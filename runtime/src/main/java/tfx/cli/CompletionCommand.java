package tfx.cli;

import picocli.AutoComplete;
import picocli.CommandLine;

/** {@code tfx completion}: the completion script of bash and zsh. */
@CommandLine.Command(
        name = "completion",
        description = "Prints a completion script for bash and zsh: source <(tfx completion)")
final class CompletionCommand extends Command {
    CompletionCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        String script = AutoComplete.bash("tfx", Cli.all(console()));
        show(java.util.Map.of("script", script), () -> script);
        return FINE;
    }
}
