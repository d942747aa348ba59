package tfx.runtime.language;

import java.nio.file.Path;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.HostAccess;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.IOAccess;
import org.graalvm.polyglot.proxy.ProxyArray;
import org.graalvm.polyglot.proxy.ProxyObject;

/** Contexts and a model so small that its values can be computed by hand. */
final class Guests {
    static final Path ROOT = Path.of(System.getProperty("tfx.root", "."));

    /** Every position's logits are the running sum of the rows of the table, times {@code scale}. */
    static final String SUMS = """
            model Sums(vocab, d, scale = 1.0) {
              input tokens[t <= 6] : id(vocab)
              param table[vocab, d]
              s = size(t)
              x = table[tokens, d]
              sums[t, d] = sum[s](x[s, d] where s <= t)
              output scaled = scale * sums
            }
            """;

    private Guests() {}

    static Context.Builder context() {
        return Context.newBuilder("tfx")
                .option("tfx.device", "reference")
                .allowExperimentalOptions(true)
                .allowIO(IOAccess.ALL)
                .allowHostAccess(HostAccess.ALL);
    }

    static Source source(String text) {
        return Source.newBuilder("tfx", text, "m.tfx").buildLiteral();
    }

    static Value sums(Context context) {
        ProxyObject parameters = ProxyObject.fromMap(java.util.Map.of(
                "table", ProxyArray.fromArray(ProxyArray.fromArray(1, 2), ProxyArray.fromArray(10, 20))));
        return context.eval(source(SUMS))
                .getMember("Sums")
                .newInstance(ProxyObject.fromMap(java.util.Map.of("vocab", 2, "d", 2, "scale", 0.5)), parameters);
    }
}
