package tfx.cli;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text: a header, rows, columns as wide as their widest cell; numbers to the right. */
final class Table {
    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... header) {
        this.header = List.of(header);
    }

    void row(Object... cells) {
        if (cells.length != header.size()) {
            throw new IllegalArgumentException(cells.length + " cells under " + header.size() + " headings");
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    String render() {
        return render(true);
    }

    /** Without the header. */
    String rows() {
        return render(false);
    }

    private String render(boolean headed) {
        int[] widths = new int[header.size()];
        boolean[] right = new boolean[header.size()];
        for (int c = 0; c < widths.length; c++) {
            widths[c] = header.get(c).length();
            right[c] = !rows.isEmpty();
            for (List<String> row : rows) {
                String cell = row.get(c);
                widths[c] = Math.max(widths[c], cell.codePointCount(0, cell.length()));
                right[c] &= cell.isEmpty() || Character.isDigit(cell.charAt(0)) || cell.charAt(0) == '-';
            }
        }
        StringBuilder out = new StringBuilder();
        if (headed) {
            line(out, header, widths, right);
        }
        rows.forEach(row -> line(out, row, widths, right));
        return out.toString();
    }

    private static void line(StringBuilder out, List<String> cells, int[] widths, boolean[] right) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            String cell = cells.get(c);
            String pad = " ".repeat(widths[c] - cell.codePointCount(0, cell.length()));
            line.append(c == 0 ? "" : "  ").append(right[c] ? pad + cell : cell + pad);
        }
        out.append(line.toString().stripTrailing()).append('\n');
    }
}
