package tfx.cli;

/** A progress bar on a terminal's error stream, drawn only for work that lasts over a second. Silent elsewhere. */
final class Progress implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long DELAY_NANOS = 1_000_000_000L;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final Console console;
    private final String what;
    private final long started = System.nanoTime();
    private final boolean terminal;
    private long drawn;

    Progress(Console console, String what) {
        this.console = console;
        this.what = what;
        this.terminal = !console.json() && console.isTerminal();
    }

    /** {@code done} of {@code total} units. */
    void at(long done, long total) {
        long now = System.nanoTime();
        if (!terminal || now - started < DELAY_NANOS || now - drawn < REDRAW_NANOS) {
            return;
        }
        drawn = now;
        int filled = total <= 0 ? 0 : (int) Math.min(WIDTH, WIDTH * done / total);
        console.err().printf("\r%s [%s%s] %d/%d", what, "#".repeat(filled), " ".repeat(WIDTH - filled), done, total);
        console.err().flush();
    }

    @Override
    public void close() {
        if (drawn != 0) {
            console.err().print("\r\033[K");
            console.err().flush();
        }
    }
}
