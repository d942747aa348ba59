package tfx.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;
import tfx.runtime.model.SourceCheck;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** {@code tfx check}: syntax, names and shapes of source files, with the sizes that nothing gives left symbolic. */
@CommandLine.Command(name = "check", description = "Checks syntax, names and shapes of source files.")
final class CheckCommand extends Command {
    @Parameters(arity = "1..*", paramLabel = "FILE")
    private List<String> files = List.of();

    CheckCommand(Console console) {
        super(console);
    }

    @Override
    int run() {
        List<Diagnostic> faults = new ArrayList<>();
        for (String file : files) {
            try {
                SourceCheck.check(file);
            } catch (TfxException fault) {
                faults.addAll(fault.diagnostics());
            }
        }
        if (!faults.isEmpty()) {
            throw new TfxException(faults);
        }
        show(Map.of("checked", files), () -> "");
        return FINE;
    }
}
