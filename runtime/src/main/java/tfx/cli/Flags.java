package tfx.cli;

import java.util.List;
import java.util.Locale;
import tfx.compiler.schedule.ElementType;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** Range checks of options; each failure is a coded diagnostic that names the option, its value and what is allowed. */
final class Flags {
    private static final List<String> DEVICES =
            List.of("reference", "cpu", "gpu", "gpu:cuda", "gpu:ptx", "gpu:opencl", "gpu:emulator");

    private Flags() {}

    static long within(String flag, long value, long least, long most) {
        if (value < least || value > most) {
            throw outside(flag, Long.toString(value), "a whole number from " + least + " to " + most);
        }
        return value;
    }

    static int within(String flag, int value, int least, int most) {
        return (int) within(flag, (long) value, least, most);
    }

    /** NaN is outside every range. */
    static double within(String flag, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw outside(flag, Double.toString(value), "a number from " + least + " to " + most);
        }
        return value;
    }

    /** A device that models run on. */
    static String device(String value) {
        if (!DEVICES.contains(value)) {
            throw outside("--device", value, "one of " + String.join(", ", DEVICES));
        }
        return value;
    }

    /** What random or missing weights are stored as. */
    static ElementType dtype(String flag, String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "f32" -> ElementType.F32;
            case "f16" -> ElementType.F16;
            case "bf16" -> ElementType.BF16;
            default -> throw outside(flag, value, "f32, f16 or bf16");
        };
    }

    static TfxException outside(String flag, String value, String allowed) {
        return new TfxException(
                Diagnostic.error("TFX0602", flag, value + " is not " + allowed, "give " + flag + " " + allowed));
    }
}
