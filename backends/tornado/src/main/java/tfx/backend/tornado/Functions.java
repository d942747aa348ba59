package tfx.backend.tornado;

/**
 * Functions that devices lack or approximate too coarsely, written out in place in single precision. Polynomials are those of
 * S. Moshier's Cephes library (tanhf, erff, erfcf).
 */
final class Functions {
    private static final String[] TANH = {
        "-5.70498872745e-3f", "2.06390887954e-2f", "-5.37397155531e-2f", "1.33314422036e-1f", "-3.33332819422e-1f"
    };
    private static final String[] ERF = {
        "7.853861353153693e-5f",
        "-8.010193625184903e-4f",
        "5.188327685732524e-3f",
        "-2.685381193529856e-2f",
        "1.128358514861418e-1f",
        "-3.761262582423300e-1f",
        "1.128379165726710f"
    };
    private static final String[] ERFC_BELOW_2 = {
        "2.326819970068386e-2f",
        "-1.387039388740657e-1f",
        "3.687424674597105e-1f",
        "-5.824733027278666e-1f",
        "6.210004621745983e-1f",
        "-4.944515323274145e-1f",
        "3.404879937665872e-1f",
        "-2.741127028184656e-1f",
        "5.638259427386472e-1f"
    };
    private static final String[] ERFC_FROM_2 = {
        "-1.047766399936249e1f",
        "1.297719955372516e1f",
        "-7.495518717768503f",
        "2.921019019210786f",
        "-1.015265279202700f",
        "4.218463358204948e-1f",
        "-2.820767439740514e-1f",
        "5.641895067754075e-1f"
    };

    private Functions() {}

    static String tanh(Emitter e, String type, String text) {
        if (!type.equals("float")) {
            return "TornadoMath.tanh(" + text + ")";
        }
        String x = variable(e, text);
        String size = variable(e, "TornadoMath.abs(" + x + ")");
        String square = variable(e, x + " * " + x);
        String small = variable(e, polynomial(square, TANH) + " * " + square + " * " + x + " + " + x);
        // Beyond 9 it is 1 in single precision, and exp would overflow.
        String capped = variable(e, "(" + size + " > 9f ? 9f : " + size + ")");
        String large = variable(e, "1f - 2f / (TornadoMath.exp(2f * " + capped + ") + 1f)");
        String signed = "(" + x + " < 0f ? -" + large + " : " + large + ")";
        return "(" + size + " >= 0.625f ? " + signed + " : " + small + ")";
    }

    static String erf(Emitter e, String type, String text) {
        String x = variable(e, type.equals("float") ? text : "(float) (" + text + ")");
        String size = variable(e, "TornadoMath.abs(" + x + ")");
        String square = variable(e, x + " * " + x);
        String small = variable(e, x + " * " + polynomial(square, ERF));
        String capped = variable(e, "(" + size + " > 6f ? 6f : " + size + " > 1f ? " + size + " : 1f)");
        String inverse = variable(e, "1f / " + capped);
        String y = variable(e, inverse + " * " + inverse);
        String below = variable(e, polynomial(y, ERFC_BELOW_2));
        String from = variable(e, polynomial(y, ERFC_FROM_2));
        String rest = variable(
                e,
                "TornadoMath.exp(-" + capped + " * " + capped + ") * " + inverse + " * (" + capped + " < 2f ? " + below
                        + " : " + from + ")");
        String signed = "(" + x + " < 0f ? " + rest + " - 1f : 1f - " + rest + ")";
        // What is not a number fails the comparison and stays what it is.
        return "(" + size + " > 1f ? " + signed + " : " + small + ")";
    }

    private static String polynomial(String x, String[] coefficients) {
        StringBuilder text = new StringBuilder(coefficients[0]);
        for (int i = 1; i < coefficients.length; i++) {
            text.insert(0, "(")
                    .append(" * ")
                    .append(x)
                    .append(" + ")
                    .append(coefficients[i])
                    .append(")");
        }
        return text.toString();
    }

    private static String variable(Emitter e, String text) {
        String name = e.fresh("v");
        e.scope.line("final float " + name + " = " + text + ";");
        return name;
    }
}
