import java.io.IOException;
import java.nio.file.Path;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.IOAccess;

/** A model inside a Java program. The argument is the folder that holds stdlib/ and examples/. */
public final class Embedding {
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments.length > 0 ? arguments[0] : "");
        try (Context context =
                Context.newBuilder("tfx").allowIO(IOAccess.ALL).build()) {
            // A source evaluates to the models that it declares; one of them with weights can be called.
            Path file = root.resolve("stdlib/models/llama.tfx");
            Value models = context.eval(Source.newBuilder("tfx", file.toFile()).build());
            Value llama = models.getMember("Llama")
                    .invokeMember("load", root.resolve("examples/llama").toString());
            System.out.println("The capital of" + llama.invokeMember("generate", "The capital of", 16).asString());

            // Called with token ids: the logits, [position][vocabulary].
            Value ids = llama.invokeMember("encode", "The capital of");
            Value logits = llama.execute(ids);
            System.out.println("logits " + logits.getMember("shape"));

            // A session keeps what later positions read: one token more costs one token.
            Value session = llama.invokeMember("session");
            session.invokeMember("step", ids);
            Value next = session.invokeMember("step", 42);
            System.out.println(next.getArraySize() + " logits at position " + session.getMember("position"));

            // Every named value can be looked at, by its path; `values` lists them.
            Value attention = llama.invokeMember("probe", ids, "layers.0.self_attn.p");
            System.out.println("attention of layer 0 " + attention.getMember("shape"));
        }
    }
}
