package tfx.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tfx.runtime.plan.Engine;
import tfx.runtime.plan.Profile;

/** Where a command's time goes: {@code --profile}. */
final class ProfileOptions {
    @Option(names = "--profile", description = "Shows the time of every kernel at the end, added up over layers.")
    private boolean wanted;

    private @Nullable Profile profile;

    boolean wanted() {
        return wanted;
    }

    /** Measures from now on, where that is asked for. */
    void start(Engine engine) {
        if (wanted) {
            profile = Profile.of(engine);
        }
    }

    /** Adds the profile to a command's JSON document. */
    void add(Map<String, Object> document) {
        if (profile != null) {
            document.put(
                    "profile",
                    profile.rows().stream().map(ProfileOptions::fields).toList());
        }
    }

    /** Shows the profile as a table beside the results, where these are text. */
    void show(Console console) {
        if (profile != null && !console.json()) {
            console.err().print(table(profile.rows()));
        }
    }

    private static String table(List<Profile.Row> rows) {
        Table table = new Table("kernel", "rows", "calls", "ms", "share", "GFLOP/s", "GB/s");
        long total = rows.stream().mapToLong(Profile.Row::nanos).sum();
        long calls = rows.stream().mapToLong(Profile.Row::calls).sum();
        for (Profile.Row row : rows) {
            table.row(
                    row.kernel(),
                    row.single() ? "1" : "many",
                    row.calls(),
                    number("%.2f", row.nanos() / 1e6),
                    number("%.1f%%", 100.0 * row.nanos() / total),
                    number("%.2f", row.flops() / row.nanos()),
                    number("%.2f", row.bytes() / row.nanos()));
        }
        table.row("all kernels", "", calls, number("%.2f", total / 1e6), number("%.1f%%", 100), "", "");
        return table.render();
    }

    private static Map<String, Object> fields(Profile.Row row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kernel", row.kernel());
        fields.put("rows", row.single() ? "1" : "many");
        fields.put("calls", row.calls());
        fields.put("seconds", row.nanos() / 1e9);
        fields.put("gflops_per_second", row.flops() / row.nanos());
        fields.put("gbytes_per_second", row.bytes() / row.nanos());
        return fields;
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
