package tfx.runtime.text;

import java.util.Arrays;

/**
 * Gives the text of ids that arrive one by one, in whole characters: what a later id may still change is held back.
 *
 * <p>The pieces of all calls to {@link #push}, followed by {@link #flush}, are the decoded text of all ids. Each call
 * decodes a short window of the latest ids, so a long generation costs the same per token as a short one. Not safe for
 * use from several threads.
 */
public final class StreamingDecoder {
    /** The window is cut to its latest {@link #KEPT} ids when it has grown to this. */
    private static final int WINDOW = 24;

    /** Ids kept as context: decoders treat the first id of a text in a way of its own, such as dropping its blank. */
    private static final int KEPT = 8;

    /** At this length the window is cut though no character ends there. */
    private static final int FORCED = 256;

    private static final char REPLACEMENT = '\ufffd';

    private final Tokenizer tokenizer;
    private int[] window = new int[WINDOW];
    private int count;
    /** How much of the window's decoded text has been given out, in UTF-16 code units. */
    private int given;

    public StreamingDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** The text that {@code id} completes; empty where a character is still in the making. */
    public String push(int id) {
        if (count == window.length) {
            window = Arrays.copyOf(window, 2 * count);
        }
        window[count++] = id;
        String text = tokenizer.decode(Arrays.copyOf(window, count));
        int stable = text.length();
        while (stable > 0 && text.charAt(stable - 1) == REPLACEMENT) {
            stable--;
        }
        // The bytes of an unfinished character are at most three: more of them never become one.
        stable = Math.max(stable, text.length() - 3);
        String piece = stable > given ? text.substring(given, stable) : "";
        given = Math.max(given, stable);
        if (count >= FORCED || (count >= WINDOW && stable == text.length())) {
            cut(text);
        }
        return piece;
    }

    /** The text held back, at the end of the ids; the decoder is then ready for another text. */
    public String flush() {
        String text = tokenizer.decode(Arrays.copyOf(window, count));
        String piece = text.length() > given ? text.substring(given) : "";
        count = 0;
        given = 0;
        return piece;
    }

    /** Shortens the window to its latest ids where their text alone is the end of the whole window's text. */
    private void cut(String text) {
        int[] latest = Arrays.copyOfRange(window, count - KEPT, count);
        String kept = tokenizer.decode(latest);
        boolean clean = !kept.isBlank() && kept.charAt(0) != REPLACEMENT && text.endsWith(kept.stripLeading());
        if (clean || count >= FORCED) {
            System.arraycopy(latest, 0, window, 0, KEPT);
            count = KEPT;
            given = Math.max(0, kept.length() - (text.length() - Math.min(given, text.length())));
        }
    }
}
