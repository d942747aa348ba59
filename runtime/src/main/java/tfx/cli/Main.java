package tfx.cli;

/** The entry point of the {@code tfx} launcher. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        int code = Cli.run(args, System.out, System.err);
        System.out.flush();
        System.err.flush();
        // Ends worker threads of the engine and the tokenizer library, which are not ours to stop one by one.
        System.exit(code);
    }
}
