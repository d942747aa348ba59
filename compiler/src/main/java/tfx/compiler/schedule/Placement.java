package tfx.compiler.schedule;

/**
 * Where a value lives.
 *
 * @param output whether the caller reads it after a step, whatever its storage
 * @param sequenceAxis its first dimension that is as long as the sequence, or -1: the one whose rows a step computes
 * @param past how many rows before a step's own are read, {@link #ALL} where there is no bound; 0 unless {@code storage} is CACHE
 * @param defined number of the kernel that computes it; -1 for inputs and parameters
 * @param lastUse number of the last kernel that reads it; {@code defined} where none does
 */
public record Placement(Storage storage, boolean output, int sequenceAxis, long past, int defined, int lastUse) {
    public static final long ALL = Long.MAX_VALUE;
}
