package tfx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tfx.grammar.Formatter;
import tfx.grammar.Syntax;
import tfx.runtime.weights.WholeFile;
import tfx.source.Diagnostic;
import tfx.source.Source;
import tfx.source.TfxException;

/** {@code tfx fmt}: the one layout of source files, in place. Where one of them has a fault none is changed. */
@CommandLine.Command(name = "fmt", description = "Lays source files out, in place; comments stay.")
final class FmtCommand extends Command {
    @Parameters(arity = "1..*", paramLabel = "FILE")
    private List<Path> files = List.of();

    @Option(names = "--check", description = "Changes nothing; exit code 1 where a file is not laid out.")
    private boolean check;

    FmtCommand(Console console) {
        super(console);
    }

    @Override
    int run() throws IOException {
        Map<Path, String> changed = new LinkedHashMap<>();
        List<Diagnostic> faults = new ArrayList<>();
        for (Path file : files) {
            try {
                Source source = Syntax.read(file);
                String text = Formatter.format(source);
                if (!text.equals(source.text())) {
                    changed.put(file, text);
                }
            } catch (TfxException fault) {
                faults.addAll(fault.diagnostics());
            }
        }
        if (check) {
            changed.keySet().forEach(file -> faults.add(notLaidOut(file)));
        }
        if (!faults.isEmpty()) {
            throw new TfxException(faults);
        }
        for (Map.Entry<Path, String> file : changed.entrySet()) {
            WholeFile.write(file.getKey(), file.getValue());
        }
        List<String> names = changed.keySet().stream().map(Path::toString).toList();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("files", files.stream().map(Path::toString).toList());
        document.put("changed", names);
        show(document, () -> String.join("\n", names));
        return FINE;
    }

    private static Diagnostic notLaidOut(Path file) {
        return Diagnostic.error(
                "TFX0618", file.toString(), "this file is not laid out as tfx fmt does it", "run tfx fmt " + file);
    }
}
