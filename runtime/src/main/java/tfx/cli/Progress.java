package tfx.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A line on a terminal's error stream while work lasts over a second, gone when it ends. Silent elsewhere. */
final class Progress implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long DELAY_NANOS = 1_000_000_000L;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final Console console;
    private final String what;
    private final long started = System.nanoTime();
    private final boolean terminal;
    private final @Nullable Thread clock;
    private long drawn;

    /** A bar, moved by {@link #at}. */
    Progress(Console console, String what) {
        this(console, what, false);
    }

    private Progress(Console console, String what, boolean ticking) {
        this.console = console;
        this.what = what;
        this.terminal = !console.json() && console.isTerminal();
        this.clock = ticking && terminal
                ? Thread.ofPlatform().daemon().name("tfx-progress").start(this::tick)
                : null;
    }

    /** The seconds that go by, for work that does not tell how far it is. */
    static Progress waiting(Console console, String what) {
        return new Progress(console, what, true);
    }

    /** {@code done} of {@code total} units. */
    synchronized void at(long done, long total) {
        if (!due()) {
            return;
        }
        int filled = total <= 0 ? 0 : (int) Math.min(WIDTH, WIDTH * done / total);
        draw(String.format("[%s%s] %d/%d", "#".repeat(filled), " ".repeat(WIDTH - filled), done, total));
    }

    /** Whether a line would be seen: asked before its text is made, for some work is done in less time than that takes. */
    private boolean due() {
        long now = System.nanoTime();
        return terminal && now - started >= DELAY_NANOS && (drawn == 0 || now - drawn >= REDRAW_NANOS);
    }

    private void draw(String state) {
        drawn = System.nanoTime();
        console.err().print("\r" + what + " " + state + "\033[K");
        console.err().flush();
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep(REDRAW_NANOS / 1_000_000 + 1);
                synchronized (this) {
                    if (!due()) {
                        continue;
                    }
                    draw(String.format(Locale.ROOT, "... %.0f s", (System.nanoTime() - started) / 1e9));
                }
            }
        } catch (InterruptedException closed) {
            // The work is done.
        }
    }

    @Override
    public void close() {
        if (clock != null) {
            clock.interrupt();
            try {
                clock.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (drawn != 0) {
            drawn = 0;
            console.err().print("\r\033[K");
            console.err().flush();
        }
    }
}
