package tfx.cli;

import java.util.Locale;

/** Amounts with three digits and a unit a reader knows. */
final class Units {
    private static final String[] SCALES = {"", "k", "M", "G", "T", "P", "E"};

    private Units() {}

    /** {@code 2.20 GB}; thousands, not 1024s, as bandwidths are given. */
    static String bytes(double amount) {
        return scaled(amount) + "B";
    }

    /** {@code 1.10 GFLOP}. */
    static String flops(double amount) {
        return scaled(amount) + "FLOP";
    }

    /** How many: {@code 812}, {@code 65.5 M}, {@code 1.10 B}. */
    static String count(double amount) {
        return scaled(amount).replace('G', 'B').strip();
    }

    /** {@code 12.3 ms}. */
    static String seconds(double amount) {
        if (amount >= 1 || amount == 0) {
            return digits(amount) + " s";
        }
        return amount >= 1e-3 ? digits(amount * 1e3) + " ms" : digits(amount * 1e6) + " us";
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    /** Three significant digits, no exponent. */
    static String digits(double amount) {
        double size = Math.abs(amount);
        return String.format(Locale.ROOT, size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f", amount);
    }

    private static String scaled(double amount) {
        if (amount < 1000 && amount == Math.rint(amount)) {
            return (long) amount + " ";
        }
        int scale = 0;
        double rest = amount;
        // 999.6 is shown as 1.00 of the next.
        while (rest >= 999.5 && scale < SCALES.length - 1) {
            rest /= 1000;
            scale++;
        }
        return digits(rest) + " " + SCALES[scale];
    }
}
