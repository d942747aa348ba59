package tfx.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Series over 1, 2, 3 ... as text, the values on a logarithmic scale; the n-th series is drawn with the n-th letter. */
final class Plot {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 16;

    private final List<List<Double>> series;
    private final double least;
    private final double most;
    private final int length;

    /** What is not a positive finite number is left out. */
    Plot(List<List<Double>> series) {
        this.series = series;
        double[] logs = series.stream()
                .flatMap(List::stream)
                .filter(Plot::isShown)
                .mapToDouble(Math::log10)
                .toArray();
        this.least = Arrays.stream(logs).min().orElse(0);
        this.most = Arrays.stream(logs).max().orElse(0);
        this.length = series.stream().mapToInt(List::size).max().orElse(0);
    }

    private static boolean isShown(double value) {
        return value > 0 && Double.isFinite(value);
    }

    static char letter(int number) {
        return (char) ('a' + number % 26);
    }

    String render() {
        char[][] cells = new char[HEIGHT][WIDTH];
        Arrays.stream(cells).forEach(row -> Arrays.fill(row, ' '));
        for (int s = 0; s < series.size(); s++) {
            for (int i = 0; i < series.get(s).size(); i++) {
                double value = series.get(s).get(i);
                if (isShown(value)) {
                    char[] row = cells[HEIGHT - 1 - place(Math.log10(value) - least, most - least, HEIGHT)];
                    int column = place(i, length - 1, WIDTH);
                    // Where several lie on one place, the first is shown: later ones begin where it does.
                    row[column] = row[column] == ' ' ? letter(s) : row[column];
                }
            }
        }
        StringBuilder out = new StringBuilder();
        for (int y = 0; y < HEIGHT; y++) {
            boolean labelled = y % 5 == 0;
            double value = Math.pow(10, most - (most - least) * y / (HEIGHT - 1));
            out.append(String.format(Locale.ROOT, "%10s", labelled ? number(value) : ""));
            out.append(labelled ? " +" : " |")
                    .append(new String(cells[y]).stripTrailing())
                    .append('\n');
        }
        out.append(" ".repeat(11)).append('+').append("-".repeat(WIDTH)).append('\n');
        String end = Integer.toString(length);
        return out.append(" ".repeat(12))
                .append('1')
                .append(" ".repeat(WIDTH - 1 - end.length()))
                .append(end)
                .append('\n')
                .toString();
    }

    /** Three digits of a number of any size. */
    static String number(double value) {
        return String.format(Locale.ROOT, value >= 1e-3 && value < 1e6 ? "%.3g" : "%.2e", value);
    }

    private static int place(double value, double range, int places) {
        return range <= 0 ? 0 : (int) Math.round(value / range * (places - 1));
    }
}
