package tfx.compiler.schedule;

/** How long a stored value must live. */
public enum Storage {
    /** Only the rows of the step at hand; free after its last reader. */
    ROWS,
    /** Rows of earlier steps are read too: kept from step to step. */
    CACHE,
    /** Depends on parameters only: computed once, when the weights are loaded. */
    LOAD_TIME,
    /** The rows of the step at hand, read by the caller after the step. */
    OUTPUT
}
