package tfx.runtime.language;

import java.util.List;
import java.util.Set;
import org.graalvm.options.OptionCategory;
import org.graalvm.options.OptionDescriptor;
import org.graalvm.options.OptionDescriptors;
import org.graalvm.options.OptionKey;
import org.graalvm.options.OptionStability;
import org.graalvm.options.OptionType;

/** The language's options: {@code tfx.device} and {@code tfx.threads}. A value out of range is refused when a context is built. */
final class TfxOptions {
    private static final int MOST_THREADS = 1024;

    static final String CPU = "cpu";
    static final String REFERENCE = "reference";

    static final OptionKey<String> DEVICE = new OptionKey<>(CPU, new OptionType<>("device", TfxOptions::device));

    /** 0: one a core. */
    static final OptionKey<Integer> THREADS = new OptionKey<>(0, new OptionType<>("threads", TfxOptions::threads));

    private TfxOptions() {}

    static OptionDescriptors descriptors() {
        return OptionDescriptors.create(List.of(
                descriptor(DEVICE, "device", "On what models run: cpu (default), or reference, which is slow float64."),
                descriptor(
                        THREADS,
                        "threads",
                        "Threads that a model on the CPU uses, at most 1024; by default one a core.")));
    }

    private static OptionDescriptor descriptor(OptionKey<?> key, String name, String help) {
        return OptionDescriptor.newBuilder(key, TfxLanguage.ID + "." + name)
                .category(OptionCategory.USER)
                .stability(OptionStability.EXPERIMENTAL)
                .help(help)
                .build();
    }

    private static String device(String text) {
        if (!Set.of(CPU, REFERENCE).contains(text)) {
            throw new IllegalArgumentException("tfx.device is cpu or reference, not " + text);
        }
        return text;
    }

    private static int threads(String text) {
        try {
            int threads = Integer.parseInt(text);
            if (threads >= 1 && threads <= MOST_THREADS) {
                return threads;
            }
        } catch (NumberFormatException notWhole) {
            // Refused below.
        }
        throw new IllegalArgumentException("tfx.threads is a whole number from 1 to " + MOST_THREADS + ", not " + text);
    }
}
