package tfx.source;

import java.util.Arrays;

/**
 * One source text and the positions of its lines.
 *
 * <p>Offsets are UTF-16 code units from the start of {@link #text()}; lines and columns are counted from 1, columns in
 * code points, so that a caret stands under the character it names.
 */
public final class Source {
    private final String name;
    private final String text;
    private final int[] lineStarts;

    public Source(String name, String text) {
        this.name = name;
        this.text = text;
        int[] starts = new int[16];
        int count = 1;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                if (count == starts.length) {
                    starts = Arrays.copyOf(starts, count * 2);
                }
                starts[count++] = i + 1;
            }
        }
        this.lineStarts = Arrays.copyOf(starts, count);
    }

    /** The name shown in front of line and column: a path as the user wrote it, or a made-up one in angle brackets. */
    public String name() {
        return name;
    }

    public String text() {
        return text;
    }

    /** The line that holds {@code offset}, from 1. */
    public int line(int offset) {
        int at = Arrays.binarySearch(lineStarts, offset);
        return at >= 0 ? at + 1 : -at - 1;
    }

    /** The column of {@code offset} within its line, from 1, in code points. */
    public int column(int offset) {
        int start = lineStarts[line(offset) - 1];
        return text.codePointCount(start, Math.min(offset, text.length())) + 1;
    }

    /** The text of a line, from 1, without its line end. */
    public String lineText(int line) {
        int start = lineStarts[line - 1];
        int end = line < lineStarts.length ? lineStarts[line] - 1 : text.length();
        return text.substring(start, end).replaceAll("\r$", "");
    }

    @Override
    public String toString() {
        return name;
    }
}
