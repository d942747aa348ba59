package tfx.compiler.elaborate;

/**
 * How a parameter without stored weights begins.
 *
 * @param value the constant, the standard deviation of NORMAL, the bound of UNIFORM (on both sides of 0)
 */
public record Initial(Rule rule, double value) {
    static final Initial ZEROS = new Initial(Rule.CONSTANT, 0);

    public enum Rule {
        CONSTANT,
        NORMAL,
        UNIFORM
    }
}
